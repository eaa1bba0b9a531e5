"""Whether anybody takes up the tasks that are handed to the workers."""

from __future__ import annotations

from datetime import datetime

from django.apps import apps
from django.db.models import Min
from django.utils import timezone


def since() -> datetime | None:
    """Since when the oldest task waits; None if none does, or where the task backend does not say.

    One query. Tasks for later do not wait: those for now are kept as if for the end of time.
    """
    if not apps.is_installed("django_tasks_db"):
        return None
    from django_tasks_db.models import DBTaskResult  # only where it is installed

    ready = DBTaskResult.objects.ready().filter(run_after__gt=timezone.now()).order_by()
    first: datetime | None = ready.aggregate(first=Min("enqueued_at"))["first"]
    return first
