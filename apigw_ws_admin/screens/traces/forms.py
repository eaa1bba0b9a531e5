"""The form that starts a trace."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apigw_ws.models import Trace, WebSocketSession
from apigw_ws.services import traces
from apigw_ws_admin.users import NamesUser


class TraceForm(NamesUser):
    """``request`` has the user who fills it in."""

    request: HttpRequest

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        help_text=gettext_lazy("From 1 to 60. It stops by itself, earlier where it is full."),
        min_value=1,
        max_value=traces.LONGEST,
        initial=10,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = Trace
        fields: ClassVar = [
            "connection_id",
            "channel_name",
            "ip_address",
            "reason",
            "redacted_keys",
            "whole_texts",
        ]

    def clean_connection_id(self) -> str:
        name: str = self.cleaned_data["connection_id"].strip()
        if name and not WebSocketSession.objects.filter(connection_id=name).exists():
            raise forms.ValidationError(
                _("No session has this connection ID. Look for it among the sessions.")
            )
        return name

    def clean_ip_address(self) -> str | None:
        return self.cleaned_data["ip_address"] or None

    def clean(self) -> None:
        super().clean()
        if self.errors:
            return
        for name, value in self.cleaned_data.items():
            if name in self.Meta.fields:
                setattr(self.instance, name, value)
        traces.check(self.instance, minutes=self.cleaned_data["minutes"])
