"""Reads from the URL which sessions an act is for."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Final

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws_admin.pages import number
from apigw_ws_admin.ways import user_with

Rows = QuerySet[WebSocketSession]

#: Up to so many are processed while the page waits; more are left to the worker.
HANDFUL: Final = 10
#: Parameters of the list that the audit trail may have: no addresses or search words.
_TOLD = ("state", "channel", "user", "for", "idle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The sessions, and how they were chosen, in words and as URL parameters."""

    rows: Rows
    number: int
    words: str
    query: str

    @property
    def is_a_handful(self) -> bool:
        return self.number <= HANDFUL

    @property
    def name(self) -> str:
        """For the audit trail."""
        if self.number == 1 and (session := self.rows.first()):
            return session.connection_id
        sessions = ngettext("%d session", "%d sessions", self.number) % self.number
        return f"{sessions}: {self.words}" if self.words else sessions


def chosen(admin: ModelAdmin, request: HttpRequest) -> Chosen:
    """Return the sessions of ``session`` (repeated), ``channel``, ``user``, ``gateway`` and ``sessions``.

    ``sessions`` is the list's query string. Only connected ones, unless they are named one by one.
    """
    named, words = request.GET, list[str]()
    rows: Rows = WebSocketSession.objects.all()
    if pks := named.getlist("session"):
        rows = rows.filter(pk__in=[number(pk) for pk in pks])
    else:
        rows = rows.filter(connected=True)
    for name, narrow in (("channel", _in_channel), ("user", _of_user), ("gateway", _at_gateway)):
        if value := named.get(name, "").replace("\0", ""):
            rows, said = narrow(rows, value)
            words.append(said)
    if "sessions" in named:
        rows = rows.filter(pk__in=_listed(admin, request, named["sessions"]).order_by().values("pk"))
        words.append(_in_words(QueryDict(named["sessions"])))
    if not (pks or words):
        rows = rows.none()  # without any parameter nobody is chosen, not everybody
    query = urlencode([(key, value) for key, values in named.lists() for value in values if key != "back"])
    return Chosen(rows=rows, number=rows.count(), words=", ".join(words), query=query)


def one(object_id: int | str | None) -> Chosen:
    """Return the session of a row or page."""
    rows = WebSocketSession.objects.filter(pk=number(str(object_id)))
    return Chosen(rows=rows, number=rows.count(), words="", query=f"session={object_id}")


def _listed(admin: ModelAdmin, request: HttpRequest, query: str) -> Rows:
    """What the list shows for the query, on all pages."""
    listing = copy(request)
    listing.GET = QueryDict(query)
    try:
        found: Rows = admin.get_changelist_instance(listing).get_queryset(listing)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return WebSocketSession.objects.none()
    return found.prefetch_related(None)


def _in_channel(rows: Rows, name: str) -> tuple[Rows, str]:
    return rows.in_channel(name), _("channel %s") % name  # type: ignore[attr-defined]


def _of_user(rows: Rows, text: str) -> tuple[Rows, str]:
    user = user_with(text)
    return (rows.filter(user=user) if user else rows.none()), _("user %s") % (user or text)


def _at_gateway(rows: Rows, text: str) -> tuple[Rows, str]:
    gateway = ApiGateway.objects.filter(pk=number(text)).first()
    return (rows.filter(api_gateway=gateway) if gateway else rows.none()), _("gateway %s") % (gateway or text)


def _in_words(query: QueryDict) -> str:
    told = [f"{name}={query[name]}" for name in _TOLD if query.get(name)]
    return _("what the list shows for %s") % ", ".join(told) if told else _("what the list shows")
