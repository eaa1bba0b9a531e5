"""Hands broadcasts to the workers of the project's task backend."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, Final

from django.utils import timezone

from apigw_ws.models import Broadcast
from apigw_ws.services import transactions

logger = logging.getLogger("apigw_ws.broadcasts")

#: The most workers that share a broadcast.
WORKERS: Final = 16
#: After tasks that somebody waits for, if the backend knows priorities.
_PRIORITY: Final = -10


def begin(broadcast: Broadcast) -> None:
    """Have it begun when it is due, on commit. A failure is logged: ``tend`` will retry."""
    from apigw_ws import tasks

    later = broadcast.scheduled_for if broadcast.state == Broadcast.State.SCHEDULED else None
    if later is None or tasks.begin_broadcast.get_backend().supports_defer:
        _hand_over(tasks.begin_broadcast, broadcast, **({"run_after": later} if later else {}))


def send(broadcast: Broadcast, workers: int = 1) -> None:
    """On commit, have as many workers send it as it has shards for, up to WORKERS."""
    from apigw_ws import tasks

    for _worker in range(min(max(workers, 1), WORKERS)):
        _hand_over(tasks.send_broadcast, broadcast)


def _hand_over(task: Any, broadcast: Broadcast, **how: Any) -> None:
    if task.get_backend().supports_priority:
        how["priority"] = _PRIORITY
    Broadcast.objects.filter(pk=broadcast.pk).update(queued_on=timezone.now())
    transactions.on_commit(partial(_enqueue, task.using(**how) if how else task, broadcast.pk))


def _enqueue(task: Any, pk: int) -> None:
    try:
        task.enqueue(pk)
    except Exception:  # each task backend fails in its own way when its broker does not answer
        logger.exception("Broadcast %s could not be handed to a worker; the next tick tries again.", pk)
