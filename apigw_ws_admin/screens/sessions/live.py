"""A list that refreshes itself, and sends nothing while nothing has changed."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from unfold.admin import ModelAdmin


class LiveList(ModelAdmin):
    """The browser (``live.js``) comes with the version that it shows: 204 if that is the one there is.

    Otherwise the rows and the pages alone are sent, and put in row by row. HTTP's own ETag cannot serve here:
    pages of the admin are never stored.
    """

    change_list_template = "apigw_ws_admin/sessions/list.html"
    live_template = "apigw_ws_admin/sessions/_live.html"

    class Media:
        css = {"all": ("apigw_ws_admin/gateways.css", "apigw_ws_admin/live.css")}
        js = ("apigw_ws_admin/live.js", "apigw_ws_admin/dialogs.js")

    def live_facts(self, changelist: ChangeList) -> object:
        """All that the rows show; its ``repr`` is compared."""
        raise NotImplementedError

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if not isinstance(response, TemplateResponse) or not context or "cl" not in context:
            return response
        version = blake2b(repr(self.live_facts(context["cl"])).encode(), digest_size=9).hexdigest()
        seen = request.headers.get("X-Live") if getattr(request, "htmx", False) else None
        if seen == version:
            return HttpResponse(status=204)
        context["live_version"] = response.headers["X-Live"] = version
        patch_vary_headers(response, ["HX-Request", "X-Live"])
        if seen is not None:
            response.template_name = self.live_template
        return response
