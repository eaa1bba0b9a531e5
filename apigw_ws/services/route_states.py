"""The state of each route of a gateway: whether clients get what the record says and, if not, why.

The first of these that fits:

==========  ===========================================================================================
in sync     what is live is what the record says, and as far as is known nobody has changed it in AWS
applying    a run is at work
failed      the last run stopped at an operation on this very route
drift       AWS has neither what the record says nor what we applied last
pending     the record was changed since: the route was added, changed, switched off or deleted
==========  ===========================================================================================

What is live is known from our deployments, so AWS is not called here. What somebody changed
there is known from the last look at it, if that is newer than our last run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute, DeployedSnapshot, Run, Step
from apigw_ws.services import route_facts, runs
from apigw_ws.services.observation import Observation
from apigw_ws.services.route_facts import Facts, Routes
from apigw_ws.services.specs import spec_for

#: The facts of a route, as people call them. The secret is one of the headers.
WORDS: Final[dict[str, str | Promise]] = {
    "url": gettext_lazy("URL"),
    "method": gettext_lazy("method"),
    "timeout": gettext_lazy("timeout"),
    "two_way": gettext_lazy("two-way"),
    "headers": gettext_lazy("headers"),
}


class State(TextChoices):
    IN_SYNC = "in_sync", gettext_lazy("In sync")
    APPLYING = "applying", gettext_lazy("Applying")
    FAILED = "failed", gettext_lazy("Failed")
    DRIFT = "drift", gettext_lazy("Drift")
    PENDING = "pending", gettext_lazy("Pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of one route."""

    key: str
    #: The primary key of its record; None for one that comes with the gateway, or was deleted.
    pk: int | None
    state: State
    #: A sentence.
    reason: str
    #: What the record says; None for a route that is switched off or deleted.
    facts: Facts | None


def states(gateway: ApiGateway, seen: Observation | None = None) -> dict[str, Standing]:
    """Return the state of each route by its key: first those that come with the gateway, last deleted ones.

    ``seen`` is the last look at AWS. Raises ConfigurationError if the record cannot be applied. The number
    of queries does not depend on that of the routes.
    """
    additional = list(gateway.additional_routes.all())
    known = _Known(gateway, additional, seen)
    keys = dict.fromkeys((*known.wanted, *(route.route_key for route in additional), *known.live))
    return {key: known.standing(key) for key in keys}


def deploys(gateway: ApiGateway, additional: Iterable[ApiGatewayAdditionalRoute]) -> bool:
    """Whether applying the gateway with these routes, saved or not, would make another deployment live.

    As far as is known without a look at AWS. Raises ConfigurationError.
    """
    digest = spec_for(gateway, additional).digest
    live = gateway.deployed_snapshots.filter(deployment_id=gateway.deployment_id or None).first()
    return live is None or live.digest != digest


