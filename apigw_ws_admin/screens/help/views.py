"""The index of codes, and a page for each, for every signed-in user: they hold no data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws_admin.help import catalogue
from apigw_ws_admin.help.values import Entry, Family
from apigw_ws_admin.screens.help import lately
from apigw_ws_admin.screens.help.places import places_for
from apigw_ws_admin.sites import reverse


class Help(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("help/", wrap(self.help_view), name="apigw_ws_help"),
            path("help/<str:code>/", wrap(self.help_page_view), name="apigw_ws_help_page"),
            *super().get_urls(),
        ]

    def help_view(self, request: HttpRequest) -> HttpResponse:
        """Show all codes by family, or those that ``?q=`` finds."""
        words = request.GET.get("q", "").strip()[:64]
        found = list(catalogue.search(words)) if words else list(catalogue.ENTRIES)
        context = {"words": words, "families": list(_by_family(found)), "code": _code(words)}
        if getattr(request, "htmx", False):
            return render(request, "apigw_ws_admin/help/_codes.html", context)
        title = _("What codes mean")
        return self._page(request, "index", context | {"title": title, "crumbs": [(title, "")]})

    def help_page_view(self, request: HttpRequest, code: str) -> HttpResponse:
        """Show the page about a code; 404 for what cannot be one."""
        if not catalogue.CODE.fullmatch(code):
            raise Http404
        entry = catalogue.entry_for(code)
        context = {
            "title": entry.title,
            "crumbs": [(_("What codes mean"), reverse("admin:apigw_ws_help")), (code, "")],
            "entry": entry,
            "code": code,
            "others": [each for each in entry.codes if each != code],
            "sightings": lately.sightings(request, entry),
            "request_id": lately.request_id(request, entry),
            "places": list(places_for(request, entry.places)),
        }
        return self._page(request, "page", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | context
        return TemplateResponse(request, f"apigw_ws_admin/help/{name}.html", context)


def _by_family(entries: list[Entry]) -> Iterator[tuple[Family, list[Entry]]]:
    for family in Family:
        if those := [entry for entry in entries if entry.family == family]:
            yield family, those


def _code(words: str) -> str:
    """The search term, if it may be a code of AWS's."""
    return words if catalogue.CODE.fullmatch(words) else ""
