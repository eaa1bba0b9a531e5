"""Deletes many rows without blocking those who use the table."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

#: Rows that are deleted and locked together.
SIZE: Final = 500


def delete(rows: QuerySet[Any]) -> int:
    """Delete the rows in batches, oldest keys first; return how many, not counting cascades.

    Each batch is a transaction of its own, unless there is one already.
    """
    deleted, last = 0, 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:SIZE]):
        deleted += rows.filter(pk__in=keys).delete()[1].get(rows.model._meta.label, 0)
        last = keys[-1]
    return deleted