class _Known:
    """What our tables and the last look at AWS say about a gateway's routes."""

    def __init__(
        self, gateway: ApiGateway, additional: list[ApiGatewayAdditionalRoute], seen: Observation | None
    ) -> None:
        self.spec = spec_for(gateway, additional)
        self.wanted: Routes = route_facts.wanted(self.spec)
        self.recorded = {route.route_key: route.pk for route in additional}
        self.run = runs.active(gateway)
        self.last = gateway.runs.first()
        ended = self.last.finished_on if self.last else None
        self.seen = seen if seen and not (ended and seen.seen_on < ended) else None
        self.newest = gateway.deployed_snapshots.first()
        self.applied: Routes = self.newest.routes if self.newest else {}
        # A renamed stage cannot be seen in AWS before it is deployed; until then the old one serves clients.
        stage = self.seen if gateway.live_stage == gateway.stage_name else None
        self.moved = bool(stage and stage.deployment_id != gateway.deployment_id)
        #: None: something unknown is live.
        self.served = self._served(gateway, stage)
        self.live: Routes = self.served or {}
        self.touched = self._touched(gateway)

    def _served(self, gateway: ApiGateway, stage: Observation | None) -> Routes | None:
        deployment_id = stage.deployment_id if stage else gateway.deployment_id
        digest = stage.live_digest if stage else ""
        if not deployment_id:
            return {}
        if digest == self.spec.digest:
            return self.wanted
        rows = {row.deployment_id: row for row in self._rows(gateway, deployment_id, digest)}
        row = rows.get(deployment_id) or next(iter(rows.values()), None)
        return row.routes if row else None

    def _rows(self, gateway: ApiGateway, deployment_id: str, digest: str) -> list[DeployedSnapshot]:
        """A run that was cut off after its deployment kept nothing, but equal digests are equal routes."""
        if self.newest and self.newest.deployment_id == deployment_id:
            return [self.newest]
        kept = gateway.deployed_snapshots
        return [
            *kept.filter(deployment_id=deployment_id),
            *(kept.filter(digest=digest)[:1] if digest else ()),
        ]

    def _touched(self, gateway: ApiGateway) -> dict[str, Step]:
        """The latest step on each route since our last deployment: such a change is our own, not drift."""
        steps = Step.objects.filter(run__gateway=gateway).exclude(route_key="")
        if self.newest:
            steps = steps.filter(started_on__gt=self.newest.deployed_on)
        return {step.route_key: step for step in steps.order_by("run__started_on", "position")}

    def standing(self, key: str) -> Standing:
        wanted, live = self.wanted.get(key), self.live.get(key)
        differs = self._differs(key)
        due = self.served is None or wanted != live
        if not (due or differs):
            state, reason = State.IN_SYNC, _in_sync(wanted)
        elif self.run:
            state, reason = State.APPLYING, self._applying(key)
        elif failed := self._failed(key):
            state, reason = State.FAILED, failed.error_text
        elif differs and key not in self.touched:
            state, reason = State.DRIFT, self._drift(key)
        elif self.moved and due:
            state, reason = State.DRIFT, _("AWS serves another deployment than we made live.")
        else:
            state, reason = State.PENDING, self._pending(key)
        return Standing(key=key, pk=self.recorded.get(key), state=state, reason=reason, facts=wanted)

    def _differs(self, key: str) -> bool:
        """Whether AWS is known to have neither what the record says nor what we applied last."""
        if self.seen is None or self.newest is None:
            return False
        return self.seen.routes.get(key) not in (self.wanted.get(key), self.applied.get(key))

    def _applying(self, key: str) -> str:
        step = self.touched.get(key)
        if step and self.run and step.run_id == self.run.pk:
            return _("Changed in AWS; live once the run has deployed.")
        return _("A run is at work.")

    def _failed(self, key: str) -> Step | None:
        """The step on the route at which the last run stopped."""
        step, last = self.touched.get(key), self.last
        stopped = step and last and step.run_id == last.pk and not step.finished_on
        return step if stopped and last and last.state == Run.State.FAILED else None

    def _drift(self, key: str) -> str:
        held = self.seen.routes.get(key) if self.seen else None
        if held is None:
            return _("It is gone in AWS.")
        return _("Changed in AWS: %(facts)s.") % {"facts": _words(self.applied.get(key) or {}, held)}

    def _pending(self, key: str) -> str:
        wanted, live = self.wanted.get(key), self.live.get(key)
        if self.served is None:
            return _("What is live was not deployed from here.")
        if wanted is None:
            gone = key not in self.recorded
            return _("Deleted, but still live.") if gone else _("Switched off, but still live.")
        if live is None:
            return _("Not live yet.")
        if wanted == live:
            return _("Live as the record says, but a run has left something else in AWS that is not live.")
        return _("Changed, but not live yet: %(facts)s.") % {"facts": _words(live, wanted)}


def _in_sync(wanted: Facts | None) -> str:
    return _("Live as the record says.") if wanted else _("Switched off, and not in AWS.")


def _words(before: Facts, after: Facts) -> str:
    return ", ".join(str(word) for fact, word in WORDS.items() if before.get(fact) != after.get(fact))
