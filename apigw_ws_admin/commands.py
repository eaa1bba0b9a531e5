"""What Ctrl+K finds besides the menu's pages: gateways, sessions, users, channels, and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.dataclasses import SearchResult

from apigw_ws.models import AuditEvent, Broadcast, Refusal, Run
from apigw_ws_admin import finders
from apigw_ws_admin.permissions import APPLY, BAN, SEND_BROADCAST, TRACE, VIEW_PAYLOAD, to_view
from apigw_ws_admin.sites import reverse

#: Longer than anything that can be found.
_LONGEST: Final = 128

_VIEW: Final = "apigw_ws.view_apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A page on which something is done, for those with the permissions."""

    title: str | Promise
    #: Other words for it.
    words: str | Promise
    #: The name of its URL in the admin.
    page: str
    icon: str
    permissions: tuple[str, ...]
    #: Whether one of the permissions is enough.
    any_of_them: bool = False

    def is_for(self, request: HttpRequest) -> bool:
        has = [request.user.has_perm(name) for name in self.permissions]
        return any(has) if self.any_of_them else all(has)


COMMANDS: Final = (
    Command(
        title=gettext_lazy("Create a gateway"),
        words=gettext_lazy("wizard new add api"),
        page="apigw_ws_apigateway_wizard",
        icon="auto_fix_high",
        permissions=("apigw_ws.add_apigateway", APPLY),
    ),
    Command(
        title=gettext_lazy("Adopt an API"),
        words=gettext_lazy("existing import gateway aws"),
        page="apigw_ws_apigateway_adopt",
        icon="input",
        permissions=("apigw_ws.add_apigateway", APPLY),
    ),
    Command(
        title=gettext_lazy("Ask the doctor"),
        words=gettext_lazy("problem wrong check health diagnosis"),
        page="apigw_ws_apigateway_doctors",
        icon="stethoscope",
        permissions=(_VIEW,),
    ),
    Command(
        title=gettext_lazy("Compose a broadcast"),
        words=gettext_lazy("send message all write"),
        page="apigw_ws_broadcast_compose",
        icon="campaign",
        permissions=(SEND_BROADCAST,),
    ),
    Command(
        title=gettext_lazy("Start a trace"),
        words=gettext_lazy("capture messages debug record"),
        page="apigw_ws_trace_add",
        icon="troubleshoot",
        permissions=(TRACE, VIEW_PAYLOAD),
    ),
    Command(
        title=gettext_lazy("Ban a user, network or agent"),
        words=gettext_lazy("block keep out address"),
        page="apigw_ws_ban_add",
        icon="gavel",
        permissions=(BAN,),
    ),
    Command(
        title=gettext_lazy("Who may join a channel?"),
        words=gettext_lazy("permission rule allowed send"),
        page="apigw_ws_channelpermission_who_may",
        icon="help",
        permissions=("apigw_ws.view_channelpermission",),
    ),
    Command(
        title=gettext_lazy("See what happened"),
        words=gettext_lazy("activity timeline incident log history"),
        page="apigw_ws_activity",
        icon="timeline",
        permissions=tuple(map(to_view, (Run, AuditEvent, Broadcast, Refusal))),
        any_of_them=True,
    ),
    Command(
        title=gettext_lazy("Go to the overview"),
        words=gettext_lazy("home start numbers charts dashboard"),
        page="apigw_ws_apigateway_home",
        icon="space_dashboard",
        permissions=(),
    ),
    Command(
        title=gettext_lazy("Look up a code"),
        words=gettext_lazy("help error meaning explain why"),
        page="apigw_ws_help",
        icon="help",
        permissions=(),
    ),
    Command(
        title=gettext_lazy("See roles and their permissions"),
        words=gettext_lazy("groups viewer operator deployer administrator rights"),
        page="auth_group_changelist",
        icon="group",
        permissions=("auth.view_group",),
    ),
)


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """For UNFOLD["COMMAND"]["search_callback"]: return up to LIMIT of each kind that this user may see."""
    # As it was typed: Unfold lowers it, but connection IDs and names are case-sensitive.
    word = request.GET.get("s", term).replace("\0", "").strip()[:_LONGEST]
    if not word:
        return []
    return [*chain.from_iterable(islice(find(request, word), finders.LIMIT) for find in _FINDERS)]


def _commands(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    for each in COMMANDS:
        if finders.matches(word, f"{each.title} {each.words}") and each.is_for(request):
            with suppress(NoReverseMatch):  # whether groups have pages is up to the project
                yield finders.result(each.title, _("Command"), reverse(f"admin:{each.page}"), each.icon)


_FINDERS: Final[tuple[Callable[[HttpRequest, str], Iterator[SearchResult]], ...]] = (
    _commands,
    finders.files,
    finders.testing,
    finders.gateways,
    finders.broadcasts,
    finders.sessions,
    finders.users,
    finders.channels,
    finders.codes,
)
