"""Starts broadcasts that are due, and resumes those whose workers died."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Q
from django.utils import timezone

from apigw_ws.models import Broadcast
from apigw_ws.services.broadcasts import claims, ending, queue

State = Broadcast.State

#: After this long without a worker, a broadcast counts as lost: the queue or the worker has died.
_PATIENCE: Final = dt.timedelta(seconds=30)


def tend() -> int:
    """Hand over what is due and what no worker holds any longer; return how many were handed over."""
    now = timezone.now()
    waiting = Q(queued_on=None) | Q(queued_on__lte=now - _PATIENCE)
    due = Q(state=State.SCHEDULED, scheduled_for__lte=now)
    begun = waiting & Q(state__in=(State.QUEUED, State.SENDING, State.CANCELLING))
    return sum(_hand_over(broadcast) for broadcast in Broadcast.objects.filter(due & waiting | begun))


def _hand_over(broadcast: Broadcast) -> bool:
    if broadcast.state in (State.SCHEDULED, State.QUEUED) or broadcast.total is None:
        queue.begin(broadcast)
        return True
    if broadcast.shards.filter(held_until__gt=timezone.now()).exists() or ending.end(broadcast):
        return False
    queue.send(broadcast, claims.free_shards(broadcast).count())
    return True
