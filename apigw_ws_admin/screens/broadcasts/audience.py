"""The form for a broadcast's audience."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services.broadcasts import audiences, permits
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import VIEW_ADDRESS
from apigw_ws_admin.widgets import LongSelect, LongSelectMultiple

KINDS: Final = (
    ("channels", gettext_lazy("Who is in channels")),
    ("users", gettext_lazy("Users")),
    ("groups", gettext_lazy("Groups of users")),
    ("gateway", gettext_lazy("Everybody at a gateway")),
    ("connections", gettext_lazy("A list of connection IDs")),
)
#: Kinds of audiences that only other pages can name.
GIVEN: Final = {
    "sessions": gettext_lazy("The sessions that were selected"),
    "filter": gettext_lazy("The sessions that the list showed"),
    "not_reached": gettext_lazy("Whom an earlier broadcast did not reach"),
}
#: Parameters of the list of sessions that do not filter.
_ORDER: Final = frozenset({"o", "p", "all", "_changelist_filters", "_facets"})


class AudienceForm(forms.Form):
    """Asks for the audience; once valid, ``audience`` is what ``services.broadcasts`` takes."""

    kind = forms.ChoiceField(label=gettext_lazy("To"), widget=UnfoldAdminSelectWidget)
    channels = forms.CharField(
        label=gettext_lazy("Channels"),
        required=False,
        help_text=gettext_lazy("Their names, one a line. Who is in several of them gets it once."),
        widget=UnfoldAdminTextareaWidget({"rows": 2, "spellcheck": "false"}),
    )
    users = forms.CharField(
        label=gettext_lazy("Users"),
        required=False,
        help_text=gettext_lazy("The names that they sign in with, one a line."),
        widget=UnfoldAdminTextareaWidget({"rows": 3, "spellcheck": "false"}),
    )
    groups = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Groups"),
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=LongSelectMultiple,
    )
    connections = forms.CharField(
        label=gettext_lazy("Connection IDs"),
        required=False,
        help_text=gettext_lazy("One a line."),
        widget=UnfoldAdminTextareaWidget({"rows": 5, "spellcheck": "false"}),
    )
    gateway = forms.ModelChoiceField(
        label=gettext_lazy("Gateway"),
        queryset=ApiGateway.objects.only("api_name").order_by("api_name"),
        required=False,
        empty_label=gettext_lazy("All gateways"),
        widget=LongSelect,
    )
    sessions = forms.CharField(required=False, widget=forms.HiddenInput)
    filter = forms.CharField(required=False, widget=forms.HiddenInput)
    not_reached = forms.CharField(required=False, widget=forms.HiddenInput)

    audience: dict[str, Any]

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        given = [(kind, label) for kind, label in GIVEN.items() if self[kind].value()]
        self.fields["kind"].choices = [*given, *KINDS]  # type: ignore[attr-defined]

    @property
    def is_empty(self) -> bool:
        """Whether somebody is to be named, and nobody is yet."""
        kind = self["kind"].value()
        return kind in dict(KINDS) and kind != "gateway" and not self[kind].value()

    def clean(self) -> None:
        super().clean()
        kind = self.cleaned_data.get("kind", "")
        if not {kind, "kind", "gateway", "sessions", "filter"}.isdisjoint(self.errors):
            return
        audience = {"kind": kind} | getattr(self, f"_{kind}")()
        if gateway := self.cleaned_data["gateway"]:
            audience["gateway"] = gateway.pk
        self.audience = audience
        if {kind, "kind"}.isdisjoint(self.errors):
            try:
                audiences.validate(audience)
                permits.demand(audience, self.request.user)
            except ApigwWsError as problem:
                self.add_error("kind" if kind in GIVEN else kind, explained(problem))

    def _channels(self) -> dict[str, Any]:
        return {"channels": _words(self.cleaned_data["channels"])}

    def _groups(self) -> dict[str, Any]:
        return {"groups": [group.pk for group in self.cleaned_data["groups"]]}

    def _gateway(self) -> dict[str, Any]:
        return {}

    def _connections(self) -> dict[str, Any]:
        return {"connections": _words(self.cleaned_data["connections"])}

    def _sessions(self) -> dict[str, Any]:
        return {"sessions": [pk for pk in map(number, _words(self.cleaned_data["sessions"])) if pk]}

    def _not_reached(self) -> dict[str, Any]:
        return {"broadcast": number(self.cleaned_data["not_reached"])}

    def _users(self) -> dict[str, Any]:
        """Usernames may contain spaces, so they are one per line."""
        names = dict.fromkeys(filter(None, map(str.strip, self.cleaned_data["users"].splitlines())))
        found = _users(f"{get_user_model().USERNAME_FIELD}__in", list(names))
        if missing := [name for name in names if name not in found]:
            problem = _("Nobody signs in as %(names)s. Look for the name among the users.")
            self.add_error("users", problem % {"names": ", ".join(missing[:5])})
        return {"users": list(found.values())}

    def _filter(self) -> dict[str, Any]:
        """Without VIEW_ADDRESS, nobody can be found by address."""
        query = {name: value for name, value in QueryDict(self.cleaned_data["filter"]).items() if value}
        query = {name: value for name, value in query.items() if name not in _ORDER}
        asks = any("address" in name for name in query) or _is_address(str(query.get("q", "")))
        if asks and not self.request.user.has_perm(VIEW_ADDRESS):
            self.add_error("kind", _("You may not see addresses, so you cannot choose by them."))
        return {"query": query}


def initial(audience: dict[str, Any]) -> dict[str, Any]:
    """Return the form's initial values for an audience."""
    kind = audience.get("kind", "")
    named = audience.get(kind, [])
    values: dict[str, Any] = {"kind": kind, "gateway": audience.get("gateway")}
    match kind:
        case "channels" | "connections":
            values[kind] = "\n".join(named)
        case "users":
            values[kind] = "\n".join(_users("pk__in", named))
        case "groups":
            values[kind] = named
        case "sessions":
            values[kind] = ",".join(map(str, named))
        case "filter":
            values[kind] = urlencode(audience.get("query", {}))
        case "not_reached":
            values[kind] = audience.get("broadcast")
    return values


def _users(lookup: str, named: Sequence[Any]) -> dict[str, Any]:
    """The primary keys of users with these names."""
    found = get_user_model()._default_manager.filter(**{lookup: named})
    return {user.get_username(): user.pk for user in found}


def _words(text: str) -> list[str]:
    """Words separated by line breaks, commas or spaces; each once."""
    return list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", text))))


def _is_address(word: str) -> bool:
    try:
        ip_address(word.strip())
    except ValueError:
        return False
    return True
