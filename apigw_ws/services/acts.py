"""Operators' acts on chosen sessions: stores the choice, and carries it out batch by batch."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apigw_ws.models import Act, ActOutcome, ApiGateway, AuditEvent, Ban, WebSocketSession
from apigw_ws.services import audit, bans, calls, transactions
from apigw_ws.services.deeds import DEEDS, Done

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

Deed, Result = Act.Deed, ActOutcome.Result

#: Sessions that are processed and recorded together.
BATCH: Final = 100
#: After this silence a worker counts as dead; longer than AWS can take for a batch.
LEASE: Final = dt.timedelta(minutes=4)
#: Failures that the audit trail names.
_NAMED: Final = 100
_VERBS: Final = {
    Deed.DISCONNECT: AuditEvent.Verb.DISCONNECT,
    Deed.MESSAGE: AuditEvent.Verb.SEND,
    Deed.JOIN: AuditEvent.Verb.JOIN,
    Deed.LEAVE: AuditEvent.Verb.LEAVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The number of sessions by result; those with ``Result.WAITING`` are still to come."""

    total: int
    numbers: Mapping[str, int]

    @property
    def waiting(self) -> int:
        return self.numbers.get(Result.WAITING, 0)


def begin(
    uid: UUID,
    deed: str,
    rows: QuerySet[WebSocketSession],
    what: Mapping[str, Any],
    *,
    audience: str,
    by: AbstractBaseUser | None,
    ip: str | None = None,
) -> tuple[Act, bool]:
    """Store the act with the sessions of ``rows`` as they are now; return it, and whether it is new.

    An act with this ``uid`` is not begun again, but returned as it is. The database chooses the rows,
    however many there are. Nothing is done to them yet; see ``run``.
    """
    values = {"deed": deed, "what": dict(what), "audience": audience[:255], "by": by, "ip_address": ip}
    with transactions.atomic():
        act, is_new = Act.objects.get_or_create(uid=uid, defaults=values)
        if is_new:
            _choose(act, rows)
    return act, is_new


def run(act: Act) -> bool:
    """Do what is left of the act; return False if it is over, or another worker holds it.

    Each batch is recorded when it is done, so that after a killed worker at most one batch is done again.
    ``endpoints.quickly`` applies to each call. One AuditEvent holds the numbers, the failures by
    connection ID and the act's ``uid``, but not the message.
    """
    if not _take(act):
        return False
    try:
        with audit.recorded(
            _VERBS[Deed(act.deed)], _common_gateway(act), what=act.audience, by=act.by, ip=act.ip_address
        ) as record:
            _do(act)
            record.after = _facts(act)
            record.error = _first_failure(act)
    finally:
        Act.objects.filter(pk=act.pk, held_until=act.held_until).update(held_until=None)
    return True


def progress(act: Act) -> Progress:
    """One query."""
    counted = act.outcomes.order_by().values_list("result").annotate(number=Count("pk"))
    numbers = dict(counted)
    return Progress(total=sum(numbers.values()), numbers=numbers)


def is_stuck(act: Act, patience: dt.timedelta) -> bool:
    """Whether it is unfinished, older than ``patience``, and held by no worker."""
    now = timezone.now()
    held = act.held_until is not None and act.held_until > now
    return act.finished_on is None and not held and now - act.created_on > patience


def _choose(act: Act, rows: QuerySet[WebSocketSession]) -> None:
    """One INSERT from a SELECT, because there may be 100,000 rows."""
    connection = transactions.connection()
    try:
        sql, params = rows.order_by().values("pk").query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return
    outcomes, sessions = (
        connection.ops.quote_name(model._meta.db_table) for model in (ActOutcome, WebSocketSession)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {outcomes} (act_id, session_id, result, error_text) "  # noqa: S608  (no value in it)
            f"SELECT %s, id, '', '' FROM {sessions} WHERE id IN ({sql}) ORDER BY id",
            [act.pk, *params],
        )


def _take(act: Act) -> bool:
    """Take the act; False if it is over, or another worker holds it."""
    return _hold(act, Q(held_until=None) | Q(held_until__lte=timezone.now()))


def _hold(act: Act, whose: Q) -> bool:
    until = timezone.now() + LEASE
    if not Act.objects.filter(whose, pk=act.pk, finished_on=None).update(held_until=until):
        return False
    act.held_until = until
    return True


def _do(act: Act) -> None:
    clients, deed = calls.Clients(), DEEDS[Deed(act.deed)]
    waiting = act.outcomes.filter(result=Result.WAITING).order_by("pk")
    rows = waiting.select_related("session__user", "session__api_gateway").defer("session__recent")
    while batch := list(rows[:BATCH]):
        results = deed([row.session for row in batch], act.what, clients)
        _note(batch, results)
        if not _hold(act, Q(held_until=act.held_until)):  # it took too long, and another worker goes on
            return
    for ban in Ban.objects.filter(pk__in=act.what.get("bans", ())):
        bans.close_hit(ban)
    act.what = {name: value for name, value in act.what.items() if name != "message"}
    act.finished_on = timezone.now()
    act.save(update_fields=["what", "finished_on"])


def _note(batch: Sequence[ActOutcome], results: Sequence[Done]) -> None:
    """One UPDATE for each distinct outcome: in most batches, one."""
    alike = defaultdict[tuple[str, str], list[int]](list)
    for row, done in zip(batch, results, strict=True):
        alike[done.result, done.error].append(row.pk)
    for (result, error), keys in alike.items():
        ActOutcome.objects.filter(pk__in=keys).update(result=result, error_text=error)


def _facts(act: Act) -> Mapping[str, Any]:
    numbers = {result: number for result, number in progress(act).numbers.items() if result}
    failed = act.outcomes.filter(result__in=[Result.FAILED, Result.REFUSED]).order_by("pk")
    errors = dict(failed.values_list("session__connection_id", "error_text")[:_NAMED])
    return {**act.what, **numbers, "act": str(act.uid), "errors": errors}


def _first_failure(act: Act) -> Exception | None:
    text = act.outcomes.filter(result=Result.FAILED).values_list("error_text", flat=True).first()
    return None if text is None else Exception(text)


def _common_gateway(act: Act) -> ApiGateway | None:
    """The gateway that all share, None if there are several or none."""
    keys = list(act.outcomes.order_by().values_list("session__api_gateway", flat=True).distinct()[:2])
    return ApiGateway.objects.filter(pk=keys[0]).first() if len(keys) == 1 else None
