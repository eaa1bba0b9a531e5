"""How many rows there are, without counting a large table."""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import connections
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

#: Up to which rows are counted: a few milliseconds.
LIMIT: Final = 10_000


def figure(rows: QuerySet[Any]) -> str:
    """“12”; of more than LIMIT rows “about 98,000” (PostgreSQL's estimate) or “more than 10,000”."""
    rows = rows.order_by().select_related(None)
    if (count := rows[: LIMIT + 1].count()) <= LIMIT:
        return _grouped(count)
    if connections[rows.db].vendor != "postgresql":
        return _("more than %s") % _grouped(LIMIT)
    (explained,) = json.loads(rows.explain(format="json"))
    estimate = max(LIMIT, int(explained["Plan"]["Plan Rows"]))
    return _("about %s") % _grouped(round(estimate, 2 - len(str(estimate))))


def _grouped(number: int) -> str:
    return str(number_format(number, use_l10n=True, force_grouping=True))
