"""Records of what happened, for spreadsheets and scripts: streamed exports, without imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar, Final

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from apigw_ws.models import AuditEvent, ChannelMembership
from apigw_ws.models.broadcasts import COUNTS
from apigw_ws_admin.permissions import VIEW_ADDRESS
from apigw_ws_admin.resources.formats import CSV, JSON_LINES, Format, Record
from apigw_ws_admin.resources.values import plain

#: Rows in memory at a time.
_CHUNK: Final = 2_000
#: Verbs whose subject may be an address, which only those who may see addresses are shown.
ABOUT_BANS: Final = frozenset({AuditEvent.Verb.BAN, AuditEvent.Verb.LIFT_BAN})
_USERNAME: Final = get_user_model().USERNAME_FIELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table, each with the lookup that it is read from; ``stored`` ones have the same name.

    Without VIEW_ADDRESS, the ``addresses`` are left out, and ``told`` replaces what may hold one.
    """

    stored: tuple[str, ...]
    elsewhere: Mapping[str, str]
    #: Columns that are read for many rows at a time, by primary key.
    further: Mapping[str, Callable[[Sequence[int]], Mapping[int, Any]]] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()
    told: Mapping[str, Callable[[dict[str, Any]], Any]] = field(default_factory=dict)


class Export:
    """Exports the records of a table, as ``by`` may see them."""

    formats: ClassVar[tuple[Format, ...]] = (CSV, JSON_LINES)

    def __init__(self, table: Columns, *, by: Any) -> None:
        may = by.has_perm(VIEW_ADDRESS)
        paths = {name: name for name in table.stored} | dict(table.elsewhere)
        hidden = frozenset() if may else table.addresses
        self._paths = {name: path for name, path in paths.items() if name not in hidden}
        self._further, self._told = table.further, {} if may else table.told

    def columns(self) -> list[str]:
        return [*self._paths, *self._further]

    def records(self, queryset: QuerySet[Any]) -> Iterator[Record]:
        """Reads values, not instances, which takes a fraction of the time."""
        bare = queryset.select_related(None).prefetch_related(None)
        rows = bare.values_list("pk", *self._paths.values()).iterator(chunk_size=_CHUNK)
        while chunk := list(islice(rows, _CHUNK)):
            further = {name: find([pk for pk, *_ in chunk]) for name, find in self._further.items()}
            for pk, *values in chunk:
                record = dict(zip(self._paths, map(plain, values), strict=True))
                record |= {name: found.get(pk) for name, found in further.items()}
                yield record | {name: tell(record) for name, tell in self._told.items()}


def _channels(sessions: Sequence[int]) -> dict[int, list[str]]:
    """The further channels of sessions."""
    found: dict[int, list[str]] = {}
    memberships = ChannelMembership.objects.filter(session__in=sessions).order_by("pk")
    for session, name in memberships.values_list("session", "name"):
        found.setdefault(session, []).append(name)
    return found


def _harmless(event: dict[str, Any]) -> str | None:
    """What an event is about, except for bans, whose subject may be an address."""
    return None if event["verb"] in ABOUT_BANS else event["object_text"]


SESSIONS: Final = Columns(
    stored=(
        "connection_id",
        "connected",
        "channel_name",
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
    elsewhere={"user": f"user__{_USERNAME}", "gateway": "api_gateway__api_name"},
    further={"further_channels": _channels},
    addresses=frozenset({"ip_address"}),
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
    elsewhere={"user": f"user__{_USERNAME}", "gateway": "api_gateway__api_name"},
    addresses=frozenset({"ip_address"}),
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
    elsewhere={"gateway": "gateway__api_name", "started_by": f"started_by__{_USERNAME}"},
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
    elsewhere={"gateway": "gateway__api_name"},
    addresses=frozenset({"ip_address"}),
    told={"object_text": _harmless},
)
#: Without what they say. Whom they go to may be told by addresses.
BROADCASTS: Final = Columns(
    stored=(
        "uid",
        "title",
        "reason",
        "state",
        "error_text",
        "audience",
        "total",
        *COUNTS,
        "created_on",
        "scheduled_for",
        "started_on",
        "finished_on",
    ),
    elsewhere={"created_by": f"created_by__{_USERNAME}"},
    addresses=frozenset({"audience"}),
)
RECIPIENTS: Final = Columns(
    stored=("connection_id", "result", "code", "error_text", "happened_on"),
    elsewhere={"user": "user_label", "broadcast": "broadcast__uid", "title": "broadcast__title"},
)
