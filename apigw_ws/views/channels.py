"""The handlers with which clients choose their channels."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apigw_ws.conf import conf
from apigw_ws.guards import may_join, named
from apigw_ws.handlers import Handler, is_of, marks
from apigw_ws.models import WebSocketSession
from apigw_ws.services import channels


class ChannelHandlers:
    """``change_channel``, and if a connection may be in several channels, ``join`` and ``leave``."""

    #: How many channels a client may be in. None: as APIGW_WS["CHANNELS_PER_CONNECTION"] says. With 1 clients
    #: cannot call ``join`` and ``leave``: a view written for one channel may use these names for messages of
    #: its own, and checks only that channel.
    CHANNELS_PER_CONNECTION: int | None = None

    body: dict[str, Any]
    websocket_session: WebSocketSession

    def change_channel(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Move the connection to another channel: {"action": "change_channel", "channel": "lobby"}."""
        name = may_join(request, self.body.get("channel"))
        channels.change(self.websocket_session, name)

    def join(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Put the connection into one more channel: {"action": "join", "channel": "lobby"}."""
        name = may_join(request, self.body.get("channel"))
        channels.join(self.websocket_session, name, most=self._most_channels())

    def leave(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Take the connection out of a channel: {"action": "leave", "channel": "lobby"}."""
        channels.leave(self.websocket_session, named(self.body.get("channel")))

    def _most_channels(self) -> int:
        most = self.CHANNELS_PER_CONNECTION
        return conf.channels_per_connection if most is None else most

    def _is_for_several(self, name: str, handler: Handler) -> bool:
        """Whether this is our ``join`` or ``leave``, or a mixin's or borrowed helper of that name."""
        if name not in ("join", "leave") or name in marks(handler):
            return False
        owner = next((c for c in type(self).__mro__ if vars(c).get(name) is handler), ChannelHandlers)
        return owner is ChannelHandlers or not (issubclass(owner, ChannelHandlers) and is_of(owner, handler))
