"""Send messages to connections through the `@connections` API of their gateways."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apigw_ws.aws import connections
from apigw_ws.conf import conf
from apigw_ws.exceptions import (
    MAX_MESSAGE_BYTES,
    ApigwWsError,
    ConnectionGone,
    PayloadTooLarge,
)
from apigw_ws.models import WebSocketSession
from apigw_ws.services import calls, sessions, traces

logger = logging.getLogger("apigw_ws.messages")

#: Sessions that are read, sent to and marked together.
BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    connection_id: str
    way: calls.Way


def encode(data: Any) -> bytes:
    """``data`` as it goes to the client: bytes and text as they are, anything else as compact JSON.

    Raises PayloadTooLarge over 131,072 bytes; TypeError or ValueError for what JSON cannot hold.
    """
    if not isinstance(data, str | bytes):
        data = json.dumps(
            data, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
    # A lone surrogate, which a client can write in JSON, has no UTF-8.
    payload = data if isinstance(data, bytes) else data.encode(errors="replace")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise PayloadTooLarge(
            _("The message has %(size)d bytes; AWS takes at most %(max)d. Send it in parts.")
            % {"size": len(payload), "max": MAX_MESSAGE_BYTES}
        )
    return payload


def send(session: WebSocketSession, data: Any) -> bool:
    """Send ``data`` to the session's connection; False when AWS says it is gone.

    The session is then closed, unless it was opened a moment ago: see ``sessions.mark_gone``.
    Raises PayloadTooLarge, NotProvisioned and AwsError.
    """
    payload = encode(data)
    if sent := post(session, payload):
        sessions.count_sent([session.connection_id], len(payload))
        traces.sent([session.connection_id], payload)
    return sent


def post(session: WebSocketSession, payload: bytes) -> bool:
    """As ``send``, of what is encoded; the message is left to the caller to count."""
    client = calls.client_for(session.api_gateway)
    try:
        connections.post(client, session.connection_id, payload)
    except ConnectionGone:
        sessions.mark_gone([session.connection_id])
        session.connected = WebSocketSession.objects.filter(pk=session.pk, connected=True).exists()
        return False
    return True


def send_to_all(
    queryset: QuerySet[WebSocketSession], data: Any, max_workers: int | None = None
) -> list[bool]:
    """Send ``data`` to every session of ``queryset``; for each, in its order, whether AWS took the message.

    Sessions whose connection is gone are closed; any other failure is logged and stops nobody else's message.
    ``max_workers`` threads post, SEND_WORKERS where it is None.
    Raises PayloadTooLarge, before the first call.
    """
    payload = encode(data)
    successes: list[bool] = []
    with ThreadPoolExecutor(max_workers or conf.send_workers, thread_name_prefix="apigw-ws-send") as pool:
        targets = _targets(queryset)
        while batch := list(islice(targets, BATCH)):
            outcomes = list(pool.map(lambda target: _post(target, payload), batch))
            successes += [outcome is None for outcome in outcomes]
            _settle(batch, outcomes, payload)
    return successes


def _targets(queryset: QuerySet[WebSocketSession]) -> Iterator[_Target]:
    ways = calls.Ways()
    for connection_id, gateway_id in queryset.values_list("connection_id", "api_gateway_id").iterator(BATCH):
        yield _Target(connection_id=connection_id, way=ways.to(gateway_id))


def _post(target: _Target, payload: bytes) -> ApigwWsError | None:
    """Why the message was not sent. Runs in a worker thread: no database here."""
    if target.way.obstacle is not None:
        return target.way.obstacle
    try:
        connections.post(target.way.client, target.connection_id, payload)
    except ApigwWsError as error:
        return error
    return None


def _settle(batch: list[_Target], outcomes: list[ApigwWsError | None], payload: bytes) -> None:
    pairs = list(zip(batch, outcomes, strict=True))
    if sent := [target.connection_id for target, outcome in pairs if outcome is None]:
        sessions.count_sent(sent, len(payload))
        traces.sent(sent, payload)
    gone = [target.connection_id for target, outcome in pairs if isinstance(outcome, ConnectionGone)]
    if gone:
        sessions.mark_gone(gone)
    failed = [pair for pair in pairs if pair[1] is not None and not isinstance(pair[1], ConnectionGone)]
    if failed:
        target, error = failed[0]
        logger.warning(
            "%d of %d messages were not sent; the first, to %s: %s",
            len(failed),
            len(batch),
            target.connection_id,
            error,
        )
