"""Shows what a client sends after an operator's message: perhaps the reply."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from unfold.admin import ModelAdmin

from apigw_ws.models import TraceEntry, WebSocketSession
from apigw_ws.services import timeline
from apigw_ws.services.timeline import Happening, Kind
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import SEND_MESSAGE, VIEW_PAYLOAD, demand_look

#: Seconds for which the page polls for a reply.
WAIT: Final = 10
#: The most messages that it shows.
_SHOWN: Final = 5


class Reply(ModelAdmin):
    """For the sessions' admin: after sending, the card on a session's page polls once a second."""

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.reply_view)
        return [
            path("<int:object_id>/reply/", page, name="apigw_ws_websocketsession_reply"),
            *super().get_urls(),
        ]

    def reply_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the client's messages since ``after``, milliseconds since 1970.

        AWS does not relate messages, so the operator decides which one is the answer.
        """
        demand_look(self, request, SEND_MESSAGE)
        session = get_object_or_404(WebSocketSession, pk=object_id)
        after = number(request.GET.get("after", "")[:14])
        waited = timezone.now().timestamp() - after / 1000
        context = {
            "came": [_told(each, after) for each in _since(session, after)],
            "payloads": _payloads(session, after) if request.user.has_perm(VIEW_PAYLOAD) else (),
            "unnoted": _later(session.last_seen_on, after),
            "over": waited > WAIT or not session.connected,
            "seconds": WAIT,
            "session": session,
            "url": request.get_full_path(),
        }
        return render(request, "apigw_ws_admin/acting/_reply.html", context)


def _since(session: WebSocketSession, after: int) -> list[Happening]:
    """The oldest first."""
    came = [each for each in timeline.of(session) if each.kind is Kind.MESSAGE and _ms(each.at) >= after]
    return list(reversed(came))[:_SHOWN]


def _told(each: Happening, after: int) -> dict[str, Any]:
    return {"happening": each, "later": _later(each.at, after)}


def _later(moment: dt.datetime | None, after: int) -> str:
    """The seconds that passed; empty for earlier messages."""
    return f"{(_ms(moment) - after) / 1000:.1f}" if moment and _ms(moment) >= after else ""


def _payloads(session: WebSocketSession, after: int) -> list[str]:
    """The payloads that a running trace has captured."""
    since = dt.datetime.fromtimestamp(after / 1000, dt.UTC)
    entries = TraceEntry.objects.filter(
        connection_id=session.connection_id, direction=TraceEntry.Direction.IN, at__gte=since
    )
    return list(entries.order_by("pk").values_list("payload", flat=True)[:_SHOWN])


def _ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
