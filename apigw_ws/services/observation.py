"""What AWS holds of gateways, found out in bounded time, for pages that must not wait for AWS."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.aws import domains as aws_domains
from apigw_ws.aws import planner, reader
from apigw_ws.aws.client import ClientConfig, client
from apigw_ws.aws.domain_spec import DomainSpec, DomainState
from apigw_ws.aws.errors import translated
from apigw_ws.aws.spec import DOMAIN_TAG, GatewaySpec, Snapshot
from apigw_ws.exceptions import ApigwWsError, AwsUnreachable
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints, route_facts
from apigw_ws.services.provisioning import Plan, remember
from apigw_ws.services.route_facts import Routes
from apigw_ws.services.specs import spec_for

#: Seconds that a page waits for AWS.
BUDGET: Final = 2.0


class TooSlow(AwsUnreachable):
    """AWS had not answered when the budget was spent; the reading goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An operation that is not applied, in words. Unlike the operation it holds no secret, so it is kept."""

    sentence: str
    destructive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A gateway in AWS at one moment."""

    seen_on: datetime
    pending: tuple[Pending, ...]
    #: Names the plan, for ``provisioning.apply``.
    digest: str
    #: The live deployment; empty when there is none.
    deployment_id: str
    deployed_on: datetime | None
    #: The digest of the live deployment; empty when it is none of ours.
    live_digest: str = ""
    #: What our routes do, deployed or not.
    routes: Routes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is known of a gateway: without a problem it is so now, with one it was when it was last seen."""

    observation: Observation | None = None
    problem: ApigwWsError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    snapshot: Snapshot | None
    domains: tuple[DomainState, ...] | None = None
    deployment_id: str = ""
    deployed_on: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    config: ClientConfig
    uid: str
    stage_name: str
    api_id: str
    adopting: bool
    domain: DomainSpec | None


_lock = threading.Lock()
_asked: dict[_Question, Future[_Found]] = {}


def observe(gateways: Sequence[ApiGateway], *, budget: float = BUDGET) -> list[Sight]:
    """Look at all gateways at once, for at most ``budget`` seconds; one sight for each, in the same order.

    It never raises what AWS or a gateway's record does: that is the sight's problem.
    """
    readings = [_ask(gateway) for gateway in gateways]
    deadline = time.monotonic() + budget
    return [_sight(gateway, reading, deadline) for gateway, reading in zip(gateways, readings, strict=True)]


def last_seen(gateways: Sequence[ApiGateway]) -> list[Observation | None]:
    """How each was when it was last seen, in the same order, without a look at AWS."""
    known = cache.get_many([_key(gateway) for gateway in gateways])
    return [known.get(_key(gateway)) for gateway in gateways]


def refresh(gateways: Sequence[ApiGateway], *, budget: float = 5 * BUDGET) -> list[ApigwWsError | None]:
    """Write down what AWS holds of all gateways and their routes; what went wrong for each, in their order.

    A gateway of which nothing could be read in ``budget`` seconds stays as it was recorded.
    """
    readings = [_ask(gateway) for gateway in gateways]
    deadline = time.monotonic() + budget
    return [
        _refreshed(gateway, reading, deadline) for gateway, reading in zip(gateways, readings, strict=True)
    ]


def _refreshed(gateway: ApiGateway, reading: Future[_Found], deadline: float) -> ApigwWsError | None:
    try:
        found = _answer(reading, deadline)
        remember(gateway, found.snapshot, found.domains)
    except ApigwWsError as problem:
        return problem
    return None


def _sight(gateway: ApiGateway, reading: Future[_Found], deadline: float) -> Sight:
    key = _key(gateway)
    try:
        observation = _observation(spec_for(gateway), _answer(reading, deadline))
    except ApigwWsError as problem:
        return Sight(observation=cache.get(key), problem=problem)
    cache.set(key, observation, timeout=None)
    return Sight(observation=observation)


def _key(gateway: ApiGateway) -> str:
    return f"apigw_ws:observation:{gateway.pk}"


def _answer(reading: Future[_Found], deadline: float) -> _Found:
    try:
        return reading.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError as error:
        raise TooSlow(_("AWS has not answered in time. Look again in a moment.")) from error


def _observation(spec: GatewaySpec, found: _Found) -> Observation:
    plan = Plan(operations=planner.plan(spec, found.snapshot, found.domains))
    return Observation(
        seen_on=timezone.now(),
        pending=tuple(
            Pending(sentence=operation.describe(), destructive=operation.destructive)
            for operation in plan.operations
        ),
        digest=plan.digest,
        deployment_id=found.deployment_id,
        deployed_on=found.deployed_on,
        live_digest=found.snapshot.live_digest if found.snapshot else "",
        routes=route_facts.held(found.snapshot) if found.snapshot else {},
    )


def _ask(gateway: ApiGateway) -> Future[_Found]:
    """Start to read, in a thread of its own, unless the same is being read already."""
    future: Future[_Found] = Future()
    try:
        question = _Question(
            # Once, and quickly given up: there is the last known state, and somebody waits.
            config=replace(endpoints.config_for(gateway), attempts=1, timeout=5),
            uid=str(gateway.uid),
            stage_name=gateway.stage_name,
            api_id=gateway.api_id,
            adopting=gateway.adopting,
            domain=spec_for(gateway).domain,
        )
    except ApigwWsError as problem:
        future.set_exception(problem)
        return future
    with _lock:
        if question in _asked:
            return _asked[question]
        _asked[question] = future
    threading.Thread(target=copy_context().run, args=(_read, question, future), daemon=True).start()
    return future


def _read(question: _Question, future: Future[_Found]) -> None:
    try:
        found = _found(client("apigatewayv2", question.config), question)
    except BaseException as error:  # the thread has nobody else to tell
        outcome, result = future.set_exception, error
    else:
        outcome, result = future.set_result, found  # type: ignore[assignment]
    with _lock:
        del _asked[question]
    outcome(result)


def _found(control: Any, question: _Question) -> _Found:
    snapshot = reader.read(
        control,
        uid=question.uid,
        stage_name=question.stage_name,
        api_id=question.api_id,
        adopting=question.adopting,
    )
    found = _Found(snapshot=snapshot, domains=_domains(control, question, snapshot))
    stage = snapshot.stage(question.stage_name) if snapshot else None
    if snapshot is None or stage is None or not stage.deployment_id:
        return found
    with translated():
        live = control.get_deployment(ApiId=snapshot.api_id, DeploymentId=stage.deployment_id)
    return replace(found, deployment_id=stage.deployment_id, deployed_on=live.get("CreatedDate"))


def _domains(control: Any, question: _Question, snapshot: Snapshot | None) -> tuple[DomainState, ...] | None:
    if question.domain is None and not (snapshot and DOMAIN_TAG in snapshot.tags):
        return None  # as provisioning.read_domains, which asks without haste
    dns = partial(client, "route53", endpoints.dns_config(question.config))
    return aws_domains.read(control, dns, uid=question.uid, wanted=question.domain)
