"""Opens, updates and closes sessions: the only writer of ``WebSocketSession``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from django.db import IntegrityError
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from apigw_ws.exceptions import Refused
from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import batches, channels, gateways, pace, rollups, timeline, traces, transactions
from apigw_ws.services.timeline import Handled
from apigw_ws.signals import connected, disconnected

ClosedBy = WebSocketSession.ClosedBy

#: AWS answers 410 until a connection's $connect is answered, and a broadcast must not close newcomers.
SETTLING: Final = dt.timedelta(seconds=5)

#: Sessions that are locked together.
BATCH: Final = 500


def open_session(session: WebSocketSession, further: Collection[str] = ()) -> WebSocketSession:
    """Store and return the session, or return the stored one if this $connect was delivered before.

    It joins the ``further`` channels, too, in one query.
    Raises Refused (guard ``session``, 403) if the connection ID belongs to somebody else.
    """
    try:
        with _savepoint(whole=bool(further)):
            session.save(force_insert=True)
            channels.enter(session, further)
    except IntegrityError:
        return _delivered_before(session)
    rollups.count(session.api_gateway_id, connects=1)
    connected.send_robust(WebSocketSession, session=session)
    return session


def find(gateway: ApiGateway, connection_id: str) -> WebSocketSession | None:
    """Return the gateway's session of a connection, open or closed, with its user; one query."""
    mine = WebSocketSession.objects.select_related("user")
    try:
        session = mine.get(connection_id=connection_id, api_gateway=gateway)
    except WebSocketSession.DoesNotExist:
        return None
    session.api_gateway = gateway  # the one at hand: sending needs it
    return session


def touch(
    session: WebSocketSession,
    secret_version: int = 0,
    *,
    received: int = 0,
    sent: int | None = None,
    handled: Handled | None = None,
) -> None:
    """Count a message of ``received`` bytes, and its reply of ``sent`` bytes, None if there was none.

    With ``handled``, it is on the timeline. One query, which overwrites nothing else. ``session`` is
    updated, too.
    """
    now = timezone.now()
    counted = {"request_count": 1, "bytes_in": received, **_outbound(sent)}
    noted: dict[str, Any] = {"last_seen_on": now, "active_on": now, "updated_on": now}
    noted |= {"secret_version": secret_version} | ({} if sent is None else {"last_outbound_on": now})
    noted |= {"failed_on": now} if handled and handled.failed else {}
    line = timeline.message(received=received, sent=sent, handled=handled) if handled else ""
    changes = {**_added(counted), **noted, **(timeline.noting(line) if line else {})}
    changes |= pace.kept(1 if sent is None else 2, now)
    WebSocketSession.objects.filter(pk=session.pk).update(**changes)
    if handled:
        rollups.count_handled(session.api_gateway_id, handled, replied=sent is not None)
    for name, more in counted.items():
        setattr(session, name, getattr(session, name) + more)
    for name, value in noted.items():
        setattr(session, name, value)


def count_sent(connection_ids: Collection[str], payload: bytes, *, at: dt.datetime | None = None) -> None:
    """Count one sent message for each of these connections; one UPDATE for all.

    ``at`` is when it was sent; None: now. Traces capture it.
    """
    size = len(payload)
    now = at or timezone.now()
    with _in_order(WebSocketSession.objects.filter(connection_id__in=connection_ids)) as rows:
        counted = {**_added(_outbound(size)), **timeline.noting(timeline.outbound(size, at))}
        counted |= pace.kept(1, now)
        rows.update(**counted, last_outbound_on=now, active_on=now, updated_on=now)
    traces.sent(connection_ids, payload)


def close(
    session: WebSocketSession,
    *,
    by: str = "",
    code: int | None = None,
    reason: str = "",
    at_aws: bool = False,
) -> bool:
    """Record that a session is over; return whether it was open until now. One query.

    ``at_aws``: AWS has still to be told, see ``services.closing.finish``.
    """
    now = timezone.now()
    ended = {"connected": False, "disconnected_on": now, "updated_on": now, "close_at_aws": at_aws}
    ended |= {"close_code": code, "close_reason": reason, "closed_by": by}
    was_open = WebSocketSession.objects.filter(pk=session.pk, connected=True).update(**ended)
    for name, value in ended.items():
        setattr(session, name, value)
    if was_open:
        rollups.count(session.api_gateway_id, disconnects=1)
        disconnected.send_robust(WebSocketSession, session=session)
    return bool(was_open)


