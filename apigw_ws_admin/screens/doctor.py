"""The doctor's pages: what is wrong with the project and its gateways, why, and what helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway
from apigw_ws.services import doctor
from apigw_ws.services.doctor import Finding, Fix, Level
from apigw_ws_admin.labels import FINDING
from apigw_ws_admin.pages import dialog_button, gateway_for, lazily, number
from apigw_ws_admin.permissions import APPLY, CHANGE, ROTATE_SECRET, demand_look
from apigw_ws_admin.sites import reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A link to a page of the gateway, for those with the permission."""

    label: str | Promise
    page: str
    more: tuple[str, ...] = ()
    permission: str = ""
    dialog: bool = False


WAYS: Final = {
    Fix.APPLY: Way(label=gettext_lazy("Review and apply …"), page="apply", permission=APPLY, dialog=True),
    Fix.ROTATE: Way(
        label=gettext_lazy("Rotate the secret …"),
        page="secret",
        more=("rotate",),
        permission=ROTATE_SECRET,
        dialog=True,
    ),
    Fix.SECRET: Way(label=gettext_lazy("Go on with the rotation"), page="security"),
    Fix.SETTINGS: Way(label=gettext_lazy("Open the settings"), page="change", permission=CHANGE),
    Fix.DOMAIN: Way(label=gettext_lazy("Look at the domain"), page="domain"),
    Fix.POLICY: Way(label=gettext_lazy("See the IAM policy"), page="security"),
    Fix.HISTORY: Way(label=gettext_lazy("See the deployments"), page="deployments"),
}


#: How many gateways' cards the page has places for at a time.
PLACES: Final = 50
#: The levels that a card shows in full.
SHOWN: Final = (Level.AMBER, Level.RED)


class Doctor(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_apigateway"
        here = "<int:object_id>/doctor/"
        return [
            path("doctor/", wrap(self.doctors_view), name=f"{name}_doctors"),
            path(here, wrap(self.doctor_view), name=f"{name}_doctor"),
            path(f"{here}card/", wrap(self.doctor_card_view), name=f"{name}_doctor_card"),
            *super().get_urls(),
        ]

    def doctors_view(self, request: HttpRequest) -> HttpResponse:
        """Show what concerns all gateways; each gateway's card loads when it is scrolled to.

        To htmx, only the places of the cards ``?from=``.
        """
        demand_look(self, request)
        gateways = self._places(request)
        if getattr(request, "htmx", False):
            return render(request, "apigw_ws_admin/doctor/_places.html", gateways)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "model_admin": self}
        context |= {"title": _("Doctor"), **gateways}
        context |= _report(request, None, doctor.of_project())
        return TemplateResponse(request, "apigw_ws_admin/doctor/page.html", context)

    def _places(self, request: HttpRequest) -> dict[str, Any]:
        """The gateways from an index on, and the index to go on from, if there are more."""
        first = number(request.GET.get("from", ""))
        found = list(self.get_queryset(request)[first : first + PLACES + 1])
        return {"gateways": found[:PLACES], "next": first + PLACES if len(found) > PLACES else None}

    def doctor_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        gateway = gateway_for(self, request, object_id)

        def look() -> dict[str, Any]:
            return _report(request, gateway, doctor.of_gateway(gateway))

        return lazily(self, request, gateway, "_doctor.html", title=_("Doctor"), look=look, tab="overview")

    def doctor_card_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show a gateway's problems in full, and what is fine or unknown in short."""
        gateway = gateway_for(self, request, object_id)
        found = doctor.of_gateway(gateway)
        context = {"gateway": gateway} | _report(request, gateway, found)
        context["rows"] = [row for row in context["rows"] if row["finding"].level in SHOWN]
        context["unknown"] = [each for each in found if each.level == Level.UNKNOWN]
        return render(request, "apigw_ws_admin/doctor/_card.html", context)


def _report(request: HttpRequest, gateway: ApiGateway | None, findings: list[Finding]) -> dict[str, Any]:
    """The findings, the worst first."""
    ordered = sorted(findings, key=lambda finding: -finding.level.gravity)
    rows = [
        {"finding": each, "colour": FINDING[each.level], "fix": _fix(request, gateway, each)}
        for each in ordered
    ]
    return {"rows": rows, "counts": _counts(findings)}


def _counts(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The number of findings of each level, the worst first."""
    number = Counter(each.level for each in findings)
    return [
        {"text": f"{level.label}: {number[level]}", "colour": FINDING[level]}
        for level in reversed(Level)
        if number[level]
    ]


def _fix(request: HttpRequest, gateway: ApiGateway | None, finding: Finding) -> dict[str, Any] | None:
    if gateway is None or finding.fix is None:
        return None
    if finding.fix == Fix.ACCOUNT:
        return _account(request, gateway)
    way = WAYS[finding.fix]
    if way.permission and not request.user.has_perm(way.permission):
        return None
    if way.dialog:
        name = f"fix-{gateway.pk}-{finding.key}"
        return {"label": way.label, **dialog_button(gateway, way.page, *way.more, name=name)}
    href = reverse(f"admin:apigw_ws_apigateway_{way.page}", args=[gateway.pk, *way.more])
    return {"label": way.label, "href": href, "opens": ""}


def _account(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any] | None:
    if gateway.account_id is None or not request.user.has_perm("apigw_ws.view_awsaccount"):
        return None
    href = reverse("admin:apigw_ws_awsaccount_change", args=[gateway.account_id])
    return {"label": _("Look at the account"), "href": href, "opens": ""}
