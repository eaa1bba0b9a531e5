"""A session's page: what we know, what AWS knows, and a message to the client."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import WebSocketSession
from apigw_ws.models.sessions import MAX_AGE, SessionState
from apigw_ws.services import contact, endpoints
from apigw_ws_admin.fields import grouped
from apigw_ws_admin.identifiers import identifier
from apigw_ws_admin.labels import SESSION
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import SEND_MESSAGE, VIEW_ADDRESS, demand_look
from apigw_ws_admin.screens.sessions.cells import moment, program
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.ways import channel_links, user_link

#: Seconds that AWS may take for an answer.
BUDGET = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    name: str | Promise
    value: object
    wide: bool = False


class Facts:
    """What opens below a row of the list, loaded when it is opened."""

    def __init__(self, request: HttpRequest, instance: WebSocketSession) -> None:
        self.pk = instance.pk

    def render(self) -> SafeString:
        return format_html(
            '<div data-facts hx-get="{}" hx-trigger="intersect once, live:row">{}</div>',
            reverse("admin:apigw_ws_websocketsession_facts", args=[self.pk]),
            _("Loading …"),
        )


class SessionPage(ModelAdmin):
    change_form_template = "apigw_ws_admin/sessions/page.html"
    fields = ("connection_id",)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_websocketsession_"
        return [
            path("<int:object_id>/facts/", wrap(self.facts_view), name=f"{name}facts"),
            path("<int:object_id>/ask/", wrap(self.ask_view), name=f"{name}ask"),
            path("<int:object_id>/send/", wrap(require_POST(self.send_view)), name=f"{name}send"),
            *super().get_urls(),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Prefetch the channels, which several parts of the page name."""
        if (session := super().get_object(request, object_id, from_field)) is not None:
            prefetch_related_objects([session], "memberships")
        return session

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
        context |= page_context(request, context["original"])
        context["show_history"] = (
            False  # nobody changes a session here: the timeline and the audit trail tell
        )
        return cast(HttpResponse, super().render_change_form(request, context, **more))

    def facts_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        context = page_context(request, self._session(request, object_id))
        return render(request, "apigw_ws_admin/sessions/_facts.html", context)

    def ask_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what AWS says of the connection now, besides our record, which does not change."""
        session = self._session(request, object_id)
        context: dict[str, Any] = page_context(request, session)
        try:
            with endpoints.quickly(BUDGET):
                context["known"] = contact.ask(session)
        except ApigwWsError as problem:
            context["problem"] = problem
        return render(request, "apigw_ws_admin/sessions/_asked.html", context)

    def send_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        session = self._session(request, object_id, SEND_MESSAGE)
        context = {"session": session, "sent_at": int(time.time() * 1000), **_sent(request, session)}
        return render(request, "apigw_ws_admin/sessions/_sent.html", context)

    def _session(self, request: HttpRequest, object_id: int, *permissions: str) -> WebSocketSession:
        """Return the session; 403 without the permissions, 404 if it does not exist."""
        demand_look(self, request, *permissions)
        session: WebSocketSession | None = self.get_object(request, str(object_id))
        if session is None:
            raise Http404
        return session


def channels_of(session: WebSocketSession) -> tuple[str, ...]:
    """Return the session's channels, without a query if its memberships were prefetched."""
    further = (membership.name for membership in session.memberships.all())
    return tuple(dict.fromkeys(filter(None, (session.channel_name, *further))))


def _sent(request: HttpRequest, session: WebSocketSession) -> dict[str, Any]:
    """The result of sending the message, for the template."""
    try:
        data = json.loads(request.POST.get("message", ""))
    except json.JSONDecodeError as error:
        return {"invalid": error}
    except (
        ValueError,
        RecursionError,
    ) as problem:  # a number of thousands of digits, lists in lists in lists
        return {"problem": problem}
    user = cast(AbstractBaseUser, request.user)
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with endpoints.quickly(BUDGET):
            return {"sent": contact.send(session, text, by=user, ip=address_of(request))}
    except (ApigwWsError, ValueError) as problem:
        return {"problem": problem}


def page_context(request: HttpRequest, session: WebSocketSession) -> dict[str, Any]:
    """Return the context of the page and its parts."""
    state = session.state
    return {
        "session": session,
        "state": state,
        "state_colour": SESSION[state.value],
        "evidence": evidence_of(session),
        "facts": [fact for fact in _facts(request, session) if fact.value not in {None, ""}],
        "may_send": session.connected and request.user.has_perm(SEND_MESSAGE),
        "may_see_address": request.user.has_perm(VIEW_ADDRESS),
    }


def evidence_of(session: WebSocketSession) -> str:
    """Return a sentence on how we know its state."""
    state = session.state
    if state == SessionState.LIVE:
        return _(
            "It connected, a message went either way, or AWS said that it is open, in the last ten minutes."
        )
    if state == SessionState.IDLE:
        return _(
            "Silent for ten minutes, after which AWS cuts a connection. Ask AWS, or wait for the reaper."
        )
    if state == SessionState.EXPIRED:
        return _("Two hours old, and AWS lets none become older. The reaper closes it at its next tick.")
    by = session.get_closed_by_display() or _("somebody that was not recorded")
    code = "" if session.close_code is None else _(", code %d") % session.close_code
    reason = f": {session.close_reason}" if session.close_reason else "."
    return _("Closed by %(by)s%(code)s%(reason)s") % {"by": by, "code": code, "reason": reason}


def _facts(request: HttpRequest, session: WebSocketSession) -> list[Fact]:
    address = session.ip_address if request.user.has_perm(VIEW_ADDRESS) else None
    over = None if session.connected else moment(session.disconnected_on)
    expires = moment(session.created_on + MAX_AGE, until=True) if session.connected else None
    incoming = max(session.request_count - 1, 0)
    return [
        Fact(name=_("Connection ID"), value=identifier(session.connection_id), wide=True),
        Fact(name=_("User"), value=user_link(request, session.user) or _("Nobody signed in")),
        Fact(name=_("Gateway"), value=session.api_gateway),
        Fact(name=_("Stage"), value=session.stage_name),
        Fact(name=_("Channels"), value=channel_links(channels_of(session))),
        Fact(name=_("Address"), value=address),
        Fact(name=_("Origin"), value=session.origin),
        Fact(name=_("Connected"), value=moment(session.created_on)),
        Fact(name=_("Last heard from"), value=moment(session.last_seen_on)),
        Fact(name=_("Last sent to"), value=moment(session.last_outbound_on)),
        Fact(name=_("Last evidence"), value=moment(session.active_on)),
        Fact(name=_("Expires in"), value=expires),
        Fact(name=_("Ended"), value=over),
        Fact(name=_("Messages in"), value=_traffic(incoming, session.bytes_in)),
        Fact(name=_("Messages out"), value=_traffic(session.messages_out, session.bytes_out)),
        Fact(name=_("Agent"), value=_agent(session), wide=True),
    ]


def _traffic(number: int, size: int) -> str:
    return _("%(number)s (%(size)s)") % {"number": grouped(number), "size": filesizeformat(size)}


def _agent(session: WebSocketSession) -> str:
    return session.user_agent and f"{program(session.user_agent)}: {session.user_agent}"
