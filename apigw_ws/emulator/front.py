"""Which part of the emulator answers an HTTP request, once its signature is right and no fault hits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from apigw_ws.emulator import backstage, hosts, management, resolve, sockets
from apigw_ws.emulator.backstage import Backstage
from apigw_ws.emulator.faults import Fault, Faulted, Faults
from apigw_ws.emulator.management import Management
from apigw_ws.emulator.sigv4 import Scope
from apigw_ws.emulator.values import AwsError, HttpRequest, HttpResponse


class Reset(Exception):
    """The connection is to be cut instead of an answer."""


class Control(sockets.Control, Protocol):
    """The control plane, as far as requests to it matter."""

    def handle(self, request: HttpRequest, /) -> HttpResponse: ...
    def operation(self, request: HttpRequest, /) -> str | None: ...
    def has_domain(self, host: str, /) -> bool: ...
    def signed_for(self, request: HttpRequest, /) -> str: ...
    def fail(self, request: HttpRequest, error: AwsError, /) -> HttpResponse: ...


class Front:
    """Answers every request that is not a WebSocket's. ``verify`` is None if signatures do not matter."""

    def __init__(
        self,
        *,
        control: Control,
        management: Management,
        backstage: Backstage,
        faults: Faults,
        verify: Callable[[HttpRequest, str], Scope] | None,
    ) -> None:
        self._control = control
        self._management = management
        self._backstage = backstage
        self._faults = faults
        self._verify = verify

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer; raises Reset if there must be none."""
        if request.raw_path.startswith(backstage.PREFIX):
            return self._backstage.handle(request)
        if connection := resolve.connection(request.header("host"), request.raw_path, self._control):
            return await self._managed(request, connection)
        return self._no_socket(request) or await self._controlled(request)

    async def _managed(self, request: HttpRequest, connection: resolve.ManagedConnection) -> HttpResponse:
        operation = management.OPERATIONS.get(request.method, request.method)
        try:
            self._check(request, service="execute-api")
            return await self._faults.around(
                f"execute-api:{operation}", lambda: self._management.handle(request, connection)
            )
        except Faulted as exc:
            return management.failure(_as_error(exc.fault, "LimitExceededException"))
        except AwsError as exc:
            return management.failure(exc)

    async def _controlled(self, request: HttpRequest) -> HttpResponse:
        async def handle() -> HttpResponse:
            return self._control.handle(request)

        try:
            self._check(request, service=self._control.signed_for(request))
            return await self._faults.around(self._control.operation(request) or "unknown", handle)
        except Faulted as exc:
            return self._control.fail(request, _as_error(exc.fault, "TooManyRequestsException"))
        except AwsError as exc:
            return self._control.fail(request, exc)

    def _no_socket(self, request: HttpRequest) -> HttpResponse | None:
        """What a client is told that came to a socket's URL without asking for one; None for other URLs."""
        host, path = request.header("host"), request.raw_path
        if resolve.addressed(host, path, self._control) is None and request.header("authorization"):
            return None
        target = resolve.stage(host, path, self._control)
        if target is None:
            return None
        if self._control.deployed(target.api_id, target.stage_name) is None:
            return management.failure(AwsError("ForbiddenException", 403, "Forbidden"))
        return HttpResponse(
            status=426,
            headers=(("Content-Type", "application/json"), ("Upgrade", "websocket")),
            body=b'{"message":"Upgrade Required"}',
        )

    def _check(self, request: HttpRequest, *, service: str) -> None:
        """Raises AwsError unless the request may go on, signed for ``service`` if that is not empty."""
        if self._verify is None:
            self._keep_pages_out(request)
            return
        self._verify(request, service)

    def _keep_pages_out(self, request: HttpRequest) -> None:
        """Raises AwsError for what a page in a browser may have sent, which nobody meant to let in.

        A page of another site says its origin; one whose own name was made to lead here says that name.
        """
        host = request.header("host")
        if request.header("origin"):
            raise AwsError("AccessDeniedException", 403, "Requests of web pages must be signed")
        if not hosts.is_loopback(host) and not self._control.has_domain(host):
            message = f"Requests to {host} must be signed; call 127.0.0.1 or a custom domain"
            raise AwsError("AccessDeniedException", 403, message)


def _as_error(fault: Fault, throttled: str) -> AwsError:
    """The error a fault asks for; raises Reset if it asks for none."""
    if fault.effect == "throttle":
        return AwsError(throttled, 429, "Too Many Requests")
    if fault.effect == "error":
        return AwsError("InternalFailure", fault.status, "A fault was asked for")
    raise Reset
