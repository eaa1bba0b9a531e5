"""`apigw-ws demo`, started for real as a person starts it, and what it printed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

COMMAND = (sys.executable, "-c", "import sys; from apigw_ws_admin.cli import main; sys.exit(main())")
LAST_LINE = "Send"


@dataclass
class Demo:
    process: subprocess.Popen[str]
    state: Path
    #: What it printed: {"Console": "http://…", …}.
    lines: dict[str, str] = field(default_factory=dict)

    @property
    def gateway(self) -> str:
        return self.lines["Gateway"]

    def children(self) -> set[int]:
        """The processes that work on this state, without the one that was started first."""
        return processes_on(self.state) - {self.process.pid}

    def child(self, role: str) -> int:
        named = os.fsencode(f"\0{role}\0")
        return next(pid for pid in self.children() if named in Path(f"/proc/{pid}/cmdline").read_bytes())

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, float, str]:
        """Send a signal to the parent alone; its exit code, the seconds it took, and standard error."""
        started = time.monotonic()
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, time.monotonic() - started, errors


def processes_on(state: Path) -> set[int]:
    """The processes with the state's database in their environment, or the folder on the command line."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            known = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:  # no process, or one that has ended meanwhile
            continue
        if os.fsencode(f"{state}/") in known:
            found.add(int(entry.name))
    return found


def spawn(state: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "demo", "--state", str(state), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AWS_PROFILE": "a-profile-that-does-not-exist"},
    )


@contextmanager
def running(state: Path, *arguments: str) -> Iterator[Demo]:
    """A demo that has printed its lines. Stopped afterwards, if it still runs."""
    demo = Demo(
        spawn(state, *(arguments or ("--port", "0", "--gateway-port", "0", "--visitors", "0"))), state
    )
    try:
        assert demo.process.stdout
        for line in demo.process.stdout:
            name, _, text = line.strip().partition(": ")
            demo.lines[name] = text.strip()
            if name == LAST_LINE:
                break
        else:
            raise AssertionError(demo.process.communicate()[1])
        yield demo
    finally:
        demo.process.send_signal(signal.SIGINT)
        try:
            demo.process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            demo.process.kill()
            raise


def refused(state: Path, *arguments: str) -> str:
    """Start a demo that cannot run; the sentence that it says."""
    with spawn(state, *arguments) as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in errors
    return errors


def get(url: str, headers: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
    """Follow no redirect."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers or {})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def cookie_of(response: HTTPResponse) -> str:
    return "; ".join(value.split(";")[0] for value in response.headers.get_all("Set-Cookie") or [])


def ask(gateway: str, message: dict[str, Any], **connecting: Any) -> dict[str, Any]:
    """Connect, send one message, and return the first answer."""

    async def round_trip() -> Any:
        async with connect(gateway, proxy=None, **connecting) as socket:
            await socket.send(json.dumps(message))
            return json.loads(await asyncio.wait_for(socket.recv(), 10))

    return dict(asyncio.run(round_trip()))


def eventually(check: Callable[[], Any], seconds: float = 10) -> Any:
    """What ``check`` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.1)
    return found
