"""What happened, for spreadsheets and scripts: exported as it streams by, and never imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from django.db.models import QuerySet

from apigw_ws.models import AuditEvent
from apigw_ws_admin.permissions import VIEW_ADDRESS
from apigw_ws_admin.resources.formats import CSV, JSON_LINES, Format, Record
from apigw_ws_admin.resources.values import plain

#: Rows that are in memory at once.
_CHUNK: Final = 2_000
_ABOUT_BANS: Final = frozenset({AuditEvent.Verb.BAN, AuditEvent.Verb.LIFT_BAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Of a table: those that are as stored, and those that are found out.

    Without VIEW_ADDRESS, the ``addresses`` are left out, and what is ``told`` replaces what may hold one.
    """

    stored: tuple[str, ...]
    found: Mapping[str, Callable[[Any], Any]]
    addresses: tuple[str, ...] = ()
    told: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    prefetch: tuple[str, ...] = ()


class Export:
    """The records of a table, as ``by`` may see them."""

    formats: ClassVar[tuple[Format, ...]] = (CSV, JSON_LINES)

    def __init__(self, table: Columns, *, by: Any) -> None:
        columns = {name: _stored(name) for name in table.stored} | dict(table.found)
        if not by.has_perm(VIEW_ADDRESS):
            columns |= table.told
            columns = {name: look for name, look in columns.items() if name not in table.addresses}
        self._table, self._columns = table, columns

    def columns(self) -> list[str]:
        return list(self._columns)

    def records(self, queryset: QuerySet[Any]) -> Iterator[Record]:
        rows = queryset.select_related(*self._table.select).prefetch_related(*self._table.prefetch)
        for row in rows.iterator(chunk_size=_CHUNK):
            yield {name: plain(look(row)) for name, look in self._columns.items()}


def _stored(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _name(field: str) -> Callable[[Any], Any]:
    """Of what a row points at, if anything; of a user the one they sign in with."""

    def look(row: Any) -> str | None:
        there = getattr(row, field)
        return there and str(getattr(there, "get_username", there.__str__)())

    return look


def _channels(session: Any) -> list[str]:
    names = (session.channel_name, *(membership.name for membership in session.memberships.all()))
    return list(dict.fromkeys(filter(None, names)))


def _harmless(event: AuditEvent) -> str | None:
    """On what; of a ban, whom it keeps out may be an address."""
    return None if event.verb in _ABOUT_BANS else event.object_text


SESSIONS: Final = Columns(
    stored=(
        "connection_id",
        "connected",
        "stage_name",
        "ip_address",
        "user_agent",
        "origin",
        "request_count",
        "messages_out",
        "bytes_in",
        "bytes_out",
        "created_on",
        "active_on",
        "last_seen_on",
        "last_outbound_on",
        "disconnected_on",
        "close_code",
        "close_reason",
        "closed_by",
    ),
    found={"user": _name("user"), "gateway": _name("api_gateway"), "channels": _channels},
    addresses=("ip_address",),
    select=("user", "api_gateway"),
    prefetch=("memberships",),
)
REFUSALS: Final = Columns(
    stored=(
        "created_on",
        "guard",
        "phase",
        "status",
        "reason",
        "times",
        "facts",
        "ip_address",
        "origin",
        "host",
        "user_agent",
        "connection_id",
    ),
    found={"user": _name("user"), "gateway": _name("api_gateway")},
    addresses=("ip_address",),
    select=("user", "api_gateway"),
)
RUNS: Final = Columns(
    stored=(
        "kind",
        "state",
        "deployment_id",
        "planned",
        "started_on",
        "finished_on",
        "error_code",
        "error_text",
    ),
    found={"gateway": _name("gateway"), "started_by": _name("started_by")},
    select=("gateway", "started_by"),
)
AUDIT_EVENTS: Final = Columns(
    stored=(
        "happened_on",
        "who",
        "ip_address",
        "verb",
        "object_text",
        "result",
        "error_text",
        "before",
        "after",
    ),
    found={"gateway": _name("gateway")},
    addresses=("ip_address",),
    told={"object_text": _harmless},
    select=("gateway",),
)
