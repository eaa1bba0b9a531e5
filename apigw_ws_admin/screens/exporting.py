"""Exporting what a list shows, or what is selected in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget

from apigw_ws.models import AuditEvent
from apigw_ws.services import audit
from apigw_ws_admin.pages import address_of, number
from apigw_ws_admin.resources.base import Transfer
from apigw_ws_admin.resources.formats import Format, Record
from apigw_ws_admin.resources.records import Columns, Export

#: In the URL: the primary keys of what was selected.
CHOSEN = "chosen"


class Exporting(ModelAdmin):
    """For those who may look at the list."""

    exports: ClassVar[type[Transfer] | Columns]
    actions: Any = ("export_selected",)

    def exporter(self, request: HttpRequest) -> Transfer | Export:
        """What this user may export."""
        if isinstance(self.exports, Columns):
            return Export(self.exports, by=request.user)
        return self.exports(by=request.user)

    def has_export_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.has_view_permission(request))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The way to the export goes on with what the list is narrowed to."""
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
        """Asks for the format, and sends the file, row by row as it is read."""
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
            return self._file(request, form.format, exporter, rows)
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
        """On to the export of these; where all pages are selected, of all that the list shows."""
        query = request.GET.copy()
        if request.POST.get("select_across") != "1":
            query[CHOSEN] = ",".join(map(str, queryset.values_list("pk", flat=True)))
        return HttpResponseRedirect(f"{self._export_url()}?{query.urlencode(safe=',')}")

    def _listed(self, request: HttpRequest) -> QuerySet[Any]:
        """All that the list shows on its pages, in its order."""
        query = request.GET.copy()
        for name in (PAGE_VAR, ALL_VAR, ERROR_FLAG, CHOSEN):
            query.pop(name, None)
        request.GET = query  # type: ignore[assignment]
        found: QuerySet[Any] = self.get_changelist_instance(request).queryset
        return found

    def _file(
        self, request: HttpRequest, fmt: Format, exporter: Transfer | Export, rows: QuerySet[Any]
    ) -> StreamingHttpResponse:
        records = self._noted(request, fmt, exporter.records(rows))
        chunks = fmt.chunks(exporter.columns(), records)
        stream: Any = _asynchronous(chunks) if isinstance(request, ASGIRequest) else chunks
        name = f"{self.opts.model_name}-{timezone.now():%Y-%m-%d-%H%M}.{fmt.extensions[0]}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(stream, content_type=fmt.content_type, headers=headers)

    def _noted(self, request: HttpRequest, fmt: Format, records: Iterable[Record]) -> Iterator[Record]:
        """When it is over: who took how much; not which, as a search may name an address."""
        count, by, ip = 0, request.user, address_of(request)
        try:
            for count, record in enumerate(records, 1):  # noqa: B007
                yield record
        finally:
            what, after = str(self.opts.verbose_name_plural), {"rows": count, "format": fmt.title}
            audit.record(AuditEvent.Verb.EXPORT, None, what=what, by=by, ip=ip, after=after)  # type: ignore[arg-type]

    def _export_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export_file")

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


class FormatForm(forms.Form):
    """How to write the file: its ``format``, when it is valid."""

    choice = forms.ChoiceField(label=gettext_lazy("Format"), widget=UnfoldAdminRadioSelectWidget)

    def __init__(self, *args: Any, formats: Iterable[Format], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._formats = {each.extensions[0]: each for each in formats}
        self.fields["choice"].choices = [(key, each.title) for key, each in self._formats.items()]  # type: ignore[attr-defined]
        self.fields["choice"].initial = next(iter(self._formats))

    @property
    def format(self) -> Format:
        return self._formats[self.cleaned_data["choice"]]


async def _asynchronous(chunks: Generator[bytes]) -> AsyncIterator[bytes]:
    """As it is read, where Django would otherwise collect all of it first: under ASGI."""
    following = sync_to_async(lambda: next(chunks, None))
    try:
        while (chunk := await following()) is not None:
            yield chunk
    finally:
        await sync_to_async(chunks.close)()
