"""The monitoring page: first its frame, then CloudWatch's numbers, refreshed every minute."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway
from apigw_ws.services import metrics
from apigw_ws.services.marks import marks
from apigw_ws.services.metrics import SPANS, Span
from apigw_ws.services.quotas import quotas
from apigw_ws_admin import tabs
from apigw_ws_admin.pages import gateway_for
from apigw_ws_admin.screens.monitoring import drawing

#: The texts of the links to the spans.
LABELS: Final = {"1h": _("1 hour"), "24h": _("24 hours"), "7d": _("7 days")}


class Monitoring(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.monitoring_view)
        name = "apigw_ws_apigateway_monitoring"
        return [path("<int:object_id>/monitoring/", view, name=name), *super().get_urls()]

    def monitoring_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the traffic of the last ``?range=``, one of ``SPANS``."""
        gateway = gateway_for(self, request, object_id)
        span = SPANS.get(request.GET.get("range", ""), SPANS["1h"])
        if getattr(request, "htmx", False):
            with _zone_of(request):
                return render(request, "apigw_ws_admin/monitoring/_part.html", _part(request, gateway, span))
        context = self.admin_site.each_context(request) | {"opts": self.opts}
        context |= tabs.frame(request, gateway, title=_("Monitoring"), tab="monitoring")
        context |= {"span": span, "spans": LABELS}
        return TemplateResponse(request, "apigw_ws_admin/monitoring/page.html", context)


def _part(request: HttpRequest, gateway: ApiGateway, span: Span) -> dict[str, Any]:
    context = {"gateway": gateway, "url": request.get_full_path(), "span": span}
    if not gateway.api_id:
        return context | {"quotas": quotas(gateway, peak=None, seconds=span.fine)}
    seen = metrics.traffic(gateway, span)
    peak = seen.found.peak if seen.found else None
    context |= {"glance": seen, "quotas": quotas(gateway, peak=peak, seconds=span.fine)}
    return context | (_charts(gateway, seen.found) if seen.found else {})


def _charts(gateway: ApiGateway, traffic: metrics.Traffic) -> dict[str, Any]:
    found = marks(gateway, since=traffic.moments[0])
    return {
        "traffic": traffic,
        "charts": drawing.drawn(traffic),
        "stripes": drawing.stripes(traffic, found),
        "dividers": drawing.dividers(traffic),
        "ticks": drawing.ticks(traffic),
        "step": drawing.step(traffic.span),
        "zone": timezone.get_current_timezone_name(),
    }


def _zone_of(request: HttpRequest) -> AbstractContextManager[Any]:
    """The zone that the browser names, in which times are written."""
    try:
        return timezone.override(ZoneInfo(request.headers["X-Time-Zone"]))
    except (KeyError, ValueError, OSError):  # none was named, or none of that name is known
        return nullcontext()
