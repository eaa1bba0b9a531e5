"""The questions about a gateway, and their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.exceptions import ApigwWsError, ConfigurationError, OwnershipConflict
from apigw_ws.models import ApiGateway
from apigw_ws.services import domains, glances, lookups, observation
from apigw_ws.services.doctor import checking, judging, looks, memory
from apigw_ws.services.doctor.findings import Finding, Fix, Verdict, age, finding, red, unknown
from apigw_ws.services.glances import ROUTES, Glance, TooSlow

Judge = Callable[[ApiGateway, Any], Verdict | None]


def _always(gateway: ApiGateway) -> bool:
    return True


def _has_target(gateway: ApiGateway) -> bool:
    return bool(gateway.target_base_endpoint)


def _is_deployed(gateway: ApiGateway) -> bool:
    return bool(gateway.deployment_id)


def _has_domain(gateway: ApiGateway) -> bool:
    return bool(gateway.domain_name)


def _is_in_dns(gateway: ApiGateway) -> bool:
    """The domain is made, and not by the emulator, whose domains no DNS knows."""
    made = bool(gateway.domain_name and gateway.api_gateway_domain_name)
    return made and ".amazonaws.com" in gateway.api_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``judge`` makes a finding of what ``look`` finds, if anything, of the gateways that it ``concerns``."""

    key: str
    title: str | Promise
    look: Callable[[ApiGateway], Any]
    judge: Judge
    concerns: Callable[[ApiGateway], bool] = _always
    #: What of its problems is wrong for sure, and not just unanswered.
    faults: tuple[type[ApigwWsError], ...] = ()


#: In the order in which an operator would ask.
QUESTIONS: Final = (
    Question(key="identity", title=gettext_lazy("Access to AWS"), look=looks.who, judge=judging.identity),
    Question(
        key="permissions",
        title=gettext_lazy("Permissions"),
        look=looks.permissions,
        judge=judging.permissions,
    ),
    Question(
        key="applied",
        title=gettext_lazy("Record and AWS"),
        look=observation.observed,
        judge=judging.applied,
        concerns=_has_target,
        faults=(OwnershipConflict, ConfigurationError),
    ),
    Question(
        key="target",
        title=gettext_lazy("Target"),
        look=looks.target,
        judge=judging.target,
        concerns=_has_target,
    ),
    Question(
        key="secret",
        title=gettext_lazy("Secret on the integrations"),
        look=observation.observed,
        judge=judging.secret,
        concerns=_has_target,
    ),
    Question(
        key="deployment",
        title=gettext_lazy("Deployment of the stage"),
        look=looks.served,
        judge=judging.deployment,
        concerns=_is_deployed,
    ),
    Question(key="log_role", title=gettext_lazy("Log role"), look=lookups.log_role, judge=judging.log_role),
    Question(
        key="certificate",
        title=gettext_lazy("Certificate"),
        look=domains.look,
        judge=judging.certificate,
        concerns=_has_domain,
    ),
    Question(
        key="dns",
        title=gettext_lazy("DNS"),
        look=looks.dns,
        judge=judging.dns,
        concerns=_is_in_dns,
    ),
)


def of_gateway(gateway: ApiGateway, *, budget: float | None = None) -> list[Finding]:
    """What can be said of a gateway within ``budget`` seconds, see ``glances``; in a constant order.

    First what is known here, then what AWS, DNS and the target say. Raises nothing that they do.
    """
    asked = [question for question in QUESTIONS if question.concerns(gateway)]
    distinct = list(dict.fromkeys(question.look for question in asked))
    found = glances.together(gateway, distinct, load=[ROUTES], budget=budget)
    seen = dict(zip(distinct, found, strict=True))
    answers = (_answer(question, gateway, seen[question.look]) for question in asked)
    findings = [*checking.of_gateway(gateway), *_own(gateway), *filter(None, answers)]
    memory.note(gateway, findings)
    return findings


def _own(gateway: ApiGateway) -> list[Finding]:
    """What our own records tell."""
    verdicts = {
        ("target_url", _("Target URL")): _no_target(gateway),
        ("last_run", _("Last run")): judging.last_run(gateway),
        ("rotation", _("Rotation of the secret")): judging.rotation(gateway),
    }
    return [finding(*name, verdict) for name, verdict in verdicts.items() if verdict]


def _no_target(gateway: ApiGateway) -> Verdict | None:
    if gateway.target_base_endpoint:
        return None
    return red(
        _("The gateway has no target URL: there is nothing to call."),
        _("Enter where your view is."),
        Fix.SETTINGS,
    )


def _answer(question: Question, gateway: ApiGateway, seen: Glance[Any]) -> Finding | None:
    known = question.judge(gateway, seen.found) if seen.seen_on else None
    if seen.problem is None:
        verdict = known
    elif isinstance(seen.problem, question.faults):
        verdict = red(str(seen.problem), _("Until then nothing can be applied."))
    else:
        verdict = unknown(_unanswered(seen, known))
    return finding(question.key, question.title, verdict) if verdict else None


def _unanswered(seen: Glance[Any], known: Verdict | None) -> str:
    """The reason, and how it was when it was last seen."""
    slow = isinstance(seen.problem, TooSlow)
    why = _("There was no answer in time. Look again in a moment.") if slow else str(seen.problem)
    if known is None or seen.seen_on is None:
        return why
    before = {"why": why, "age": age(seen.seen_on), "known": known.why}
    return _("%(why)s It was, %(age)s ago: %(known)s") % before
