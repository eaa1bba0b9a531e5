"""A gateway's overview: what is deployed, who is connected, what went wrong, and how to try it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway
from apigw_ws.services import domains, summaries
from apigw_ws_admin import tabs
from apigw_ws_admin.moments import past
from apigw_ws_admin.pages import gateway_for

GATEWAYS: Final = "apigw_ws_admin/gateways"
#: For a browser's console: connects, and logs what is received.
JAVASCRIPT: Final = "new WebSocket(%s).onmessage = ({ data }) => console.log(data)"


class Overview(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name, here = self.admin_site.admin_view, "apigw_ws_apigateway", "<int:object_id>/overview/"
        return [
            path(here, wrap(self.overview_view), name=f"{name}_overview"),
            path(f"{here}domain/", wrap(self.domain_card_view), name=f"{name}_domain_card"),
            *super().get_urls(),
        ]

    def overview_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what is known here; AWS's answers are loaded into the panel and the domain's card."""
        gateway = gateway_for(self, request, object_id)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "original": gateway}
        context |= tabs.frame(request, gateway, title=_("Overview"), tab="overview")
        return TemplateResponse(request, f"{GATEWAYS}/overview.html", context | _known(gateway))

    def domain_card_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        gateway = gateway_for(self, request, object_id)
        found = domains.observe(gateway)
        context = {"gateway": gateway, "glance": found, "domain": found.found}
        return render(request, f"{GATEWAYS}/overview/_domain.html", context)


def _known(gateway: ApiGateway) -> dict[str, Any]:
    (summary,) = summaries.of([gateway])
    since = timezone.now() - summaries.RECENT
    return {
        "summary": summary,
        "since": since,
        "connects": gateway.sessions.filter(created_on__gte=since).count(),
        "top_reason": _top_reason(gateway, since),
        "deployed": past(summary.deployed.on) if summary.deployed else "",
        "javascript": JAVASCRIPT % json.dumps(gateway.client_url),
        "seen": past(summary.seen.seen_on) if summary.seen else "",
    }


def _top_reason(gateway: ApiGateway, since: datetime) -> str:
    """The most frequent reason of refusals."""
    recent = gateway.refusals.filter(created_on__gte=since).order_by()
    most = recent.values_list("reason").annotate(times=Count("pk")).order_by("-times", "reason").first()
    return most[0] if most else ""
