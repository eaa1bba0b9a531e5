"""Lists that refresh themselves, and send nothing unless something has changed."""

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
    """The browser (``live.js``) names the version that it shows, and gets 204 while that is current.

    Otherwise only the rows and the pagination are sent, and put in row by row. HTTP's ETag cannot be used:
    browsers do not store the admin's pages.
    """

    change_list_template = "apigw_ws_admin/sessions/list.html"
    live_template = "apigw_ws_admin/sessions/_live.html"
    #: What is shown if there are no rows.
    nobody_template: str

    class Media:
        css = {"all": ("apigw_ws_admin/gateways.css", "apigw_ws_admin/live.css")}
        js = ("apigw_ws_admin/live.js", "apigw_ws_admin/columns.js")

    def figure_of(self, rows: Any) -> str:
        """Return the number of rows on all pages, as text."""
        raise NotImplementedError

    def shown_of(self, row: Any) -> tuple[Any, ...]:
        """The values of a row that are shown: reading them costs a tenth of rendering them."""
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
        """Rows that fit on the first page are counted by showing them."""
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
    """Return the list in a page about something: ``template``, which extends ``list_template``.

    Answers of the list to a refresh or an action stay as they are.
    """
    whole = getattr(response, "context_data", None)
    if not isinstance(response, TemplateResponse) or not whole or "cl" not in whole:
        return response
    if response.template_name != listing.live_template:
        response.context_data = whole | context() | {"list_template": response.template_name}
        response.template_name = template
    return response
