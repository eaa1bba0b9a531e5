"""Lists that refresh themselves, and send nothing while nothing has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from unfold.admin import ModelAdmin
from unfold.views import ChangeList


class LiveList(ModelAdmin):
    """The browser (``live.js``) comes with the version that it shows, and gets 204 while there is no other.

    Otherwise the rows and the pages alone are sent, and put in row by row. HTTP's own ETag cannot serve here:
    pages of the admin are never stored.
    """

    change_list_template = "apigw_ws_admin/sessions/list.html"
    live_template = "apigw_ws_admin/sessions/_live.html"
    #: What stands there instead of rows where there are none.
    nobody_template: str

    class Media:
        css = {"all": ("apigw_ws_admin/gateways.css", "apigw_ws_admin/live.css")}
        js = ("apigw_ws_admin/live.js",)

    def figure_of(self, rows: Any) -> str:
        """How many there are on all pages."""
        raise NotImplementedError

    def shown_of(self, row: Any) -> tuple[Any, ...]:
        """All of a row that is shown: to read it costs a tenth of rendering it."""
        raise NotImplementedError

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if not isinstance(response, TemplateResponse) or not context or "cl" not in context:
            return response
        context["figure"] = self._figure(context["cl"])
        context.setdefault("nobody", self.nobody_template)
        version = self._version(context["figure"], context["cl"].result_list)
        seen = request.headers.get("X-Live") if getattr(request, "htmx", False) else None
        if seen == version:
            return HttpResponse(status=204)
        context["live_version"] = response.headers["X-Live"] = version
        patch_vary_headers(response, ["HX-Request", "X-Live"])
        if seen is not None:
            response.template_name = self.live_template
        return response

    def _figure(self, changes: ChangeList) -> str:
        """What fits on the first page is counted by showing it."""
        shown = len(changes.result_list)
        fits = changes.page_num == 1 and shown < changes.list_per_page
        return str(shown) if fits else self.figure_of(changes.queryset)

    def _version(self, figure: str, rows: Iterable[Any]) -> str:
        shown = [self.shown_of(row) for row in rows]
        return blake2b(repr((figure, shown)).encode(), digest_size=9).hexdigest()


def framed(
    listing: LiveList,
    response: HttpResponse,
    template: str,
    context: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """The list as a page about something: in ``template``, which extends ``list_template``, with ``context``.

    What the list says to a refresh or an action stays as it is.
    """
    whole = getattr(response, "context_data", None)
    if not isinstance(response, TemplateResponse) or not whole or "cl" not in whole:
        return response
    if response.template_name != listing.live_template:
        response.context_data = whole | context() | {"list_template": response.template_name}
        response.template_name = template
    return response
