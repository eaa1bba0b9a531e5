"""``apigw-ws demo``: the console, a gateway, a worker and a few visitors, from one command to Ctrl-C."""

from __future__ import annotations

import math
import os
import secrets
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from apigw_ws_admin.demo.children import Children
from apigw_ws_admin.demo.schema import set_aside
from apigw_ws_admin.demo.state import DemoError, Keys, State, opened, state_in

HOST: Final = "127.0.0.1"
#: The console's own settings that may be tried on the demo.
TRIED_ON_THE_DEMO: Final = "APIGW_WS_STRICT_CSP"
#: SIGHUP, where there is one, is the terminal's window being closed.
STOP_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What runs where. ``token`` is part of the sign-in link, new at every start."""

    state: State
    keys: Keys
    port: int
    gateway_port: int
    visitors: int
    token: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def gateway_url(self) -> str:
        return f"http://{HOST}:{self.gateway_port}"

    def environment(self) -> dict[str, str]:
        """The environment of every process, without anything of the person's own AWS account."""
        own = {
            name: value
            for name, value in os.environ.items()
            if name == TRIED_ON_THE_DEMO or not name.startswith(("AWS_", "APIGW_WS_"))
        }
        return own | {
            "DJANGO_SETTINGS_MODULE": "apigw_ws_admin.demo.settings",
            "APIGW_WS_SECRET_KEY": self.keys.django,
            "APIGW_WS_DATABASE": str(self.state.database),
            "APIGW_WS_ENDPOINT_URL": self.gateway_url,
            "APIGW_WS_DEMO_PORT": str(self.port),
            "APIGW_WS_DEMO_TOKEN": self.token,
            "AWS_ACCESS_KEY_ID": self.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": self.keys.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
        }


def run(*, folder: Path, port: int, gateway_port: int, visitors: int) -> int:
    """Run the demo until Ctrl-C or SIGTERM, and return the exit code. Raises DemoError."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN or number == signal.SIGINT:  # nohup, and a shell's “&”
            signal.signal(number, _stop)
    os.umask(0o077)
    try:
        with opened(folder) as (state, keys):
            ports = free_ports(port, gateway_port)
            _run(
                Demo(
                    state=state,
                    keys=keys,
                    port=ports[0],
                    gateway_port=ports[1],
                    visitors=visitors,
                    token=secrets.token_urlsafe(24),
                )
            )
    except KeyboardInterrupt:
        return 0


def manage(folder: Path, arguments: Sequence[str]) -> int:
    """Run Django's ``manage.py`` on the state in ``folder``. Raises DemoError."""
    state = state_in(folder)
    demo = Demo(state=state, keys=state.keys(), port=8000, gateway_port=8790, visitors=0, token="")
    os.environ.update(demo.environment())
    from django.core.management import execute_from_command_line

    execute_from_command_line(["apigw-ws manage", *arguments])
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    for again in STOP_SIGNALS:
        signal.signal(again, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(demo: Demo) -> NoReturn:
    say({"State": str(demo.state.folder)})  # at once: the rest takes a few seconds
    if aside := set_aside(demo.state):
        say({"Moved": f"what an earlier version had left there, to {aside}"})
    environment = demo.environment()
    with Children(logs=demo.state.logs, environment=environment) as children:
        children.start("emulator", "--port", str(demo.gateway_port), "--state", str(demo.state.emulator))
        children.start("web", str(demo.port))
        console = _django(environment)
        password = console.prepare()
        children.start("worker")
        _wait_for(demo.gateway_port, children.check)
        _wait_for(demo.port, children.check)
        gateway = console.provision(demo.gateway_url, demo.url, children.check)
        if demo.visitors:
            children.start("visitors", gateway, demo.url, str(demo.visitors))
        say(where_to_look(demo, gateway, password))
        _watch(children.check, console.tidy)


def _django(environment: Mapping[str, str]) -> Any:
    """Django with the demo's settings in this process; imported now that they are known."""
    os.environ.clear()
    os.environ.update(environment)
    import django

    django.setup()
    from apigw_ws_admin.demo import console

    return console


def where_to_look(demo: Demo, gateway: str, password: str | None) -> dict[str, str]:
    operator = (
        f"operator, password {password} (shown only this once)"
        if password
        else "operator (a new password: apigw-ws manage "
        f"--state {shlex.quote(str(demo.state.folder))} changepassword operator)"
    )
    return {
        "Console": f"{demo.url}/admin/",
        "Sign in": f"{demo.url}/sign-in/{demo.token}/",
        "Operator": operator,
        "Chat": f"{demo.url}/",
        "Gateway": gateway,
        "Try": f"wscat -c {gateway}",
        "Send": '{"action": "say", "text": "Hello"}',
    }


def say(lines: Mapping[str, str]) -> None:
    """Print a line each, for a person and a script."""
    for name, text in lines.items():
        print(f"{name + ':':<10}{text}", flush=True)  # noqa: T201


def free_ports(*wanted: int) -> list[int]:
    """For each wanted port that port, or the next that nobody listens on; any port for 0."""
    with ExitStack() as held:
        return [_free_port(first, held) for first in wanted]


def _free_port(first: int, held: ExitStack) -> int:
    for port in range(first, min(first + 100, 65536)):
        probe = held.enter_context(socket.socket())
        if sys.platform != "win32":  # there it would share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()  # else the same port could be bound once more
        except OSError as error:
            refused = error.strerror
        else:
            return int(probe.getsockname()[1])
    raise DemoError(f"No port from {first} to {port} can be used on {HOST}: {refused}. Pass another.")


def _wait_for(port: int, check: Callable[[], None], seconds: float = 60) -> None:
    """Return when somebody listens on ``port``. Raises DemoError, or what ``check`` raises."""
    deadline = time.monotonic() + seconds
    while True:
        check()
        try:
            return socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise DemoError(f"Nothing listens on port {port} after {seconds:.0f} seconds.") from None
            time.sleep(0.05)


def _watch(check: Callable[[], None], tidy: Callable[[], None], every: float = 3600) -> NoReturn:
    """Leave only by an exception: a signal's, or that of ``check``."""
    tidied = -math.inf
    while True:
        check()
        if time.monotonic() - tidied > every:
            tidy()
            tidied = time.monotonic()
        time.sleep(0.3)
