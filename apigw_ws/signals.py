"""Signals for projects. All are sent with ``send_robust``: a receiver that fails is logged and stops nothing.

| signal | sender | arguments |
|---|---|---|
| ``connected`` | WebSocketSession | ``session`` |
| ``disconnected`` | WebSocketSession | ``session``; also when a send found the connection gone |
| ``joined`` | WebSocketSession | ``session``, ``channel``; by its client or an operator, not on connect |
| ``left`` | WebSocketSession | ``session``, ``channel``; not when the session ends |
| ``message_received`` | the view's class | ``session``, ``body`` (dict), ``raw_body`` (str), ``request`` |
| ``broadcast_finished`` | Broadcast | ``broadcast``; it is done, cancelled or failed |
| ``deployed`` | ApiGateway | ``gateway``, ``run``; a run has made the gateway's routes live |
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

connected: Final = Signal()
disconnected: Final = Signal()
joined: Final = Signal()
left: Final = Signal()
message_received: Final = Signal()
broadcast_finished: Final = Signal()
deployed: Final = Signal()
