"""Exports the timeline as records for spreadsheets and scripts, the same in all languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from apigw_ws.services import activity
from apigw_ws.services.activity import Entry, Wanted
from apigw_ws_admin.resources.formats import Record
from apigw_ws_admin.resources.values import plain
from apigw_ws_admin.screens.activity.lines import subject

_ADDRESS: Final = "ip_address"
_COLUMNS: Final = (
    "at",
    "kind",
    "what",
    "subject",
    "who",
    _ADDRESS,
    "gateway",
    "result",
    "state",
    "detail",
    "times",
    "first",
    "sent",
    "total",
    "id",
)


def columns(*, addresses: bool) -> list[str]:
    return [name for name in _COLUMNS if addresses or name != _ADDRESS]


def records(wanted: Wanted, columns: Sequence[str], gateways: Mapping[int, str]) -> Iterator[Record]:
    """Yield records, the newest first; similar refusals are one record, as on the page."""
    for entry in activity.everything(wanted):
        record = _record(entry, gateways, addresses=_ADDRESS in columns)
        yield {name: record[name] for name in columns}


def _record(entry: Entry, gateways: Mapping[int, str], *, addresses: bool) -> dict[str, object]:
    return {
        "at": plain(entry.at),
        "kind": entry.kind.value,
        "what": entry.what,
        "subject": subject(entry, addresses),
        "who": entry.who,
        _ADDRESS: entry.address,
        "gateway": gateways.get(entry.gateway or 0),
        "result": entry.result.value,
        "state": entry.state,
        "detail": entry.detail,
        "times": entry.times,
        "first": plain(entry.first),
        "sent": None if entry.total is None else entry.sent,
        "total": entry.total,
        "id": entry.pk,
    }
