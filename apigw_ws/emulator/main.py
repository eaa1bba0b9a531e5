"""``apigw-ws emulator``: parse, serve, print what a person and a script need to know."""

from __future__ import annotations

import argparse
import json
import logging
import re
import signal
import sys
from typing import TYPE_CHECKING, Final

from apigw_ws.emulator.faults import Fault
from apigw_ws.emulator.options import Options
from apigw_ws.emulator.state import State, StateError

if TYPE_CHECKING:
    from apigw_ws.emulator.app import Emulator

DEFAULT_PORT: Final = 8790
ROLE_HELP: Final = "a role that may be assumed, and the external ID it demands (role/gateways, and none)"


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. 0 after that, 1 if it could not be served, 2 for wrong arguments."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if bool(arguments.access_key) != bool(arguments.secret_key):
        parser.error("--access-key and --secret-key belong together")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        return _serve(_options(arguments), State(arguments.state), arguments.port)
    except StateError as exc:
        return _complain(str(exc))
    except KeyboardInterrupt:  # before there was anything to stop
        return 0
    except ImportError as exc:
        return _complain(f"The emulator needs {exc.name}: pip install 'apigw-ws[demo]'")


def _serve(options: Options, state: State, port: int) -> int:
    from apigw_ws.emulator.app import Emulator  # needs the extra [demo]
    from apigw_ws.emulator.server import HOST, Server, allow_connections, bind

    try:
        listener = bind(port)
    except (OSError, OverflowError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        return _complain(
            f"Cannot listen on {HOST}:{port}: {str(reason).rstrip('.')}. Name another port with --port."
        )
    with listener:
        allow_connections()
        emulator = Emulator(options, state)
        server = Server(emulator, listener, on_ready=lambda: _announce(emulator))
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn has handlers of its own while it serves; they raise the signal once more at the end.
            signal.signal(number, lambda *_: server.stop())
        server.serve_forever()
    state.save()
    return 0


def _announce(emulator: Emulator) -> None:
    """One line each, for a person and a script. Keys that were given are known, and belong in no log."""
    access_key, secret_key = next(iter(emulator.keys.items()))
    lines = {
        "Emulator": emulator.url,
        "Region": emulator.options.region,
        "Access key": access_key,
        "Secret key": "as given" if emulator.options.secret_key else secret_key,
        "Signatures": "verified" if emulator.options.verify else "not verified",
    }
    for name, value in lines.items():
        print(f"{name}: {value}", flush=True)  # noqa: T201


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return 1


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        region=arguments.region,
        access_key=arguments.access_key,
        secret_key=arguments.secret_key,
        verify=arguments.verify,
        clock_speed=arguments.clock_speed,
        connect_rate=arguments.connect_rate,
        request_rate=arguments.request_rate,
        front_proxy=arguments.front_proxy,
        message_content_type=arguments.message_content_type,
        two_way_errors=arguments.two_way_errors,
        faults=tuple(arguments.fault),
        roles=tuple(arguments.role),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="apigw-ws emulator",
        description="API Gateway WebSocket APIs on this machine: real WebSockets, real HTTP, the real boto3.",
    )
    add, defaults = parser.add_argument, Options()
    add("--port", type=int, default=DEFAULT_PORT, help="port on 127.0.0.1, 0 for any (%(default)s)")
    add("--state", metavar="FILE", help="keep everything in this file; without it nothing is kept")
    add("--access-key", default="", help="the access key that signs; made at the first start if absent")
    add("--secret-key", default="", help="its secret key")
    add("--region", default=defaults.region, help="region of the resources' names (%(default)s)")
    add("--role", type=_role, action="append", default=[], metavar="ARN[,ID]", help=ROLE_HELP)
    add("--no-verify", dest="verify", action="store_false", help="accept requests that are not signed")
    add("--front-proxy", action="store_true", help="send X-Forwarded-* and X-Real-Ip on every route")
    add(
        "--clock-speed",
        type=_positive,
        default=defaults.clock_speed,
        metavar="N",
        help="let connections age N times as fast",
    )
    for name, default in (("connect", defaults.connect_rate), ("request", defaults.request_rate)):
        text = f"{name}s a second of the account ({default:g}, as on AWS)"
        add(f"--{name}-rate", type=_positive, default=default, metavar="N", help=text)
    add("--message-content-type", default="", metavar="TYPE", help="Content-Type of messages (none)")
    add(
        "--two-way-errors",
        choices=("body", "frame"),
        default="body",
        help="what a client gets of a 4xx or 5xx",
    )
    add(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="JSON",
        help="""fail on purpose, such as '{"operation": "apigateway:CreateRoute", "effect": "throttle"}'""",
    )
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


def _role(text: str) -> tuple[str, str]:
    arn, _, external_id = text.partition(",")
    if not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/\S+", arn):
        raise argparse.ArgumentTypeError(f"{arn!r} is no role's ARN: arn:aws:iam::123456789012:role/name")
    return arn, external_id


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(json.loads(text))
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
