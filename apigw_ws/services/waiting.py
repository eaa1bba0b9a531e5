"""Tells whether workers take up the tasks that are enqueued."""

from __future__ import annotations

from datetime import datetime

from django.apps import apps
from django.db.models import Min
from django.utils import timezone


def since() -> datetime | None:
    """Return since when the oldest task waits; None if none does, or if the task backend does not say.

    One query. Scheduled tasks do not count as waiting; tasks without a time have the last possible one.
    """
    if not apps.is_installed("django_tasks_db"):
        return None
    from django_tasks_db.models import DBTaskResult  # only if it is installed

    ready = DBTaskResult.objects.ready().filter(run_after__gt=timezone.now()).order_by()
    first: datetime | None = ready.aggregate(first=Min("enqueued_at"))["first"]
    return first
