"""Imports records: previews what would change, then does exactly that, or nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.db import DatabaseError
from django.utils.translation import gettext as _
from import_export.results import RowResult

from apigw_ws.models import AuditEvent
from apigw_ws.services import audit, transactions
from apigw_ws_admin.resources.base import Change, Transfer
from apigw_ws_admin.resources.formats import Record
from apigw_ws_admin.resources.values import problems

logger = logging.getLogger(__name__)

NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"
_KINDS: Final = {
    RowResult.IMPORT_TYPE_NEW: NEW,
    RowResult.IMPORT_TYPE_UPDATE: CHANGED,
    RowResult.IMPORT_TYPE_SKIP: SAME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record of the file, and whether it is NEW, CHANGED, SAME or WRONG."""

    number: int
    name: str
    kind: str
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    rows: tuple[Row, ...]
    #: Whether all of it was imported; else nothing was.
    done: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows by kind, without zeros."""
        return dict(Counter(row.kind for row in self.rows))

    @property
    def wrong(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.kind == WRONG)

    @property
    def work(self) -> tuple[Row, ...]:
        """The rows that change something."""
        return tuple(row for row in self.rows if row.kind in (NEW, CHANGED))

    @property
    def digest(self) -> str:
        """Identifies all that was shown."""
        return blake2b(repr(self.rows).encode(), digest_size=16).hexdigest()


def preview(resource: Transfer, records: Sequence[Record]) -> Outcome:
    """Return what importing the records would do; nothing changes. Raises BadFile for unknown columns."""
    return Outcome(rows=_rows(resource, records, dry_run=True))


def carry_out(resource: Transfer, records: Sequence[Record], *, file: str, seen: str) -> Outcome:
    """Import the records if that does what was ``seen``: the digest of a preview.

    In one transaction, and audited. Raises BadFile.
    """
    with transactions.atomic():
        outcome = Outcome(rows=_rows(resource, records, dry_run=False))
        if outcome.wrong or outcome.digest != seen:
            transactions.roll_back()
            return outcome
        model = resource._meta.model
        what = f"{model._meta.verbose_name_plural}: {file}"
        audit.record(
            AuditEvent.Verb.IMPORT, None, what=what, by=resource.by, ip=resource.ip, after=outcome.counts
        )
    return Outcome(rows=outcome.rows, done=True)


def _rows(resource: Transfer, records: Sequence[Record], *, dry_run: bool) -> tuple[Row, ...]:
    result = resource.import_data(
        resource.dataset(records), dry_run=dry_run, use_transactions=True, rollback_on_validation_errors=True
    )
    for error in result.base_errors:
        raise error.error  # of no row: nothing was imported
    wrong = {row.number: problems(row.error) for row in result.invalid_rows}
    wrong |= {number: tuple(_sentences(errors)) for number, errors in result.row_errors()}
    return tuple(
        Row(
            number=number,
            name=resource.named(record),
            kind=_KINDS.get(row.import_type, WRONG),
            changes=row.diff or (),
            problems=wrong.get(number, ()),
        )
        for number, (record, row) in enumerate(zip(records, result.rows, strict=True), 1)
    )


def _sentences(errors: Sequence[Any]) -> Iterator[str]:
    for error in errors:
        if isinstance(error.error, DatabaseError):
            yield _("The database refused it. Somebody may be changing the same: try again.")
        else:
            logger.error("An import came upon what nobody thought of.", exc_info=error.error)
            yield _("This could not be imported; the reason is in the log of the server.")
