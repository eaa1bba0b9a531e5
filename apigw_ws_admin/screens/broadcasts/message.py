"""The form for a broadcast's message: JSON, with or without a template."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import BroadcastTemplate
from apigw_ws.services.broadcasts import payloads, templates
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.widgets import LongSelect

#: The prefix of the fields for a template's variables.
VARIABLE: Final = "variable-"


class MessageForm(forms.Form):
    """Once valid, ``text`` is the message with its variables filled in, and ``checked`` its size and form."""

    template = forms.ModelChoiceField(
        label=gettext_lazy("Template"),
        queryset=BroadcastTemplate.objects.only("name").order_by("name"),
        required=False,
        empty_label=gettext_lazy("None"),
        widget=LongSelect,
    )
    #: Whether the editor was filled from a template; only then does it have variables.
    filled = forms.BooleanField(required=False, widget=forms.HiddenInput)
    payload = forms.CharField(
        label=gettext_lazy("JSON, as the clients get it"),
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            {
                "rows": 12,
                "spellcheck": "false",
                "autocomplete": "off",
                "placeholder": '{"type": "notice", "text": "Hello"}',
            }
        ),
    )
    with_id = forms.BooleanField(
        label=gettext_lazy("Give each message the broadcast's ID"),
        help_text=gettext_lazy(
            "As “broadcast_id” in the JSON object. Where a worker is killed some get the message twice; a "
            "client drops what it has seen."
        ),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    text: str
    checked: payloads.Checked | None = None
    #: Why the message cannot be sent; it may have ``line`` and ``column``.
    problem: Any = None

    def variables(self) -> list[tuple[str, str, str]]:
        """Return field, name and value of each variable in the editor, if a template filled it."""
        if not self["filled"].value():
            return []
        names = templates.variables(str(self["payload"].value() or ""))
        return [(VARIABLE + name, name, self.data.get(VARIABLE + name, "")) for name in names]

    def clean(self) -> None:
        super().clean()
        written = self.cleaned_data.get("payload")
        if not written:
            return
        try:
            self.text = self._filled_in(written)
            self.checked = payloads.check(self.text, self.cleaned_data["with_id"])
        except ApigwWsError as problem:
            self.problem = problem
            self.add_error("payload", explained(problem))

    def _filled_in(self, written: str) -> str:
        if not self.cleaned_data["filled"]:
            return written
        values = {name: value for _field, name, value in self.variables() if value}
        return templates.fill(written, values)
