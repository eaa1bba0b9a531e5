"""Imports records from a file: shows what would change, and does it when that is confirmed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.resources import importing
from apigw_ws_admin.resources.base import Transfer
from apigw_ws_admin.resources.formats import MOST_BYTES, Record, read
from apigw_ws_admin.resources.importing import Outcome
from apigw_ws_admin.resources.strict import BadFile
from apigw_ws_admin.sites import reverse


class FileForm(forms.Form):
    """Asks for a file; once valid, ``records`` is what it holds."""

    file = forms.FileField(label=gettext_lazy("File"), widget=UnfoldAdminFileFieldWidget, max_length=200)
    records: list[Record]

    def __init__(self, *args: Any, resource: Transfer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resource = resource
        endings = [f".{extension}" for each in resource.formats for extension in each.extensions]
        self.fields["file"].widget.attrs["accept"] = ",".join(endings)

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            # One byte more than allowed shows that the file is too large.
            self.records = read(file.name or "", file.read(MOST_BYTES + 1), self.resource.formats)
            self.resource.dataset(self.records)
        except BadFile as error:
            raise ValidationError(explained(error)) from error
        return file


class Importing(ModelAdmin):
    """For users who may both add and change such records."""

    transfer: ClassVar[type[Transfer]]

    def has_import_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perms(self.transfer.permissions())

    @action(description=gettext_lazy("Import"), icon="upload", permissions=["import"], url_path="import-file")
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file and show what it would do; do that when it comes back with ``seen``."""
        resource = self.transfer(by=request.user, ip=address_of(request))
        form = FileForm(files=_files(request) if request.method == "POST" else None, resource=resource)
        context: dict[str, Any] = {"form": form, "resource": resource}
        if form.is_valid():
            file, seen = form.cleaned_data["file"], request.POST.get("seen", "")
            if not seen:
                outcome = importing.preview(resource, form.records)
            elif (outcome := importing.carry_out(resource, form.records, file=file.name, seen=seen)).done:
                return self._finished(request, outcome)
            else:
                # A new resource, because the first one remembers the rows of its preview.
                again = self.transfer(by=resource.by, ip=resource.ip)
                outcome = importing.preview(again, form.records)
                context["moved"] = True
            file.seek(0)
            context |= {"outcome": outcome, "name": file.name, "data": b64encode(file.read()).decode()}
        context |= self.admin_site.each_context(request)
        context |= {"title": _("Import"), "opts": self.opts, "back": self._back()}
        return TemplateResponse(request, "apigw_ws_admin/transfer/import.html", context)

    def _finished(self, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        counts = {kind: outcome.counts.get(kind, 0) for kind in ("new", "changed", "same")}
        done = _("Imported: %(new)d new, %(changed)d changed, %(same)d as they were.") % counts
        messages.success(request, f"{done} {self.transfer.next_step}".strip())
        return HttpResponseRedirect(self._back())

    def _back(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


def _files(request: HttpRequest) -> Any:
    """The chosen file, or the previewed one, which the form carries: the server does not keep it."""
    if "data" not in request.POST:
        return request.FILES
    try:
        data = b64decode(request.POST["data"], validate=True)
    except Error:
        data = b""
    return {"file": SimpleUploadedFile(request.POST.get("name") or "?", data)}
