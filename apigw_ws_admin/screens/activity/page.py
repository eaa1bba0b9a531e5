"""The timeline's page: its lines, the chart above them, what is new, and the export."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway, AuditEvent, Broadcast, Refusal, Run
from apigw_ws.services import activity
from apigw_ws.services.activity import Kind, Position
from apigw_ws_admin.downloads import FormatForm, download
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import VIEW_ADDRESS, lack, to_view
from apigw_ws_admin.resources.formats import CSV, JSON_LINES
from apigw_ws_admin.screens.activity import asking, drawing, exporting
from apigw_ws_admin.screens.activity.asking import Asked
from apigw_ws_admin.screens.activity.lines import line
from apigw_ws_admin.sites import reverse

TEMPLATES: Final = "apigw_ws_admin/activity"
MODELS: Final[dict[Kind, type[Model]]] = {
    Kind.RUN: Run,
    Kind.EVENT: AuditEvent,
    Kind.BROADCAST: Broadcast,
    Kind.REFUSAL: Refusal,
}


class Activity(ModelAdmin):
    """For the audit trail's admin. Users see the kinds whose records they may view; without any, 403."""

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_activity"
        return [
            path("activity/", wrap(self.activity_view), name=name),
            path("activity/chart/", wrap(self.chart_view), name=f"{name}_chart"),
            path("activity/newer/", wrap(self.newer_view), name=f"{name}_newer"),
            path("activity/export/", wrap(self.activity_export_view), name=f"{name}_export_file"),
            *super().get_urls(),
        ]

    def activity_view(self, request: HttpRequest) -> HttpResponse:
        """Show the newest, or what happened before ``?before=``; to htmx, only those lines."""
        kinds, gateways = self._kinds(request), _gateways()
        asked = asking.asked(request.GET, kinds=kinds, gateways=gateways)
        context = _lines(request, asked, gateways)
        if getattr(request, "htmx", False):
            return render(request, f"{TEMPLATES}/_more.html", context | {"oob": True})
        context |= self.admin_site.each_context(request) | _links(request, asked)
        context |= {
            "title": _("Activity"),
            "crumbs": [(_("Activity"), "")],
            "form": asking.form_of(asked, kinds=kinds, gateways=gateways),
            "is_filtered": bool(asked.query),
            "lanes": len(drawing.lanes_of(asked.wanted)),
        }
        return TemplateResponse(request, f"{TEMPLATES}/page.html", context)

    def chart_view(self, request: HttpRequest) -> HttpResponse:
        asked = asking.asked(request.GET, kinds=self._kinds(request), gateways=_gateways())
        counted = activity.counted(asked.wanted, since=asked.since, until=asked.until)
        return render(request, f"{TEMPLATES}/_chart.html", drawing.drawn(counted, asked.wanted))

    def newer_view(self, request: HttpRequest) -> HttpResponse:
        """Show how much has happened after ``?than=``; 204 while the page says so already."""
        asked = asking.asked(request.GET, kinds=self._kinds(request), gateways=_gateways())
        than = Position.parse(request.GET.get("than", "")) or Position.before(asked.now)
        found = activity.newer(asked.wanted, than.at)
        if found == number(request.GET.get("seen", "")):
            return HttpResponse(status=204)
        context = {"asked": asked, "than": than, "newer": found, "many": activity.MANY}
        return render(request, f"{TEMPLATES}/_newer.html", context)

    def activity_export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the format, and stream all that the timeline shows."""
        gateways = _gateways()
        asked = asking.asked(request.GET, kinds=self._kinds(request), gateways=gateways)
        form = FormatForm(request.POST or None, formats=(CSV, JSON_LINES))
        columns = exporting.columns(addresses=request.user.has_perm(VIEW_ADDRESS))
        if form.is_valid():
            records = exporting.records(asked.wanted, columns, gateways)
            return download(
                request, form.format, name="activity", what=_("Activity"), columns=columns, records=records
            )
        back = f"{reverse('admin:apigw_ws_activity')}?{asked.here()}"
        context = self.admin_site.each_context(request) | {
            "title": _("Export"),
            "crumbs": [(_("Activity"), back), (_("Export"), "")],
            "form": form,
            "columns": columns,
            "asked": asked,
            "back": back,
        }
        return TemplateResponse(request, "apigw_ws_admin/transfer/export.html", context)

    def _kinds(self, request: HttpRequest) -> tuple[Kind, ...]:
        kinds = kinds_for(request, self.admin_site)
        if not kinds:
            raise lack(*map(to_view, MODELS.values()))
        return kinds


def kinds_for(request: HttpRequest, site: Any) -> tuple[Kind, ...]:
    """Return the kinds whose records this user may view."""
    return tuple(
        kind
        for kind, model in MODELS.items()
        if site.is_registered(model) and site.get_model_admin(model).has_view_permission(request)
    )


def _gateways() -> dict[int, str]:
    return dict(ApiGateway.objects.order_by("api_name").values_list("pk", "api_name"))


def _lines(request: HttpRequest, asked: Asked, gateways: dict[int, str]) -> dict[str, Any]:
    before = Position.parse(request.GET.get("before", ""))
    found, addresses = activity.page(asked.wanted, before=before), request.user.has_perm(VIEW_ADDRESS)
    newest = found.entries[0].position if found.entries else Position.before(asked.now)
    return {
        "asked": asked,
        "lines": [
            (each, asked.by(each.who) if each.who else "", line(each, gateways, addresses=addresses))
            for each in found.entries
        ],
        "older": found.older,
        "before": before,
        "than": newest if asked.goes_on and before is None else None,
    }


def _links(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """Links to other time ranges, and a permanent one to exactly this."""
    length = asked.until - asked.since
    here = reverse("admin:apigw_ws_activity")
    return {
        "spans": [(name, label, asked.of_span(name)) for name, (_length, label) in asking.SPANS.items()],
        "earlier": asked.at(asked.since - length, asked.since),
        "later": "" if asked.goes_on else asked.at(asked.until, asked.until + length),
        "longer": asked.at(asked.since - length / 2, min(asked.until + length / 2, asked.now)),
        "link": request.build_absolute_uri(f"{here}?{asked.at(asked.since, asked.until)}"),
    }
