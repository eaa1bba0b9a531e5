"""Deleting many rows without holding up those who use the table."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

#: Rows that are deleted, and locked, together.
SIZE: Final = 500


def delete(rows: QuerySet[Any]) -> int:
    """Delete the rows, oldest keys first, a batch at a time; return how many, without what goes with them.

    Outside of a transaction each batch is one of its own.
    """
    deleted, last = 0, 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:SIZE]):
        deleted += rows.filter(pk__in=keys).delete()[1].get(rows.model._meta.label, 0)
        last = keys[-1]
    return deleted
