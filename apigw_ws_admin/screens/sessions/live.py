"""A list that refreshes itself, and sends nothing while nothing has changed."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from unfold.admin import ModelAdmin

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.screens.sessions.counting import figure
from apigw_ws_admin.screens.sessions.page import channels_of


class LiveList(ModelAdmin):
    """The browser (``live.js``) comes with the version that it shows, and gets 204 while there is no other.

    Otherwise the rows and the pages alone are sent, and put in row by row. HTTP's own ETag cannot serve here:
    pages of the admin are never stored.
    """

    change_list_template = "apigw_ws_admin/sessions/list.html"
    live_template = "apigw_ws_admin/sessions/_live.html"

    class Media:
        css = {"all": ("apigw_ws_admin/gateways.css", "apigw_ws_admin/live.css")}
        js = ("apigw_ws_admin/live.js", "apigw_ws_admin/dialogs.js")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if not isinstance(response, TemplateResponse) or not context or "cl" not in context:
            return response
        context["figure"] = figure(context["cl"].queryset)
        version = _version(context["figure"], context["cl"].result_list)
        seen = request.headers.get("X-Live") if getattr(request, "htmx", False) else None
        if seen == version:
            return HttpResponse(status=204)
        context["live_version"] = response.headers["X-Live"] = version
        patch_vary_headers(response, ["HX-Request", "X-Live"])
        if seen is not None:
            response.template_name = self.live_template
        return response


def _version(figure: str, rows: Iterable[WebSocketSession]) -> str:
    """Of all that is shown: to read it costs a tenth of rendering it."""
    shown = [
        (
            row.pk,
            row.state,
            str(row.user),
            channels_of(row),
            str(row.api_gateway),
            row.active_on,
            row.updated_on,
            row.request_count,
            row.messages_out,
        )
        for row in rows
    ]
    return blake2b(repr((figure, shown)).encode(), digest_size=9).hexdigest()
