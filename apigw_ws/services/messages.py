"""Sends messages to connections through the `@connections` API of their gateways."""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apigw_ws.aws import connections
from apigw_ws.conf import conf
from apigw_ws.delivery import Endpoint, Outcome, Rate, Result, Target, deliver
from apigw_ws.exceptions import (
    MAX_MESSAGE_BYTES,
    ApigwWsError,
    ConnectionGone,
    PayloadTooLarge,
)
from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import calls, endpoints, rollups, sessions

logger = logging.getLogger("apigw_ws.messages")

#: Sessions that are read together, and outcomes that are recorded together.
BATCH: Final = 500
#: Sessions that are grouped by gateway together.
_GROUPED: Final = 10 * BATCH
#: Seconds for which sending is retried: somebody may be waiting.
_PATIENCE: Final = 5.0


class BroadcastResult(list[bool]):
    """Whether AWS took the message for each session, in the queryset's order; and the totals."""

    def __init__(self) -> None:
        super().__init__()
        #: Sessions by result.
        self.outcomes: Counter[Result] = Counter()
        #: Sessions that were not sent to, by AWS's error code.
        self.codes: Counter[str] = Counter()

    @property
    def sent(self) -> int:
        return self.outcomes[Result.SENT]

    @property
    def gone(self) -> int:
        """Connections that no longer exist; their sessions are closed by now."""
        return self.outcomes[Result.GONE]

    @property
    def forbidden(self) -> int:
        return self.outcomes[Result.FORBIDDEN]

    @property
    def throttled(self) -> int:
        return self.outcomes[Result.THROTTLED]

    @property
    def failed(self) -> int:
        """Neither sent, nor gone, forbidden or throttled."""
        return self.outcomes[Result.FAILED] + self.outcomes[Result.TOO_LARGE]

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.result] += 1
            if outcome.result is not Result.SENT:
                self.codes[outcome.code] += 1


