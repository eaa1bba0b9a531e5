"""One call to `@connections` for each of many sessions, whatever their gateways."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.exceptions import (
    ApigwWsError,
    AwsError,
    AwsUnreachable,
    NotProvisioned,
    Throttled,
)
from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import endpoints

#: Is given a client of `@connections` and a connection's ID.
Call = Callable[[Any, str], object]

#: A status that AWS would answer to every call: permissions are for a gateway, not for a connection.
_FORBIDDEN: Final = 403


@dataclass(slots=True, kw_only=True)
class GatewayClient:
    """The client for a gateway's connections, or the error that every call of it would meet."""

    client: Any = None
    error: ApigwWsError | None = None


@dataclass(slots=True)
class Clients:
    """The gateways' clients by primary key. Each gateway is read, and its client made, once."""

    _known: dict[int | None, GatewayClient] = field(default_factory=dict)

    def of(self, gateway_id: int | None) -> GatewayClient:
        if gateway_id not in self._known:
            self._known[gateway_id] = _client_of(gateway_id)
        return self._known[gateway_id]


def call_each(
    sessions: Sequence[WebSocketSession], call: Call, *, clients: Clients | None = None, rate: int = 0
) -> list[ApigwWsError | None]:
    """Make the call for each session; return for each, in the same order, why it failed, or None.

    At most ``rate`` calls are begun in a second; 0 means as many as there are threads. A gateway that limits
    the rate, forbids the call or does not answer gets no further calls, nor later ones with the same
    ``clients``: its other sessions have the same error. ``endpoints.quickly`` and ``within`` apply to each
    call.
    """
    clients = clients or Clients()
    with ThreadPoolExecutor(conf.send_workers, thread_name_prefix="apigw-ws-call") as pool:
        begun = []
        for session in sessions:
            gateway = clients.of(session.api_gateway_id)
            begun.append(pool.submit(copy_context().run, _call, gateway, session.connection_id, call))
            if rate and gateway.error is None:
                time.sleep(1 / rate)
        return [one.result() for one in begun]


def _call(gateway: GatewayClient, connection_id: str, call: Call) -> ApigwWsError | None:
    """Runs in a worker thread: no database here."""
    if gateway.error is not None:
        return gateway.error
    try:
        call(gateway.client, connection_id)
    except ApigwWsError as error:
        if _is_for_all(error):
            gateway.error = error
        return error
    return None


def _is_for_all(error: ApigwWsError) -> bool:
    if isinstance(error, Throttled | AwsUnreachable):
        return True
    return isinstance(error, AwsError) and error.status == _FORBIDDEN


def client_for(gateway: ApiGateway | None) -> Any:
    """Return the client for the gateway's connections. Raises NotProvisioned, ConfigurationError."""
    if gateway is None:
        raise NotProvisioned(_("The session belongs to no gateway, so nothing leads to its client."))
    return endpoints.connections_client(gateway)


def _client_of(gateway_id: int | None) -> GatewayClient:
    found = ApiGateway.objects.select_related("account").filter(pk=gateway_id) if gateway_id else ()
    try:
        return GatewayClient(client=client_for(next(iter(found), None)))
    except ApigwWsError as error:
        return GatewayClient(error=error)
