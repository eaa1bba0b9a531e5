"""``/_emulator/``: what AWS has no API for. Needs ``Authorization: Bearer`` and the secret key.

======================================  ==============================================================
``GET /_emulator/faults``               the faults that are set, by number
``POST /_emulator/faults``              set one (see ``faults.Fault``); answers its number
``DELETE /_emulator/faults[/{n}]``      remove all, or one
``POST /_emulator/clock``               ``{"advance": seconds}``: connections are that much older
``GET /_emulator/connections``          the open connections
``DELETE /_emulator/connections/{id}``  forget one: its socket is cut and no ``$disconnect`` is sent
======================================  ==============================================================
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import unquote

from apigw_ws.emulator.clock import Clock
from apigw_ws.emulator.connections import Registry
from apigw_ws.emulator.faults import Fault, Faults
from apigw_ws.emulator.values import HttpRequest, HttpResponse

PREFIX: Final = "/_emulator/"
#: In seconds; infinity, and whatever else a clock could not show, is more.
_CENTURY: Final = 100 * 366 * 86_400


class Backstage:
    """The emulator's own controls. ``advanced`` is called after the clock has been pushed on."""

    def __init__(
        self,
        *,
        secrets: Mapping[str, str],
        faults: Faults,
        clock: Clock,
        registry: Registry,
        advanced: Callable[[], None],
    ) -> None:
        self._secrets = secrets
        self._faults = faults
        self._clock = clock
        self._registry = registry
        self._advanced = advanced

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request below ``/_emulator/``."""
        if not self._knows(request.header("authorization")):
            return _answer(403, {"message": "Send “Authorization: Bearer” and the emulator's secret key."})
        noun, _, name = request.raw_path.removeprefix(PREFIX).partition("/")
        handler = {"faults": self._on_faults, "clock": self._on_clock, "connections": self._on_connections}
        if noun not in handler:
            return _answer(404, {"message": f"There are {', '.join(handler)} here."})
        try:
            found = handler[noun](request.method, unquote(name), request.body)
        except ValueError as exc:
            return _answer(400, {"message": str(exc)})
        return found or _answer(404, {"message": f"Cannot {request.method} {request.raw_path}."})

    def _knows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        return scheme == "Bearer" and any(
            hmac.compare_digest(given.encode(), secret.encode()) for secret in self._secrets.values()
        )

    def _on_faults(self, method: str, name: str, body: bytes) -> HttpResponse | None:
        if method == "GET" and not name:
            return _answer(200, {str(n): asdict(fault) for n, fault in self._faults.list().items()})
        if method == "POST" and not name:
            return _answer(201, {"number": self._faults.add(Fault.parse(_json(body)))})
        if method == "DELETE" and not name:
            self._faults.clear()
            return _answer(204)
        removed = method == "DELETE" and name.isdecimal() and self._faults.remove(int(name))
        return _answer(204) if removed else None

    def _on_clock(self, method: str, name: str, body: bytes) -> HttpResponse | None:
        if method != "POST" or name:
            return None
        seconds = _json(body).get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _CENTURY:
            raise ValueError("“advance” is a number of seconds.")
        self._clock.advance(seconds)
        self._advanced()
        return _answer(204)

    def _on_connections(self, method: str, name: str, body: bytes) -> HttpResponse | None:
        if method == "GET" and not name:
            return _answer(200, [asdict(connection.client) for connection in self._registry])
        connection = self._registry.get(name)
        if method != "DELETE" or connection is None:
            return None
        connection.is_forgotten = True
        self._registry.remove(connection)
        connection.socket.abort()
        return _answer(204)


def _json(body: bytes) -> Any:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("The body is not a JSON object.")
    return found


def _answer(status: int, data: Any = None) -> HttpResponse:
    body = b"" if data is None else json.dumps(data, ensure_ascii=False).encode()
    return HttpResponse(status=status, headers=(("Content-Type", "application/json"),), body=body)
