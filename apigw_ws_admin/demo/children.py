"""The demo's processes, as their parent sees them: started together, watched, stopped together."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from apigw_ws_admin.demo.state import DemoError

#: Seconds that children have to finish what they are doing before they are killed.
GRACE: Final = 0.6


@dataclass(slots=True)
class Children:
    """The running children by name. Leaving the context stops them all."""

    logs: Path
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        """Start ``apigw_ws_admin.demo.child``, its output in ``logs``.

        It is out of the terminal's reach, so Ctrl-C is ours alone to answer; and it dies with us, even if we
        are killed, because then the other end of its standard input closes.
        """
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603  (ourselves)
                # -P: a random.py in the current folder is none of ours.
                [sys.executable, "-P", "-m", "apigw_ws_admin.demo.child", name, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise DemoError with the end of its log if a child is not running any longer."""
        for name, process in self.running.items():
            if process.poll() is not None:
                log = self.logs / f"{name}.log"
                tail = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-12:])
                raise DemoError(
                    f"The {name} ended unexpectedly. The end of {log}:\n{tail or '    (nothing)'}"
                )

    def stop(self) -> None:
        """End all children; the web server last, to hear of the connections that end with the emulator."""
        _end([process for name, process in self.running.items() if name != "web"])
        _end([process for name, process in self.running.items() if name == "web"])
        self.running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()
