"""How many rows a list has, without counting a large table."""

from __future__ import annotations

import json
from typing import Final

from django.db import connections
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.paginator import InfinitePaginator

#: Up to which rows are counted: a few milliseconds.
LIMIT: Final = 10_000


class RoughPaginator(InfinitePaginator):
    """Previous and next pages, and a figure: counted if small, else PostgreSQL's estimate, else a bound."""

    @cached_property
    def figure(self) -> str:
        """“12”, “about 98,000” or “more than 10,000”."""
        rows = self.object_list.order_by()
        if (count := rows[: LIMIT + 1].count()) <= LIMIT:
            return _grouped(count)
        if connections[rows.db].vendor != "postgresql":
            return _("more than %s") % _grouped(LIMIT)
        (explained,) = json.loads(rows.explain(format="json"))
        estimate = max(LIMIT, int(explained["Plan"]["Plan Rows"]))
        return _("about %s") % _grouped(round(estimate, 2 - len(str(estimate))))


def _grouped(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)
