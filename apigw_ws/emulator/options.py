"""What whoever starts the emulator can choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from apigw_ws.emulator.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The defaults are AWS's. Times are in seconds, rates per second."""

    region: str = "us-east-1"
    #: Empty: the one in the state, at the first start AWS's example account.
    account_id: str = ""
    #: The key that must sign. Empty: a pair is made at the first start and kept in the state.
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    #: Roles that may be assumed, each with the external ID it demands or "". None: ``role/gateways``.
    roles: tuple[tuple[str, str], ...] = ()
    #: Refuse requests that are not signed with one of the keys.
    verify: bool = True

    idle_timeout: float = 600
    max_age: float = 7200
    #: How many times as fast as real time connections grow idle and old.
    clock_speed: float = 1.0
    #: New connections, and requests of every kind, of the account.
    connect_rate: float = 500
    request_rate: float = 10_000

    #: Send what a load balancer or nginx between API Gateway and the backend would add. Off, because an
    #: application should not need it; messages then carry no X-Forwarded-* and no X-Real-Ip, as on AWS.
    front_proxy: bool = False
    faults: tuple[Fault, ...] = ()
    #: AWS does not document the next four.
    message_content_type: str = ""
    timeout_text: str = "Endpoint request timed out"
    throttle_text: str = "Too Many Requests"
    #: What a two-way route's client gets when the backend answers 4xx or 5xx: its body, or an error frame.
    two_way_errors: Literal["body", "frame"] = "body"
