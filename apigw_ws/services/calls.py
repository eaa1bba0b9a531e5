"""One call to `@connections` for each of many sessions, of whichever gateways."""

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

#: A client of `@connections` and a connection's ID.
Call = Callable[[Any, str], object]

#: What AWS answers to every call: permissions are for a gateway, not for a connection.
_FORBIDDEN: Final = 403


@dataclass(slots=True, kw_only=True)
class Way:
    """How the connections of a gateway are reached, or why they are not, from the first call that says so."""

    client: Any = None
    obstacle: ApigwWsError | None = None


@dataclass(slots=True)
class Ways:
    """The ways to the gateways; each is read, and its client made, once."""

    _known: dict[int | None, Way] = field(default_factory=dict)

    def to(self, gateway_id: int | None) -> Way:
        if gateway_id not in self._known:
            self._known[gateway_id] = _way(gateway_id)
        return self._known[gateway_id]


def call_each(
    sessions: Sequence[WebSocketSession], call: Call, *, ways: Ways | None = None, rate: int = 0
) -> list[ApigwWsError | None]:
    """Make the call for each session; for each, in their order, why it failed, or None.

    ``rate`` is how many calls are begun in a second at most; 0: as many as there are threads. A gateway that
    limits the rate, forbids the call or does not answer is asked no more, also by later calls with the same
    ``ways``: its other sessions have the same error. ``endpoints.quickly`` and ``within`` hold for each call.
    """
    ways = ways or Ways()
    with ThreadPoolExecutor(conf.send_workers, thread_name_prefix="apigw-ws-call") as pool:
        begun = []
        for session in sessions:
            way = ways.to(session.api_gateway_id)
            begun.append(pool.submit(copy_context().run, _call, way, session.connection_id, call))
            if rate and way.obstacle is None:
                time.sleep(1 / rate)
        return [one.result() for one in begun]


def _call(way: Way, connection_id: str, call: Call) -> ApigwWsError | None:
    """Runs in a worker thread: no database here."""
    if way.obstacle is not None:
        return way.obstacle
    try:
        call(way.client, connection_id)
    except ApigwWsError as error:
        if _is_for_all(error):
            way.obstacle = error
        return error
    return None


def _is_for_all(error: ApigwWsError) -> bool:
    if isinstance(error, Throttled | AwsUnreachable):
        return True
    return isinstance(error, AwsError) and error.status == _FORBIDDEN


def client_for(gateway: ApiGateway | None) -> Any:
    """The client that reaches the gateway's connections. Raises NotProvisioned, ConfigurationError."""
    if gateway is None:
        raise NotProvisioned(_("The session belongs to no gateway, so nothing leads to its client."))
    return endpoints.connections_client(gateway)


def _way(gateway_id: int | None) -> Way:
    found = ApiGateway.objects.select_related("account").filter(pk=gateway_id) if gateway_id else ()
    try:
        return Way(client=client_for(next(iter(found), None)))
    except ApigwWsError as error:
        return Way(obstacle=error)
