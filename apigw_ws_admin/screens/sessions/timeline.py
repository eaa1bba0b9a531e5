"""The timeline on a session's page, which refreshes itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apigw_ws.conf import conf
from apigw_ws.models import WebSocketSession
from apigw_ws.services import timeline, traces
from apigw_ws.services.timeline import Happening, Kind
from apigw_ws_admin.fields import grouped
from apigw_ws_admin.help import links
from apigw_ws_admin.hints import HINTS
from apigw_ws_admin.labels import status_colour
from apigw_ws_admin.moments import lasting, moment
from apigw_ws_admin.permissions import TRACE, VIEW_ADDRESS, VIEW_PAYLOAD, VIEW_TRACE
from apigw_ws_admin.screens.sessions.page import SessionPage, channels_of, evidence_of, page_context
from apigw_ws_admin.sites import reverse

_ICONS: Final = {
    Kind.CONNECTED: "link",
    Kind.JOINED: "group_add",
    Kind.LEFT: "group_remove",
    Kind.MOVED: "swap_horiz",
    Kind.MESSAGE: "call_received",
    Kind.SENT: "call_made",
    Kind.REFUSED: "block",
    Kind.CLOSED: "link_off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event in words; ``colour`` is that of its status, if it has one."""

    icon: str
    title: str
    facts: tuple[str, ...]
    when: SafeString | None
    status: int = 0
    colour: str = ""
    #: A link to the page about the refusal, the close code or the status.
    help: SafeString = SafeString()  # noqa: RUF009  (it never changes)


class Timeline(SessionPage):
    """The browser names the version that it shows, and gets 204 while that is current."""

    @property
    def media(self) -> Media:
        more = Media(css={"all": ["apigw_ws_admin/timeline.css"]}, js=["apigw_ws_admin/parts.js"])
        media: Media = super().media + more
        return media

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.timeline_view)
        name = "apigw_ws_websocketsession_timeline"
        return [path("<int:object_id>/timeline/", view, name=name), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
        session = context["original"]
        may_follow = session.connected and request.user.has_perm(VIEW_TRACE)
        following = traces.following(session) if may_follow else []
        context |= {"may_trace": list(_traceable(request, session)), "following": following}
        context |= _context(session)
        return super().render_change_form(request, context, **more)

    def timeline_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        session = self._session(request, object_id)
        context = _context(session)
        if request.GET.get("version") == context["version"]:
            return HttpResponse(status=204)
        context |= page_context(request, session) | {"is_refresh": True}
        return render(request, "apigw_ws_admin/sessions/_timeline.html", context)


def _context(session: WebSocketSession) -> dict[str, Any]:
    happenings = timeline.of(session)
    seen = (session.state, session.updated_on, session.active_on, channels_of(session), happenings)
    return {
        "lines": [_line(session, each) for each in happenings],
        "version": blake2b(repr(seen).encode(), digest_size=9).hexdigest(),
        "noted": conf.timeline_messages,
    }


def _traceable(request: HttpRequest, session: WebSocketSession) -> Iterator[tuple[str, str]]:
    """What a trace can follow here: labels, and URLs of the form filled in."""
    if not request.user.has_perms([TRACE, VIEW_PAYLOAD]):
        return
    address = session.ip_address if request.user.has_perm(VIEW_ADDRESS) else None
    subjects = [
        ("connection_id", session.connection_id if session.connected else "", _("This connection")),
        ("username", session.user.get_username() if session.user else "", session.user),
        *(("channel_name", name, name) for name in channels_of(session)),
        ("ip_address", address, address),
    ]
    for field, value, label in subjects:
        if value:
            yield str(label), reverse("admin:apigw_ws_trace_add", query={field: value})


def _line(session: WebSocketSession, happening: Happening) -> Line:
    handled = happening.handled
    return Line(
        icon=_ICONS[happening.kind],
        title=_title(session, happening),
        facts=_facts(happening),
        when=moment(happening.at),
        status=handled.status if handled else 0,
        colour=status_colour(handled.status) if handled else "",
        help=links.sign(_code(session, happening)),
    )


def _code(session: WebSocketSession, happening: Happening) -> str | int | None:
    """The code to link help for, if anything failed or ended."""
    if happening.kind is Kind.REFUSED:
        return links.guard(happening.what)
    if happening.kind is Kind.CLOSED:
        return session.close_code
    handled = happening.handled
    return handled.status if handled and handled.status >= 400 else None


def _title(session: WebSocketSession, happening: Happening) -> str:
    what = happening.what
    match happening.kind:
        case Kind.CONNECTED:
            return _("Connected")
        case Kind.JOINED:
            return _("Joined %s") % what
        case Kind.LEFT:
            return _("Left %s") % what
        case Kind.MOVED:
            return _("Moved to %s") % what
        case Kind.MESSAGE:
            return _("Message to %s") % (happening.handled.handler if happening.handled else "")
        case Kind.SENT:
            return _("Message sent")
        case Kind.REFUSED:
            return _("Refused: %s") % (HINTS[what].title if what in HINTS else what)
    return evidence_of(session)


def _facts(happening: Happening) -> tuple[str, ...]:
    """The text below the title."""
    handled = happening.handled
    facts = [
        filesizeformat(happening.size) if happening.kind in (Kind.MESSAGE, Kind.SENT) else "",
        lasting(handled.duration_ms / 1000) if handled else "",
        "" if happening.reply is None else _("reply of %s") % filesizeformat(happening.reply),
        happening.detail if happening.kind is Kind.REFUSED else "",
        ngettext("%(number)s time", "%(number)s times", happening.times)
        % {"number": grouped(happening.times)}
        if happening.times > 1
        else "",
    ]
    return tuple(filter(None, facts))


def _times(number: int) -> str:
    return ngettext("%(number)s time", "%(number)s times", number) % {"number": grouped(number)}