def encode(data: Any) -> bytes:
    """Return ``data`` as it goes to the client: bytes and text as they are, anything else as compact JSON.

    Raises PayloadTooLarge over 131,072 bytes; TypeError or ValueError for what JSON cannot hold.
    """
    if not isinstance(data, str | bytes):
        data = json.dumps(
            data, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
    # Clients can write lone surrogates in JSON, and UTF-8 cannot encode them.
    payload = data if isinstance(data, bytes) else data.encode(errors="replace")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise PayloadTooLarge(
            _("The message has %(size)d bytes; AWS takes at most %(max)d. Send it in parts.")
            % {"size": len(payload), "max": MAX_MESSAGE_BYTES}
        )
    return payload


def send(session: WebSocketSession, data: Any) -> bool:
    """Send ``data`` to the session's connection; return False if AWS says that it is gone.

    The session is then closed, unless it was opened a moment ago: see ``sessions.mark_gone``.
    Raises PayloadTooLarge, NotProvisioned and AwsError.
    """
    payload = encode(data)
    if sent := post(session, payload):
        rollups.count(session.api_gateway_id, messages_out=1)
        sessions.count_sent([session.connection_id], payload)
    return sent


def post(session: WebSocketSession, payload: bytes) -> bool:
    """As ``send``, for a payload that is encoded already and that the caller counts."""
    try:
        connections.post(calls.client_for(session.api_gateway), session.connection_id, payload)
    except ConnectionGone:
        sessions.mark_gone([session.connection_id])
        session.connected = WebSocketSession.objects.filter(pk=session.pk, connected=True).exists()
        return False
    except ApigwWsError:
        rollups.count(session.api_gateway_id, send_failures=1)
        raise
    return True


def send_to_each(
    batch: Sequence[WebSocketSession], data: Any, clients: calls.Clients
) -> dict[int, ApigwWsError]:
    """Send ``data`` to each connected session of ``batch``; return the failures by primary key.

    For up to a few hundred sessions of which somebody wants every error; ``send_to_all`` is faster.
    """
    payload = encode(data)
    connected = [session for session in batch if session.connected]
    answers = calls.call_each(
        connected,
        lambda client, connection_id: connections.post(client, connection_id, payload),
        clients=clients,
    )
    paired = list(zip(connected, answers, strict=True))
    if sent := [session.connection_id for session, error in paired if error is None]:
        sessions.count_sent(sent, payload)
    if gone := [session.connection_id for session, error in paired if isinstance(error, ConnectionGone)]:
        sessions.mark_gone(gone)
    rollups.count_sent((session.api_gateway_id, _result(error)) for session, error in paired)
    return {session.pk: error for session, error in paired if error is not None}


def send_to_all(
    queryset: QuerySet[WebSocketSession], data: Any, max_workers: int | None = None
) -> BroadcastResult:
    """Send ``data`` to every session of ``queryset``; return for each, in its order, whether AWS took it.

    Sessions whose connection is gone are closed; any other failure is logged and does not stop the rest.
    At most ``max_workers`` (None: SEND_CONCURRENCY) calls are under way, and SEND_RATE applies.
    Raises PayloadTooLarge, before the first call.
    """
    payload, result = encode(data), BroadcastResult()
    delivery = _Delivery(payload, max_workers or conf.send_concurrency)
    rows = queryset.values_list("connection_id", "api_gateway_id").iterator(BATCH)
    while chunk := list(islice(rows, _GROUPED)):
        first = len(result)
        result += [False] * len(chunk)
        outcomes = delivery.to(chunk)
        while batch := list(islice(outcomes, BATCH)):
            for outcome in batch:
                result[first + outcome.target.ref] = outcome.result is Result.SENT
            result.add(batch)
            rollups.count_sent((chunk[outcome.target.ref][1], outcome.result) for outcome in batch)
            settle(batch, payload)
    return result


def settle(batch: Sequence[Outcome], payload: bytes) -> None:
    """Count the messages that were sent, and close the sessions that are gone.

    A few queries, however many outcomes there are. Any other failure is logged.
    """
    if sent := _connection_ids(batch, Result.SENT):
        sessions.count_sent(sent, payload)
    if gone := _connection_ids(batch, Result.GONE):
        sessions.mark_gone(gone)
    failed = [outcome for outcome in batch if outcome.result not in (Result.SENT, Result.GONE)]
    if failed:
        logger.warning(
            "%d of %d messages were not sent; the first, to %s: %s",
            len(failed),
            len(batch),
            failed[0].target.connection_id,
            failed[0].said or failed[0].code,
        )


class _Delivery:
    """One message to sessions of any gateways, each through its own gateway's endpoint."""

    def __init__(self, payload: bytes, concurrency: int) -> None:
        self._payload, self._concurrency = payload, concurrency
        self._rate = Rate(conf.send_rate or math.inf)
        self._endpoints: dict[int | None, Endpoint | ApigwWsError] = {}

    def to(self, rows: Iterable[tuple[str, int | None]]) -> Iterator[Outcome]:
        """Yield an outcome for each row; its target's ``ref`` is the row's index."""
        targets: dict[int | None, list[Target]] = {}
        for index, (connection_id, gateway_id) in enumerate(rows):
            targets.setdefault(gateway_id, []).append(Target(connection_id=connection_id, ref=index))
        for gateway_id, of_gateway in targets.items():
            yield from self._through(self._endpoint(gateway_id), of_gateway)

    def _through(self, endpoint: Endpoint | ApigwWsError, targets: Iterable[Target]) -> Iterator[Outcome]:
        if isinstance(endpoint, Endpoint):
            return deliver(
                targets,
                self._payload,
                endpoint=endpoint,
                rate=self._rate,
                concurrency=self._concurrency,
                patience=_PATIENCE,
            )
        code, said = getattr(endpoint, "code", "") or type(endpoint).__name__, str(endpoint)
        return (Outcome(target=one, result=Result.FAILED, code=code, said=said) for one in targets)

    def _endpoint(self, gateway_id: int | None) -> Endpoint | ApigwWsError:
        if gateway_id not in self._endpoints:
            self._endpoints[gateway_id] = _endpoint_of(gateway_id)
        return self._endpoints[gateway_id]


def _endpoint_of(gateway_id: int | None) -> Endpoint | ApigwWsError:
    found = ApiGateway.objects.select_related("account").filter(pk=gateway_id) if gateway_id else ()
    try:
        return endpoints.delivery_endpoint(next(iter(found), None))
    except ApigwWsError as error:
        return error


def _result(error: ApigwWsError | None) -> Result:
    if error is None:
        return Result.SENT
    return Result.GONE if isinstance(error, ConnectionGone) else Result.FAILED


def _connection_ids(outcomes: Iterable[Outcome], result: Result) -> list[str]:
    return [outcome.target.connection_id for outcome in outcomes if outcome.result is result]
