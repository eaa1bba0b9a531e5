"""The pages of the console that help, for those who may go there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help.values import Text
from apigw_ws_admin.permissions import APPLY, TRACE, VIEW_PAYLOAD
from apigw_ws_admin.sites import reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    label: Text
    #: The name of its URL, after ``admin:``.
    page: str
    #: All of these are needed; none: for everybody.
    permissions: tuple[str, ...] = ()


_GATEWAYS: Final = ("apigw_ws.view_apigateway",)

PLACES: Final[Mapping[str, Place]] = {
    "home": Place(label=_("Overview"), page="apigw_ws_apigateway_home"),
    "doctor": Place(label=_("Ask the doctor"), page="apigw_ws_apigateway_doctors", permissions=_GATEWAYS),
    "gateways": Place(label=_("The gateways"), page="apigw_ws_apigateway_changelist", permissions=_GATEWAYS),
    "adopt": Place(
        label=_("Adopt an API"),
        page="apigw_ws_apigateway_adopt",
        permissions=("apigw_ws.add_apigateway", APPLY),
    ),
    "accounts": Place(
        label=_("The AWS accounts"),
        page="apigw_ws_awsaccount_changelist",
        permissions=("apigw_ws.view_awsaccount",),
    ),
    "runs": Place(label=_("The runs"), page="apigw_ws_run_changelist", permissions=("apigw_ws.view_run",)),
    "activity": Place(
        label=_("Activity"), page="apigw_ws_activity", permissions=("apigw_ws.view_auditevent",)
    ),
    "refusals": Place(
        label=_("The refusals"), page="apigw_ws_refusal_changelist", permissions=("apigw_ws.view_refusal",)
    ),
    "sessions": Place(
        label=_("The sessions"),
        page="apigw_ws_websocketsession_changelist",
        permissions=("apigw_ws.view_websocketsession",),
    ),
    "broadcasts": Place(
        label=_("The broadcasts"),
        page="apigw_ws_broadcast_changelist",
        permissions=("apigw_ws.view_broadcast",),
    ),
    "bans": Place(label=_("The bans"), page="apigw_ws_ban_changelist", permissions=("apigw_ws.view_ban",)),
    "rules": Place(
        label=_("The channel permissions"),
        page="apigw_ws_channelpermission_changelist",
        permissions=("apigw_ws.view_channelpermission",),
    ),
    "traces": Place(label=_("Start a trace"), page="apigw_ws_trace_add", permissions=(TRACE, VIEW_PAYLOAD)),
}


def places_for(request: HttpRequest, names: tuple[str, ...]) -> Iterator[tuple[Text, str]]:
    """Return the name and URL of each."""
    for name in names:
        place = PLACES[name]
        if request.user.has_perms(place.permissions):
            yield place.label, reverse(f"admin:{place.page}")
