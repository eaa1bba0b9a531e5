"""Closes connections at AWS, and not only in our table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext

from apigw_ws.aws import connections
from apigw_ws.aws.client import within
from apigw_ws.delivery import Result as Delivered
from apigw_ws.exceptions import ApigwWsError, ConnectionGone
from apigw_ws.models import AuditEvent, WebSocketSession
from apigw_ws.models.sessions import MAX_AGE
from apigw_ws.services import audit, calls, endpoints, messages, rollups, sessions
from apigw_ws.services.sessions import ClosedBy

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: Sessions whose answers are recorded together.
_BATCH: Final = 100
#: Failures that the audit trail names.
_NAMED: Final = 100


class Result(StrEnum):
    CLOSED = "closed"
    #: The connection had ended already.
    GONE = "gone"
    #: AWS did not do it: the session stays open.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    session: WebSocketSession
    result: Result
    #: Why it failed, with AWS's code and request ID.
    error: ApigwWsError | None = None


def close(
    targets: Iterable[WebSocketSession],
    *,
    reason: str = "",
    message: Any = None,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    act: str = "",
) -> list[Outcome]:
    """Close these connections at AWS, then their sessions; return an outcome for each, in the same order.

    ``message`` (JSON, or text as it is) goes to each first; a client that does not take it is closed all
    the same. ``endpoints.quickly`` applies to each call. One AuditEvent holds ``reason``, the numbers, the
    failures by connection ID, and ``act``, by which the caller finds it again.
    Raises PayloadTooLarge, before the first call.
    """
    payload = None if message is None else messages.encode(message)
    chosen, clients, outcomes = list(targets), calls.Clients(), list[Outcome]()
    with audit.recorded(
        AuditEvent.Verb.DISCONNECT, _common_gateway(chosen), by=by, ip=ip, what=_names(chosen)
    ) as record:
        for start in range(0, len(chosen), _BATCH):
            outcomes += close_now(chosen[start : start + _BATCH], clients, payload, reason)
            record.after = {"reason": reason, "message": message is not None, "act": act, **_facts(outcomes)}
        record.error = next((outcome.error for outcome in outcomes if outcome.error), None)
    return outcomes


def finish(*, limit: int = sessions.BATCH, rate: int = 0) -> int:
    """Close at AWS up to ``limit`` connections that are closed here only, oldest first; return how many.

    What AWS refuses or does not answer is tried again next time, until it is two hours old.
    """
    now = timezone.now()
    owed = WebSocketSession.objects.filter(close_at_aws=True)
    owed.filter(Q(created_on__lte=now - MAX_AGE) | Q(api_gateway=None)).update(close_at_aws=False)
    batch = list(owed.order_by("updated_on")[:limit])
    answers = calls.call_each(batch, connections.close, rate=rate)
    paired = list(zip(batch, answers, strict=True))
    done = [one.pk for one, answer in paired if answer is None or isinstance(answer, ConnectionGone)]
    WebSocketSession.objects.filter(pk__in=done).update(close_at_aws=False)
    owed.filter(pk__in=[one.pk for one in batch]).update(updated_on=now)  # to the end of the queue
    return len(done)


def finish_quickly() -> int:
    """As ``finish``, within two seconds, because somebody may be waiting. The reaper does the rest."""
    with endpoints.quickly(1), within(1):
        return finish()


def close_now(
    batch: Sequence[WebSocketSession], clients: calls.Clients, payload: bytes | None, reason: str
) -> list[Outcome]:
    """As ``close``, for one batch, which the caller records in the audit trail."""

    began, told = timezone.now(), list[str]()

    def say_goodbye(client: Any, connection_id: str) -> None:
        if payload is not None and _tell(client, connection_id, payload):
            told.append(connection_id)
        connections.close(client, connection_id)

    connected = [session for session in batch if session.connected]
    answers = dict(zip(connected, calls.call_each(connected, say_goodbye, clients=clients), strict=True))
    if payload is not None and told:
        sessions.count_sent(told, payload, at=began)  # before they were closed
        through = (one.api_gateway_id for one in connected if one.connection_id in told)
        rollups.count_sent((gateway, Delivered.SENT) for gateway in through)
    outcomes = [_outcome(session, answers.get(session, ConnectionGone())) for session in batch]
    closed = [outcome.session for outcome in outcomes if outcome.result is Result.CLOSED]
    sessions.close_deleted(closed, by=ClosedBy.OPERATOR, reason=reason)
    sessions.mark_gone([one.session.connection_id for one in outcomes if one.result is Result.GONE])
    return outcomes


def _tell(client: Any, connection_id: str, payload: bytes) -> bool:
    """Whether the client took the last message. One with a full buffer (AWS: 429) is closed without it."""
    try:
        connections.post(client, connection_id, payload)
    except ConnectionGone:
        raise
    except ApigwWsError:
        return False
    return True


def _outcome(session: WebSocketSession, answer: ApigwWsError | None) -> Outcome:
    if answer is None:
        return Outcome(session=session, result=Result.CLOSED)
    if isinstance(answer, ConnectionGone):
        return Outcome(session=session, result=Result.GONE)
    return Outcome(session=session, result=Result.FAILED, error=answer)


def _facts(outcomes: Sequence[Outcome]) -> Mapping[str, Any]:
    failed = [outcome for outcome in outcomes if outcome.error]
    numbers = Counter(str(outcome.result) for outcome in outcomes)
    errors = {outcome.session.connection_id: str(outcome.error) for outcome in failed[:_NAMED]}
    return {**numbers, "errors": errors}


def _common_gateway(chosen: Sequence[WebSocketSession]) -> Any:
    """The gateway that all share, None if there are several or none."""
    gateways = {session.api_gateway_id: session for session in chosen}
    return next(iter(gateways.values())).api_gateway if len(gateways) == 1 else None


def _names(chosen: Sequence[WebSocketSession]) -> str:
    if len(chosen) == 1:
        return chosen[0].connection_id
    return ngettext("%d session", "%d sessions", len(chosen)) % len(chosen)
