"""Says how many rows there are without counting a large table."""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import connections
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

#: Up to so many rows are counted.
LIMIT: Final = 10_000
#: The same if the database can estimate: in a large table, each row counted may be a page read.
LIMIT_BEFORE_ESTIMATE: Final = 2_000


def figure(rows: QuerySet[Any]) -> str:
    """Return “12”; for many rows “about 98,000” (PostgreSQL's estimate) or “more than 10,000” (elsewhere)."""
    rows = rows.order_by().select_related(None)
    estimates = connections[rows.db].vendor == "postgresql"
    limit = LIMIT_BEFORE_ESTIMATE if estimates else LIMIT
    if (count := rows[: limit + 1].count()) <= limit:
        return _grouped(count)
    if not estimates:
        return _("more than %s") % _grouped(limit)
    (explained,) = json.loads(rows.explain(format="json"))
    estimate = max(limit, int(explained["Plan"]["Plan Rows"]))
    return _("about %s") % _grouped(round(estimate, 2 - len(str(estimate))))


def _grouped(number: int) -> str:
    return str(number_format(number, use_l10n=True, force_grouping=True))
