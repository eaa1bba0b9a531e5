"""A chat: the code to copy for a view of your own.

Clients connect to the gateway's URL and send JSON objects. A message goes to the method that its "action"
names; what the method returns is the reply, for the sender alone. `send_message` reaches the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apigw_ws.models import WebSocketSession
from apigw_ws.views import WebSocketView

Reply = dict[str, Any]


class ChatView(WebSocketView):
    def say(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Reply:
        """{"action": "say", "text": "Hello"}: everybody in the sender's channel gets it."""
        me = self.websocket_session
        said = {
            "type": "said",
            "from": name_of(me),
            "text": str(self.body.get("text", "")),
            "channel": me.channel_name,
            "at": timezone.now().isoformat(),
        }
        beside(me).exclude(pk=me.pk).send_message(said)
        return reply_to(self.body, said)

    def join(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Reply:
        """{"action": "join", "channel": "kitchen"}: the sender is there from now on, and no longer here."""
        self.change_channel(request)  # asks first whether the sender may
        here = self.websocket_session
        return reply_to(
            self.body, {"type": "joined", "channel": here.channel_name, "members": beside(here).count()}
        )

    def who(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Reply:
        """{"action": "who"}: who is in the sender's channel."""
        me = self.websocket_session
        members = [name_of(member) for member in beside(me).select_related("user")[:100]]
        return reply_to(self.body, {"type": "who", "you": name_of(me), "members": members})

    def ping(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """{"action": "ping"}: client.js sends it so that API Gateway does not find the connection idle."""

    def default(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Reply:
        """Anything else."""
        return reply_to(self.body, {"type": "error", "text": "Send an action: say, join, who or time."})


class ClockView(WebSocketView):
    """The gateway's additional route “time” calls this view: a route may go to any URL."""

    def time(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Reply:
        """{"action": "time"}: what the clock of the server says."""
        return reply_to(self.body, {"type": "time", "now": timezone.now().isoformat()})


def beside(session: WebSocketSession) -> Any:
    """The connected sessions in the channel of ``session``, itself among them."""
    return WebSocketSession.objects.filter(
        connected=True, api_gateway=session.api_gateway_id, channel_name=session.channel_name
    )


def name_of(session: WebSocketSession) -> str:
    return session.user.get_username() if session.user else f"guest-{session.connection_id[:4]}"


def reply_to(message: Mapping[str, Any], reply: Reply) -> Reply:
    """The reply carries the number of the request, where there is one: so a client finds its answer."""
    return reply | {"request_id": message["request_id"]} if "request_id" in message else reply
