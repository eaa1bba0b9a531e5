"""The tables of what happened, filtered in the same terms, by the index of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from apigw_ws.models import AuditEvent, Broadcast, BroadcastShard, Refusal, Run
from apigw_ws.services.activity.values import RANKS, Entry, Kind, Position, Result, Row, Wanted

Rows = QuerySet[Any]

_USERNAME: Final = get_user_model().USERNAME_FIELD
_RUNS: Final = {
    Run.State.RUNNING: Result.UNDER_WAY,
    Run.State.DONE: Result.DONE,
    Run.State.FAILED: Result.WRONG,
    Run.State.INTERRUPTED: Result.WRONG,
}
_EVENTS: Final = {AuditEvent.Result.DONE: Result.DONE, AuditEvent.Result.FAILED: Result.WRONG}
_BROADCASTS: Final = {
    **dict.fromkeys(Broadcast.State, Result.UNDER_WAY),
    Broadcast.State.DONE: Result.DONE,
    Broadcast.State.FAILED: Result.WRONG,
    Broadcast.State.CANCELLED: Result.WRONG,
}


def known(wanted: Wanted) -> Wanted:
    """With the user of the name."""
    if not wanted.who:
        return wanted
    users = get_user_model()._default_manager.filter(**{_USERNAME: wanted.who})
    return replace(wanted, user=users.values_list("pk", flat=True).first())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    kind: Kind
    rows: Callable[[], Rows]
    #: What it is ordered by, which an index has.
    moment: str
    user: str
    at_gateway: Callable[[int], Q]
    #: The column that says how it ended, and what its values amount to.
    state: str = ""
    results: Mapping[Any, Result]

    def narrowed(self, wanted: Wanted) -> Rows:
        """In no order."""
        rows = self.rows().order_by()
        if wanted.since:
            rows = rows.filter(**{f"{self.moment}__gte": wanted.since})
        if wanted.until:
            rows = rows.filter(**{f"{self.moment}__lt": wanted.until})
        if wanted.gateway:
            rows = rows.filter(self.at_gateway(wanted.gateway))
        if wanted.who:
            rows = rows.filter(self._by(wanted))
        return self._with(rows, wanted.result) if wanted.result else rows

    def _by(self, wanted: Wanted) -> Q:
        """Only the audit trail has names as text; the other tables have users."""
        if wanted.user is not None:
            return Q(**{self.user: wanted.user})
        return Q(who=wanted.who) if self.kind is Kind.EVENT else Q(pk__in=())

    def _with(self, rows: Rows, result: Result) -> Rows:
        states = [state for state, comes_to in self.results.items() if comes_to is result]
        if not self.state:
            return rows if states else rows.none()
        return rows.filter(**{f"{self.state}__in": states})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Table):
    """Row by row."""

    #: What an entry has of a row.
    columns: tuple[str, ...]
    entry: Callable[[Row], Entry]

    def newest(self, wanted: Wanted, before: Position | None, size: int) -> list[Entry]:
        rows = self.narrowed(wanted)
        rows = rows.filter(self._before(before)) if before else rows
        found = rows.order_by(f"-{self.moment}", "-pk").values("pk", self.moment, *self.columns)
        return [self.entry(row) for row in found[:size]]

    def _before(self, position: Position) -> Q:
        at, rank = position.at, RANKS[self.kind]
        if rank > position.rank:
            return Q(**{f"{self.moment}__lt": at})
        not_after = Q(**{f"{self.moment}__lte": at})  # the index begins here
        if rank < position.rank:
            return not_after
        return not_after & (Q(**{f"{self.moment}__lt": at}) | Q(pk__lt=position.pk))


def _run(row: Row) -> Entry:
    return Entry(
        kind=Kind.RUN,
        at=row["started_on"],
        pk=row["pk"],
        what=row["kind"],
        who=row[f"started_by__{_USERNAME}"] or "",
        gateway=row["gateway"],
        result=_RUNS[row["state"]],
        state=row["state"],
        detail=" ".join(filter(None, (row["error_code"], row["error_text"]))),
    )


def _event(row: Row) -> Entry:
    return Entry(
        kind=Kind.EVENT,
        at=row["happened_on"],
        pk=row["pk"],
        what=row["verb"],
        subject=row["object_text"],
        who=row["who"],
        gateway=row["gateway"],
        result=_EVENTS[row["result"]],
        state=row["result"],
        detail=row["error_text"],
        address=row["ip_address"],
    )


def _broadcast(row: Row) -> Entry:
    return Entry(
        kind=Kind.BROADCAST,
        at=row["began"],
        pk=row["pk"],
        subject=row["title"] or row["reason"],
        who=row[f"created_by__{_USERNAME}"] or "",
        result=_BROADCASTS[row["state"]],
        state=row["state"],
        detail=row["error_text"],
        total=row["total"],
        sent=row["sent"],
    )


def _sent_at(gateway: int) -> Q:
    """By what was sent; if it has not begun, by its audience."""
    shards = BroadcastShard.objects.filter(gateway=gateway).values("broadcast")
    return Q(pk__in=shards) | Q(Q(started_on__isnull=True), Q(audience__gateway=gateway))


def _begun_broadcasts() -> Rows:
    """Without drafts, which concern only their authors."""
    began = Coalesce("started_on", "created_on")
    return Broadcast.objects.annotate(began=began).exclude(state=Broadcast.State.DRAFT)


REFUSALS: Final = Table(
    kind=Kind.REFUSAL,
    rows=Refusal.objects.all,
    moment="created_on",
    user="user",
    at_gateway=lambda gateway: Q(api_gateway=gateway),
    results={"": Result.WRONG},
)
TOLD: Final = (
    Told(
        kind=Kind.RUN,
        rows=Run.objects.all,
        moment="started_on",
        user="started_by",
        at_gateway=lambda gateway: Q(gateway=gateway),
        state="state",
        results=_RUNS,
        columns=("kind", "gateway", "state", "error_code", "error_text", f"started_by__{_USERNAME}"),
        entry=_run,
    ),
    Told(
        kind=Kind.EVENT,
        rows=AuditEvent.objects.all,
        moment="happened_on",
        user="user",
        at_gateway=lambda gateway: Q(gateway=gateway),
        state="result",
        results=_EVENTS,
        columns=("verb", "object_text", "who", "gateway", "result", "error_text", "ip_address"),
        entry=_event,
    ),
    Told(
        kind=Kind.BROADCAST,
        rows=_begun_broadcasts,
        moment="began",
        user="created_by",
        at_gateway=_sent_at,
        state="state",
        results=_BROADCASTS,
        columns=("title", "reason", "state", "error_text", "total", "sent", f"created_by__{_USERNAME}"),
        entry=_broadcast,
    ),
)
