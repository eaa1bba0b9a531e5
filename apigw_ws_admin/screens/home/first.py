"""The card with the first steps, each with its state and a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_permission_codename, get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway
from apigw_ws.services import first_steps
from apigw_ws.services.first_steps import Progress
from apigw_ws_admin import sites
from apigw_ws_admin.permissions import APPLY, SEND_BROADCAST, SEND_MESSAGE, TEST, VIEW_SESSION
from apigw_ws_admin.sites import reverse

_ADD: Final = "apigw_ws.add_apigateway"
_VIEW: Final = "apigw_ws.view_apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    title: str
    #: What the step is for, and how to take it.
    text: str
    done: bool
    #: The link's text and URL; no URL while an earlier step has to be taken.
    way: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    gateways: Sequence[ApiGateway]
    progress: Progress


def offered(request: HttpRequest) -> bool:
    """Return whether there is a step that this user may take."""
    return not conf.read_only and any(may(request) for may, _make in _STEPS)


def card(request: HttpRequest, gateways: Sequence[ApiGateway]) -> dict[str, Any]:
    """Return what the card shows; no steps for those who have dismissed it."""
    progress = first_steps.progress(request.user)  # type: ignore[arg-type]
    if progress.dismissed:
        return {"steps": []}
    facts = Facts(gateways=gateways, progress=progress)
    return {
        "steps": [make(facts) for may, make in _STEPS if may(request)],
        "demo": apps.is_installed("apigw_ws_admin.demo"),
    }


def _add(facts: Facts) -> Step:
    return Step(
        title=_("Add a gateway"),
        text=_(
            "It is what browsers and apps connect to. "
            "The wizard asks for a region, a name and the URL of your view, and makes it in AWS."
        ),
        done=bool(facts.gateways),
        way=_("Open the wizard"),
        href=reverse("admin:apigw_ws_apigateway_wizard"),
    )


def _apply(facts: Facts) -> Step:
    waiting = next((each for each in facts.gateways if not each.deployment_id), None)
    return Step(
        title=_("Apply it to AWS"),
        text=_("A save changes the record only. The plan names each change in AWS before it is made."),
        done=any(each.deployment_id for each in facts.gateways),
        way=_("See what would be made"),
        href=reverse("admin:apigw_ws_apigateway_overview", args=[waiting.pk]) if waiting else "",
    )


def _connect(facts: Facts) -> Step:
    live = next((each for each in facts.gateways if each.client_url), None)
    return Step(
        title=_("Connect a client"),
        text=_(
            "The test console opens a WebSocket from this browser, shows what your view answers, "
            "and says why where it lets nobody in."
        ),
        done=facts.progress.connected,
        way=_("Open the test console"),
        href=reverse("admin:apigw_ws_apigateway_test", args=[live.pk]) if live else "",
    )


def _send(facts: Facts) -> Step:
    return Step(
        title=_("Send a message"),
        text=_("Choose a session and “Message”, or several: more than ten get it as a broadcast."),
        done=facts.progress.sent,
        way=_("See who is connected"),
        href=reverse("admin:apigw_ws_websocketsession_changelist") if facts.progress.connected else "",
    )


def _roles(_facts: Facts) -> Step:
    meta = get_user_model()._meta
    return Step(
        title=_("Let your colleagues in"),
        text=_(
            "“manage.py ws_roles” makes groups of viewers, operators, deployers and administrators. "
            "Give each person one, and staff status."
        ),
        done=first_steps.have_roles(),
        way=_("Open the users"),
        href=reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    )


def _all(*permissions: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perms(permissions)


def _may_send(request: HttpRequest) -> bool:
    may = request.user.has_perm
    return may(VIEW_SESSION) and (may(SEND_MESSAGE) or may(SEND_BROADCAST))


def _may_give_roles(request: HttpRequest) -> bool:
    meta = get_user_model()._meta
    codename = get_permission_codename("change", meta)
    return sites.has(get_user_model()) and request.user.has_perm(f"{meta.app_label}.{codename}")


#: Who may take the step, and the step.
_STEPS: Final[tuple[tuple[Callable[[HttpRequest], bool], Callable[[Facts], Step]], ...]] = (
    (_all(_VIEW, _ADD, APPLY), _add),
    (_all(_VIEW, APPLY), _apply),
    (_all(_VIEW, TEST), _connect),
    (_may_send, _send),
    (_may_give_roles, _roles),
)