def close_all(
    sessions: QuerySet[WebSocketSession], *, by: str, reason: str = "", at_aws: bool = False
) -> int:
    """Record that these sessions are over; return how many were open until now.

    ``at_aws``: AWS has still to be told, see ``services.closing.finish``.
    """
    sessions = sessions.filter(connected=True)
    told = list(sessions.select_related("user")) if disconnected.has_listeners(WebSocketSession) else []
    now = timezone.now()
    ended = {"connected": False, "disconnected_on": now, "close_reason": reason, "closed_by": by}
    with _in_order(sessions) as rows:
        closed = dict(rows.order_by().values_list("api_gateway").annotate(Count("pk")))
        count = rows.update(**ended, updated_on=now, close_at_aws=at_aws)
    for gateway, number in closed.items():
        rollups.count(gateway, disconnects=number)
    for session in told:
        for name, value in ended.items():
            setattr(session, name, value)
        disconnected.send_robust(WebSocketSession, session=session)
    return count


def close_deleted(sessions: Collection[WebSocketSession], *, by: str, reason: str) -> None:
    """Record that AWS has closed these connections at our request, on behalf of ``by``."""
    rows = WebSocketSession.objects.filter(pk__in=[session.pk for session in sessions])
    close_all(rows, by=by, reason=reason)
    # $disconnect may have come first, without knowing who closed it. The client has seen 1000.
    with _in_order(rows):
        rows.update(closed_by=by, close_reason=reason, close_code=1000)


def mark_gone(connection_ids: Collection[str], *, by: str = ClosedBy.SEND) -> int:
    """Record that AWS no longer knows these connections; return how many sessions were open until now.

    A session opened in the last five seconds and not heard from since stays open: see ``SETTLING``.
    """
    settling = Q(connected_on__isnull=False, last_seen_on=None, created_on__gt=timezone.now() - SETTLING)
    return close_all(WebSocketSession.objects.filter(~settling, connection_id__in=connection_ids), by=by)


def confirm_open(sessions: Collection[WebSocketSession]) -> None:
    """Record that AWS has just confirmed these connections to be open."""
    with _in_order(WebSocketSession.objects.filter(pk__in=[session.pk for session in sessions])) as rows:
        rows.update(active_on=timezone.now())


def close_expired() -> int:
    """Record as closed what is older than AWS lets connections become; return how many were."""
    closed = 0
    while batch := list(
        WebSocketSession.objects.expired().order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        rows = WebSocketSession.objects.filter(pk__in=batch)
        closed += close_all(rows, by=ClosedBy.REAPER, reason=gettext_noop("Two hours old"))
    return closed


def close_of_gateway(gateway: ApiGateway, *, reason: str = gettext_noop("Gateway deleted")) -> int:
    """Close the sessions of a gateway that is going away or has lost its connections; return how many."""
    return close_all(
        WebSocketSession.objects.filter(api_gateway=gateway), by=ClosedBy.TEARDOWN, reason=reason
    )


def close_of_stage(gateway: ApiGateway, stage_name: str) -> int:
    """Close the sessions that were opened through a stage that no longer exists; return how many."""
    of_stage = WebSocketSession.objects.filter(api_gateway=gateway, stage_name=stage_name)
    return close_all(of_stage, by=ClosedBy.TEARDOWN, reason=gettext_noop("Stage removed"))


def delete_closed() -> int:
    """Delete the sessions that are over; return how many."""
    return batches.delete(WebSocketSession.objects.closed())


def _outbound(size: int | None) -> dict[str, int]:
    return {} if size is None else {"messages_out": 1, "bytes_out": size}


def _added(counted: Mapping[str, int]) -> dict[str, Any]:
    return {name: F(name) + more for name, more in counted.items()}


@contextmanager
def _in_order(sessions: QuerySet[WebSocketSession]) -> Iterator[QuerySet[WebSocketSession]]:
    """Lock the rows by primary key, or two processes that change many sessions could deadlock."""
    with transactions.atomic():
        if transactions.connection().features.has_select_for_update:
            list(sessions.order_by("pk").select_for_update().values_list("pk", flat=True))
        yield sessions


def _delivered_before(session: WebSocketSession) -> WebSocketSession:
    stored = (
        WebSocketSession.objects.select_related("user").filter(connection_id=session.connection_id).first()
    )
    if stored is None:  # not a duplicate: another process has deleted the gateway
        gateways.forget()
        raise Refused("gateway", 403, "The gateway was deleted a moment ago.")
    if (stored.api_gateway_id, stored.user_id) != (session.api_gateway_id, session.user_id):
        raise Refused("session", 403, "The connection ID belongs to another connection.")
    return stored


def _savepoint(*, whole: bool) -> AbstractContextManager[Any]:
    """Inside a transaction a failed INSERT would break it; outside, a savepoint would cost two queries."""
    return transactions.atomic() if whole or transactions.connection().in_atomic_block else nullcontext()
