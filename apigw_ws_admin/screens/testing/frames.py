"""Frames that are saved to be sent again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.exceptions import MAX_MESSAGE_BYTES
from apigw_ws.models import ApiGateway, SavedFrame
from apigw_ws.services import frames
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import CHANGE_FRAME


class FrameForm(forms.Form):
    """A frame to save; an existing name takes the permission and the wish to replace that frame."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)
    payload = forms.CharField(label=gettext_lazy("Frame"), max_length=MAX_MESSAGE_BYTES, strip=False)
    everywhere = forms.BooleanField(required=False)
    replace = forms.BooleanField(required=False)

    def __init__(self, request: HttpRequest, gateway: ApiGateway) -> None:
        super().__init__(request.POST)
        self.request, self.gateway = request, gateway

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        gateway = None if cleaned.get("everywhere") else self.gateway
        if SavedFrame.objects.filter(gateway=gateway, name=cleaned.get("name")).exists():
            if not self.request.user.has_perm(CHANGE_FRAME):
                raise forms.ValidationError(_("There is a frame of this name. Choose another one."))
            if not cleaned.get("replace"):
                raise forms.ValidationError(
                    _("There is a frame of this name. Choose another one, or tick “Replace”.")
                )
        return cleaned | {"gateway": gateway}

    def problem(self) -> str:
        """Return the form's errors in a sentence or two."""
        said = [f"{field.label}: {error}" for field in self for error in field.errors]
        return " ".join((*said, *self.non_field_errors()))

    def keep(self) -> SavedFrame:
        said = self.cleaned_data
        return frames.keep(
            said["gateway"],
            said["name"],
            said["payload"],
            by=self.request.user,  # type: ignore[arg-type]
            ip=address_of(self.request),
        )
