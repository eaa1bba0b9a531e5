"""Exports what a list shows, or what is selected in it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apigw_ws_admin.downloads import FormatForm, download
from apigw_ws_admin.pages import number
from apigw_ws_admin.resources.base import Transfer
from apigw_ws_admin.resources.records import Columns, Export
from apigw_ws_admin.sites import reverse

#: In the URL: the primary keys of what was selected.
CHOSEN = "chosen"


class Exporting(ModelAdmin):
    """For users who may view the list."""

    exports: ClassVar[type[Transfer] | Columns]
    actions: Any = ("export_selected",)

    def exporter(self, request: HttpRequest) -> Transfer | Export:
        """Return the export of what this user may see."""
        if isinstance(self.exports, Columns):
            return Export(self.exports, by=request.user)
        return self.exports(by=request.user)

    def has_export_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.has_view_permission(request))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Give the export button the list's filters."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        here, query = self._export_url(), request.GET.urlencode()
        for entry in (getattr(response, "context_data", None) or {}).get("actions_list", ()):
            for link in (entry, *entry.get("items", ())):
                if query and link.get("path") == here:
                    link["path"] = f"{here}?{query}"
        return response

    @action(
        description=gettext_lazy("Export"), icon="download", permissions=["export"], url_path="export-file"
    )
    def export_file(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the format, and stream the file."""
        chosen = [*filter(None, map(number, request.GET.get(CHOSEN, "").split(",")))]
        try:
            rows = self.get_queryset(request).filter(pk__in=chosen) if chosen else self._listed(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self._list_url())
        query = request.GET.copy()
        query.pop(CHOSEN, None)
        exporter = self.exporter(request)
        form = FormatForm(request.POST or None, formats=exporter.formats)
        if form.is_valid():
            return download(
                request,
                form.format,
                name=str(self.opts.model_name),
                what=str(self.opts.verbose_name_plural),
                columns=exporter.columns(),
                records=exporter.records(rows),
            )
        context = self.admin_site.each_context(request) | {
            "title": _("Export"),
            "opts": self.opts,
            "form": form,
            "columns": exporter.columns(),
            "chosen": len(chosen),
            "back": f"{self._list_url()}?{query.urlencode()}",
        }
        return TemplateResponse(request, "apigw_ws_admin/transfer/export.html", context)

    @admin.action(description=gettext_lazy("Export"), permissions=["export"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Go to the export of these rows or, if all pages are selected, of all that the list shows."""
        query = request.GET.copy()
        if request.POST.get("select_across") != "1":
            query[CHOSEN] = ",".join(map(str, queryset.values_list("pk", flat=True)))
        return HttpResponseRedirect(f"{self._export_url()}?{query.urlencode(safe=',')}")

    def _listed(self, request: HttpRequest) -> QuerySet[Any]:
        """All that the list shows on all pages, in its order."""
        query = request.GET.copy()
        for name in (PAGE_VAR, ALL_VAR, ERROR_FLAG, CHOSEN):
            query.pop(name, None)
        request.GET = query  # type: ignore[assignment]
        found: QuerySet[Any] = self.get_changelist_instance(request).queryset
        return found

    def _export_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export_file")

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
