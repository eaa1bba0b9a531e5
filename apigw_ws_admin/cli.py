"""The command ``apigw-ws``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from apigw_ws_admin.demo.state import DemoError, default_folder

#: What the extra [demo] installs.
EXTRA: Final = ("aiohttp", "django_tasks_db", "httptools", "uvicorn", "waitress", "websockets", "whitenoise")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and not options.passes_on:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if missing := [name for name in EXTRA if not find_spec(name)]:
        sys.stderr.write(
            f"apigw-ws {options.command} needs {', '.join(missing)}. Install: pip install 'apigw-ws[demo]'\n"
        )
        return 1
    try:
        return int(options.run(options, rest))
    except DemoError as error:
        sys.stderr.write(f"apigw-ws {options.command}: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="apigw-ws", description="WebSocket APIs of AWS API Gateway, in Django."
    )
    parser.add_argument("--version", action="version", version=version("apigw-ws"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="run the console with a live gateway on this machine")
    _add_state(demo)
    add = demo.add_argument
    add(
        "--port", type=_port, default=8000, help="of the console, or the next free one (default: %(default)s)"
    )
    add("--gateway-port", type=_port, default=8790, help="of the emulator, likewise (default: %(default)s)")
    add("--visitors", type=_count, default=3, help="how many are simulated (default: %(default)s)")
    demo.set_defaults(run=_demo, passes_on=False)

    emulator = commands.add_parser("emulator", help="run the stand-in for AWS alone", add_help=False)
    emulator.set_defaults(run=_emulator, passes_on=True)

    manage = commands.add_parser(
        "manage", help="run a command of Django on the demo's state", add_help=False, allow_abbrev=False
    )
    _add_state(manage)
    manage.set_defaults(run=_manage, passes_on=True)
    return parser


def _add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        default=default_folder(),
        help="where the demo keeps its keys, its database and its logs (default: %(default)s)",
    )


def _port(text: str) -> int:
    """argparse type: 0 stands for any free port."""
    if text.isascii() and text.isdecimal() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: write a number from 0 to 65535")


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of visitors: write 0 or more")


def _demo(options: argparse.Namespace, rest: Sequence[str]) -> int:
    from apigw_ws_admin.demo.supervisor import run

    return run(
        folder=options.state,
        port=options.port,
        gateway_port=options.gateway_port,
        visitors=options.visitors,
    )


def _emulator(options: argparse.Namespace, rest: Sequence[str]) -> int:
    from apigw_ws.emulator.main import main

    return main(list(rest))


def _manage(options: argparse.Namespace, rest: Sequence[str]) -> int:
    from apigw_ws_admin.demo.supervisor import manage

    return manage(options.state, rest)
