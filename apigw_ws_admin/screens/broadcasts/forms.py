"""The forms of a broadcast: to whom, what, when and how."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apigw_ws.conf import conf
from apigw_ws_admin.screens.broadcasts.audience import AudienceForm
from apigw_ws_admin.screens.broadcasts.message import MessageForm


class MomentField(forms.DateTimeField):
    """A future time in the zone ``zone``, which the form sets."""

    zone: Any = None

    def clean(self, value: Any) -> datetime | None:
        with timezone.override(self.zone):
            moment: datetime | None = super().clean(value)
        if moment is not None and moment <= timezone.now():
            raise ValidationError(_("This time is over. Name one that is to come."))
        return moment


class ComposeForm(AudienceForm, MessageForm):
    title = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For the list of broadcasts; the clients do not see it."),
        required=False,
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("For the audit trail."),
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
    )
    scheduled_for = MomentField(
        label=gettext_lazy("Send at"),
        required=False,
        help_text=gettext_lazy("Empty: as soon as you have confirmed."),
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
    )
    expires_on = MomentField(
        label=gettext_lazy("Not after"),
        required=False,
        help_text=gettext_lazy("If no worker has begun by then, nobody gets it."),
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
    )
    rate = forms.IntegerField(
        label=gettext_lazy("Messages per second, at most"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    live = forms.ChoiceField(
        label=gettext_lazy("Who gets it"),
        choices=(
            ("", gettext_lazy("Who is there when it begins")),
            ("yes", gettext_lazy("Whoever is there when their turn comes")),
        ),
        required=False,
        help_text=gettext_lazy(
            "The first leaves out who connects after it has begun; the second reaches them, too, and takes "
            "longer in a large channel."
        ),
        widget=UnfoldAdminRadioSelectWidget,
    )
    zone = forms.CharField(required=False, widget=forms.HiddenInput)
    draft = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.zone_name = zone_named(self["zone"].value())
        for name in ("scheduled_for", "expires_on"):
            self.fields[name].zone = self.zone_name  # type: ignore[attr-defined]
            self._show_moment(name)
        ceiling = _("Empty: the site's limit of %(rate)d, which all broadcasts share.")
        self.fields["rate"].help_text = ceiling % {"rate": conf.broadcast_rate}

    def _show_moment(self, name: str) -> None:
        """The value for such an input, in the site's zone; the browser converts it to its own."""
        if moment := self.initial.get(name):
            self.fields[name].widget.attrs["data-moment"] = moment.isoformat()
            self.initial[name] = f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"

    def clean(self) -> None:
        super().clean()
        start, end = self.cleaned_data.get("scheduled_for"), self.cleaned_data.get("expires_on")
        if start and end and end <= start:
            self.add_error("expires_on", _("It would be over before it is sent. Name a later time."))

    def wanted(self) -> dict[str, Any]:
        """Return the arguments for ``services.broadcasts.prepare``, once the form is valid."""
        names = ("with_id", "title", "reason", "scheduled_for", "expires_on")
        asked = {name: self.cleaned_data[name] for name in names}
        rate, snapshot = self.cleaned_data["rate"] or 0, not self.cleaned_data["live"]
        return asked | {"audience": self.audience, "payload": self.text, "rate": rate, "snapshot": snapshot}


def zone_named(name: object) -> Any:
    """Return the time zone that the browser named, or the site's if that is invalid."""
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        return timezone.get_current_timezone()
