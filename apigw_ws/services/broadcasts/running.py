"""A worker's turn at a broadcast: it takes shard after shard and sends to their targets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError

from apigw_ws.conf import conf
from apigw_ws.delivery import Endpoint, Outcome, Rate, Result, Target, deliver
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import Broadcast
from apigw_ws.services import endpoints
from apigw_ws.services.broadcasts import ending, jobs, payloads, queue, sharding
from apigw_ws.services.broadcasts.claims import Claims
from apigw_ws.services.broadcasts.ledger import Held, pages, reconnect, settle

State = Broadcast.State

#: Seconds after which a worker requeues itself, so that other tasks get their turn.
SLICE: Final = 30.0
#: The same if AWS has taken nothing: long enough to see that it will not.
IN_VAIN: Final = 120.0
#: Seconds between two times that outcomes are stored and the state is checked.
BEAT: Final = 0.5
#: Outcomes that are stored together.
WINDOW: Final = 500


def run(broadcast: Broadcast) -> int:
    """Send to targets that no other worker holds, for half a minute at most; return how many had their turn.

    What is left is enqueued again. Safe to run at any time and any number of times.
    """
    turn = _Turn(broadcast)
    try:
        turn.take()
    finally:
        turn.give_back()
    if not ending.end(broadcast) and turn.is_out_of_time:
        queue.send(broadcast)
    return turn.count


class _Turn:
    def __init__(self, broadcast: Broadcast) -> None:
        self.count = 0
        self._broadcast = broadcast
        self._payload = payloads.message(broadcast)
        self._claims = Claims(broadcast)
        self._held: list[Held] = []
        self._rate = Rate(1)
        self._pool = ""
        #: The gateways that were given up, and why.
        self._given_up: dict[int | None, str] = {}
        self._in_vain = True
        self._began = self._beaten = time.monotonic()

    @property
    def is_out_of_time(self) -> bool:
        return time.monotonic() - self._began > (IN_VAIN if self._in_vain else SLICE)

    def take(self) -> None:
        """Take shards, gateway by gateway, until none are left, time is up or the state has changed."""
        while self._goes_on() and (held := self._hold()):
            if self._broadcast.state == State.CANCELLING:
                self._cancel(held)
            else:
                self._send(held)
            self.give_back()
        self._pause_if_hopeless()

    def give_back(self) -> None:
        self._held.clear()
        self._claims.give_back()

    def _send(self, held: Held) -> None:
        targets = self._targets(held)
        try:
            endpoint = endpoints.delivery_endpoint(held.shard.gateway)
        except ApigwWsError as obstacle:
            for target in targets:
                self._record(target, Result.FAILED, type(obstacle).__name__, str(obstacle))
        else:
            self._deliver(targets, endpoint)
        self._settle()

    def _pause_if_hopeless(self) -> None:
        """Pause the broadcast once only targets at given-up gateways are left."""
        left = self._broadcast.shards.filter(is_done=False)
        if self._given_up and not left.exclude(gateway__in=list(self._given_up)).exists():
            problem = next(iter(self._given_up.values()))
            jobs.move(self._broadcast, (State.SENDING,), State.PAUSED, error_text=problem)

    def _deliver(self, targets: Iterator[Target], endpoint: Endpoint) -> None:
        self._rate = Rate(self._claims.share(self._pool))  # what AWS refuses here may be fine there
        for outcome in deliver(
            targets,
            self._payload,
            endpoint=endpoint,
            rate=self._rate,
            concurrency=conf.broadcast_concurrency,
            should_stop=self._should_stop,
        ):
            self._note(outcome)

    def _cancel(self, held: Held) -> None:
        for target in self._targets(held):
            self._record(target, Result.CANCELLED)
        self._settle()

    def _targets(self, first: Held) -> Iterator[Target]:
        """The targets of the shard, then of others at the same gateway, until the state changes."""
        held: Held | None = first
        state = self._broadcast.state
        while held is not None:
            for entry in pages(held):
                target = Target(connection_id=entry.connection_id, ref=(held, entry))
                if entry.result is Result.SENT:
                    yield target
                else:
                    self._record(target, entry.result, entry.code, entry.said)
                if self._broadcast.state != state or not self._goes_on(held.shard.gateway_id):
                    return
            held = self._hold(first.shard.gateway_id)

    def _hold(self, *gateway: int | None) -> Held | None:
        shard = self._claims.take(*gateway, without=self._given_up)
        if shard is None:
            return None
        held = Held(shard=shard, targets=sharding.targets_of(shard))
        self._pool = shard.pool
        self._held.append(held)
        self._settle()  # it may be that nobody was there
        return held

    def _note(self, outcome: Outcome) -> None:
        """Keep the outcome, unless the target was not tried: then it stays open for another attempt.

        Forbidden ones are kept all the same: permissions are for a gateway, not for a connection.
        """
        gave_up = not outcome.attempts and outcome.result in (Result.FAILED, Result.THROTTLED)
        if gave_up:
            self._give_up(outcome)
        elif outcome.result is not Result.CANCELLED:
            self._in_vain = self._in_vain and outcome.result in (Result.FAILED, Result.THROTTLED)
            self._record(outcome.target, outcome.result, outcome.code, outcome.said)

    def _give_up(self, outcome: Outcome) -> None:
        """Leave the gateway out; other gateways get time of their own."""
        held, _entry = outcome.target.ref
        if held.shard.gateway_id not in self._given_up:
            self._given_up[held.shard.gateway_id] = ending.gave_up(outcome.code, outcome.said)
            self._began, self._in_vain = time.monotonic(), True

    def _record(self, target: Target, result: Result, code: str = "", said: str = "") -> None:
        held, entry = target.ref
        held.entries.append(entry.told(result, code, said))
        self.count += 1
        if len(held.entries) >= WINDOW:
            self._settle()
        self._beat_if_due()

    def _settle(self) -> None:
        for held in self._held:
            settle(held, self._payload)
        self._held = [held for held in self._held if not (held.is_lost or held.is_complete)]

    def _should_stop(self) -> bool:
        self._beat_if_due()
        return self._broadcast.state != State.SENDING or not self._goes_on()

    def _goes_on(self, *gateway: int | None) -> bool:
        at_work = self._broadcast.state in (State.SENDING, State.CANCELLING)
        return at_work and self._given_up.keys().isdisjoint(gateway) and not self.is_out_of_time

    def _beat_if_due(self) -> None:
        """If it is time, store outcomes, renew the lease and check the state."""
        if time.monotonic() - self._beaten < BEAT:
            return
        self._beaten = time.monotonic()
        self._settle()
        try:
            self._claims.renew()
            self._broadcast.refresh_from_db(fields=["state", "rate"])
            self._rate.limit = self._claims.share(self._pool)
        except DatabaseError as error:  # the lease holds until the next tries
            reconnect(error)
