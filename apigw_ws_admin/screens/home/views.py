"""The first page, in parts: a refresh sends those that have changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway
from apigw_ws.services import first_steps, health, trends
from apigw_ws.services.health import Health
from apigw_ws.services.trends import SPANS, Span
from apigw_ws_admin.screens.home import charts, first, numbers
from apigw_ws_admin.screens.home.needs import Known, needs
from apigw_ws_admin.sites import reverse

GATEWAYS: Final = "apigw_ws.view_apigateway"
#: The permissions of which a user needs one to see anything.
ANY: Final = (GATEWAYS, charts.SESSIONS, charts.REFUSALS, "apigw_ws.view_run", "apigw_ws.view_broadcast")
#: The texts of the links to the spans.
LABELS: Final = {
    "1h": gettext_lazy("1 hour"),
    "24h": gettext_lazy("24 hours"),
    "7d": gettext_lazy("7 days"),
}

#: Of each gateway, of which there may be thousands: its name and link, its health, where clients connect.
_SHOWN: Final = (
    "api_name",
    "deployment_id",
    "updated_on",
    "domain_name",
    "api_endpoint",
    "api_mapping_id",
    "live_domain_name",
    "live_stage_name",
    "stage_name",
    "sighting__problem",
    "sighting__seen_on",
    "sighting__pending",
    "sighting__domain_name",
    "sighting__domain_seen_on",
    "sighting__certificate_ends_on",
)

#: A third of what the templates write.
_LINE_ENDS: Final = re.compile(r"\s*\n\s*")

May = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    html: str

    @property
    def version(self) -> str:
        """Return a version that changes with the content."""
        return blake2b(self.html.encode(), digest_size=6).hexdigest()


class Home(ModelAdmin):
    """Serves the page at a URL of its own, for projects whose index is another."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.home_view)
        return [path("home/", view, name="apigw_ws_apigateway_home"), *super().get_urls()]

    def home_view(self, request: HttpRequest) -> HttpResponse:
        """Show the page; to htmx, only the parts of which the browser has other versions, or 204.

        A POST dismisses the card with the first steps, or brings it back (``shown``).
        """
        if request.method == "POST":
            _turn_card(request)
            if not getattr(request, "htmx", False):
                return redirect(request.get_full_path())
        if getattr(request, "htmx", False):
            seen = request.headers.get("X-Live", "").split(",")
            changed = [part for part in _parts(request, _span(request)) if part.version not in seen]
            if not changed:
                return HttpResponse(status=204)
            return render(request, "apigw_ws_admin/home/_parts.html", {"parts": changed})
        context = self.admin_site.each_context(request) | {"title": _("Overview")}
        return TemplateResponse(request, "apigw_ws_admin/home/page.html", dashboard(request, context))


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """For UNFOLD["DASHBOARD_CALLBACK"], if the admin's ``index_template`` is ``home/page.html``."""
    span = _span(request)
    return context | {
        "parts": list(_parts(request, span)),
        "span": span,
        "spans": LABELS,
        "refresh": reverse("admin:apigw_ws_apigateway_home", query={"range": span.name}),
        "first_steps": first.offered(request),
    }


def _turn_card(request: HttpRequest) -> None:
    turn = first_steps.bring_back if request.POST.get("shown") else first_steps.dismiss
    turn(request.user)  # type: ignore[arg-type]


def _span(request: HttpRequest) -> Span:
    return SPANS.get(request.GET.get("range", ""), SPANS["1h"])


def _parts(request: HttpRequest, span: Span) -> Iterator[Part]:
    may: May = request.user.has_perm
    gateways = _gateways(may)
    now = trends.now()
    if first.offered(request):
        yield _part(request, "first", **first.card(request, [gateway for gateway, _health in gateways]))
    yield _part(request, "needs", needs=needs(request, Known(gateways=gateways)), idle=not any(map(may, ANY)))
    yield _part(request, "numbers", tiles=numbers.tiles(now, may), now=now)
    if may(charts.SESSIONS) or may(charts.REFUSALS):
        yield _part(request, "charts", **_charts(span, may, gateways))
    yield _part(request, "lists", **_lists(may, gateways, now))


def _part(request: HttpRequest, name: str, **context: Any) -> Part:
    html = render_to_string(f"apigw_ws_admin/home/_{name}.html", context, request)
    return Part(name=name, html=_LINE_ENDS.sub("\n", html).strip())


def _gateways(may: May) -> Sequence[tuple[ApiGateway, Health]]:
    if not may(GATEWAYS):
        return ()
    # An account as an object for each would take a tenth of the page's time.
    placed = ApiGateway.objects.annotate(environment=F("account__environment"))
    found = list(placed.select_related("sighting").only(*_SHOWN))
    return list(zip(found, health.of(found), strict=True))


def _charts(span: Span, may: May, gateways: Sequence[tuple[ApiGateway, Health]]) -> dict[str, Any]:
    trend = trends.over(span)
    return {
        "trend": trend,
        "steps": len(trend.moments),
        "charts": charts.drawn(trend, may),
        "ticks": charts.ticks(trend),
        "dividers": charts.dividers(trend),
        "step": charts.step(span),
        # To try it with, where nobody is connected.
        "gateway": next((gateway for gateway, _health in gateways if gateway.client_url), None),
    }


def _lists(may: May, gateways: Sequence[tuple[ApiGateway, Health]], now: trends.Now) -> dict[str, Any]:
    context: dict[str, Any] = {}
    if may(GATEWAYS):
        context |= {"rows": numbers.rows(gateways, now), "number": len(gateways)}
    if may(charts.SESSIONS):
        context |= {"channels": numbers.busiest()}
    return context
