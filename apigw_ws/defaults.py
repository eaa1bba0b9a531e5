"""The keys of ``settings.APIGW_WS``: what each accepts, and its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Setting:
    """What a key of ``APIGW_WS`` accepts. ``of`` is the type of the items where ``types`` is a list."""

    types: tuple[type, ...]
    default: Any
    help: str
    of: type | None = None
    minimum: int | None = None


SETTINGS: Final[Mapping[str, Setting]] = {
    "ENDPOINT_URL": Setting(
        (str,),
        "",
        "Where boto3 finds AWS, for gateways that name no endpoint, nor does their account. Empty: AWS.",
    ),
    "REGION": Setting((str,), "", "The region of gateways that name none, nor does their account."),
    "ALLOWED_ORIGINS": Setting(
        (list, tuple),
        (),
        "Origins of pages that may connect, such as “https://www.example.com” or “https://*.example.com”. "
        "Empty: those of the same registrable site as the request's host, and CSRF_TRUSTED_ORIGINS.",
        of=str,
    ),
    "USE_WS_TOKEN": Setting((bool,), False, "Demand a token from WebSocketTokenView on every connect."),
    "TOKEN_MAX_AGE": Setting((int,), 60, "Seconds for which a connect token is valid.", minimum=1),
    "TRUSTED_PROXIES": Setting(
        (int,),
        0,
        "How many proxies append to X-Forwarded-For, API Gateway included: 1 where it calls Django directly, "
        "2 behind a load balancer. Only read where the gateway does not map the client's address; 0 ignores "
        "the header.",
        minimum=0,
    ),
    "CONNECT_RATE_LIMIT": Setting(
        # An office behind one address reconnects all at once when its connections are closed.
        (int,),
        300,
        "Connects that one address may try within CONNECT_RATE_WINDOW. 0: no limit.",
        minimum=0,
    ),
    "CONNECT_RATE_WINDOW": Setting((int,), 60, "Seconds over which connects are counted.", minimum=1),
    "USER_RATE_LIMIT": Setting(
        (int,), 120, "Connects that one user may try within CONNECT_RATE_WINDOW. 0: no limit.", minimum=0
    ),
    "MESSAGE_RATE_LIMIT": Setting(
        (int,), 0, "Messages that one connection may send within MESSAGE_RATE_WINDOW. 0: no limit.", minimum=0
    ),
    "MESSAGE_RATE_WINDOW": Setting((int,), 10, "Seconds over which messages are counted.", minimum=1),
    "ALLOW_UNLISTED_CHANNELS": Setting(
        (bool,), True, "Let anybody join, and send to, a channel that no channel permission names."
    ),
    "CHANNELS_PER_CONNECTION": Setting(
        # 1 by default: older views check only one channel.
        (int,),
        1,
        "In how many channels a client may be. From 2 on, views have the handlers “join” and “leave”.",
        minimum=1,
    ),
    "SEND_WORKERS": Setting(
        (int,), 10, "Threads that ask AWS about many connections, or close them.", minimum=1
    ),
    "SEND_RATE": Setting(
        # Half of what AWS allows an account in most regions, for everything in it.
        (int,),
        5_000,
        "Messages per second that one send_message of a queryset begins at most. 0: no limit.",
        minimum=0,
    ),
    "SEND_CONCURRENCY": Setting(
        (int,), 256, "Calls to AWS that one send_message of a queryset has under way at most.", minimum=1
    ),
    "BROADCAST_RATE": Setting(
        # AWS allows 10,000 calls per second in most regions, to everything in the account together.
        (int,),
        5_000,
        "Messages per second that all broadcasts in an account and region send together, on all workers.",
        minimum=1,
    ),
    "BROADCAST_CONCURRENCY": Setting(
        (int,), 256, "Calls to AWS that a worker has under way at once while it sends a broadcast.", minimum=1
    ),
    "BROADCAST_SHARD": Setting((int,), 2_000, "Recipients that one worker takes over at a time.", minimum=1),
    "BROADCAST_LARGE": Setting(
        (int,),
        1_000,
        "Recipients beyond which whoever broadcasts types their number, and needs a permission of its own.",
        minimum=0,
    ),
    "BROADCASTS_KEPT_DAYS": Setting(
        (int,), 90, "Days for which broadcasts are kept that are over. 0: always.", minimum=0
    ),
    "REFUSALS_KEPT": Setting(
        (int,), 10_000, "How many refusals are kept, and a tenth of calls without the secret.", minimum=1
    ),
    "REAPER_INTERVAL": Setting(
        (int,), 60, "Seconds between two looks at which sessions have ended unheard of.", minimum=5
    ),
    "PROBE_AFTER": Setting(
        # AWS does not know a connection before its $connect is answered, which may take 29 seconds.
        (int,),
        60,
        "Seconds without evidence after which AWS is asked whether a connection is open.",
        minimum=30,
    ),
    "PROBE_RATE": Setting(
        (int,), 10, "How many connections AWS is asked about in a second. 0: it is not asked.", minimum=0
    ),
    "LOOK_INTERVAL": Setting(
        (int,),
        900,
        "Seconds after which a deployed gateway is looked at in AWS again, for drift and certificates that "
        "end, by whoever runs the reaper. 0: only when somebody opens its pages.",
        minimum=0,
    ),
    "SESSIONS_KEPT_DAYS": Setting(
        (int,), 30, "Days for which closed sessions are kept. 0: always.", minimum=0
    ),
    "TOKENS_KEPT_DAYS": Setting((int,), 1, "Days for which connect tokens are kept. 0: always.", minimum=0),
    "REFUSALS_KEPT_DAYS": Setting((int,), 30, "Days for which refusals are kept. 0: always.", minimum=0),
    "RUNS_KEPT_DAYS": Setting(
        (int,), 0, "Days for which runs are kept, the last of each gateway for ever. 0: always.", minimum=0
    ),
    "TRACES_KEPT_DAYS": Setting(
        # Traces hold what people wrote to each other.
        (int,),
        7,
        "Days for which traces are kept. 0: always.",
        minimum=0,
    ),
    "TIMELINE_MESSAGES": Setting(
        (int,), 20, "How many of its last messages a session's timeline tells. 0: none is noted.", minimum=0
    ),
    "TRACE_ENTRIES": Setting((int,), 2000, "Messages after which a trace stops by itself.", minimum=1),
    "TRACE_BYTES": Setting(
        (int,), 5_000_000, "Characters of payloads after which a trace stops by itself.", minimum=1
    ),
    "TRACE_REDACTED_KEYS": Setting(
        (list, tuple),
        (
            "password",
            "passwd",
            "secret",
            "token",
            "authorization",
            "cookie",
            "credential",
            "api_key",
            "card_number",
            "cvv",
        ),
        "Keys whose values no trace keeps: every key that contains one of these, in any case.",
        of=str,
    ),
    "ROUTES_QUOTA": Setting((int,), 300, "Routes that AWS allows on one API.", minimum=1),
    "CONNECTS_QUOTA": Setting(
        (int,), 500, "Connects per second that AWS allows in an account and region.", minimum=1
    ),
    "READ_ONLY": Setting((bool,), False, "Let nobody change anything in the console."),
    "ADMIN_SITE": Setting(
        (str,), "django.contrib.admin.site", "The dotted path of the admin site that has the console."
    ),
}
