"""The only reader of ``settings.APIGW_WS``.

Values are read live, so ``override_settings`` works. A wrong value is an error of the system checks, never
silently a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings


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
        # An office behind one address reconnects all at once when a deployment ends its connections.
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
        # 1 until a site says otherwise: the checks of older views look at one channel.
        (int,),
        1,
        "In how many channels a client may be. From 2 on, views have the handlers “join” and “leave”.",
        minimum=1,
    ),
    "SEND_WORKERS": Setting((int,), 10, "Threads that a queryset's send_message posts from.", minimum=1),
    "REFUSALS_KEPT": Setting(
        (int,), 10_000, "How many refusals are kept, and a tenth of calls without the secret.", minimum=1
    ),
    "REAPER_INTERVAL": Setting(
        (int,), 60, "Seconds between two looks at which sessions have ended unheard of.", minimum=5
    ),
    "PROBE_AFTER": Setting(
        # AWS knows no connection before its $connect is answered, which may take 29 seconds.
        (int,),
        60,
        "Seconds without evidence after which AWS is asked whether a connection is open.",
        minimum=30,
    ),
    "PROBE_RATE": Setting(
        (int,), 10, "How many connections AWS is asked about in a second. 0: it is not asked.", minimum=0
    ),
    "SESSIONS_KEPT_DAYS": Setting(
        (int,), 30, "Days for which closed sessions are kept. 0: always.", minimum=0
    ),
    "TOKENS_KEPT_DAYS": Setting((int,), 1, "Days for which connect tokens are kept. 0: always.", minimum=0),
    "REFUSALS_KEPT_DAYS": Setting((int,), 30, "Days for which refusals are kept. 0: always.", minimum=0),
    "RUNS_KEPT_DAYS": Setting(
        (int,), 0, "Days for which runs are kept, the last of each gateway for ever. 0: always.", minimum=0
    ),
    "ROUTES_QUOTA": Setting((int,), 300, "Routes that AWS allows on one API.", minimum=1),
    "CONNECTS_QUOTA": Setting(
        (int,), 500, "Connects per second that AWS allows in an account and region.", minimum=1
    ),
}


class Conf:
    """One property per setting. Their types are what ``checks`` has verified."""

    def _value(self, name: str) -> Any:
        configured: Mapping[str, Any] = getattr(settings, "APIGW_WS", {})
        return configured.get(name, SETTINGS[name].default)

    @property
    def endpoint_url(self) -> str:
        return str(self._value("ENDPOINT_URL"))

    @property
    def region(self) -> str:
        """APIGW_WS["REGION"], else the settings that django-aws-api-gateway-websockets reads."""
        return str(
            self._value("REGION") or _django("AWS_GATEWAY_REGION_NAME") or _django("AWS_REGION_NAME") or ""
        )

    @property
    def aws_profile(self) -> str:
        return _django("AWS_IAM_PROFILE")

    @property
    def aws_access_key_id(self) -> str:
        return _django("AWS_ACCESS_KEY_ID")

    @property
    def aws_secret_access_key(self) -> str:
        return _django("AWS_SECRET_ACCESS_KEY")

    @property
    def allowed_origins(self) -> Sequence[str]:
        return tuple(self._value("ALLOWED_ORIGINS"))

    @property
    def use_ws_token(self) -> bool:
        return bool(self._value("USE_WS_TOKEN"))

    @property
    def token_max_age(self) -> int:
        return int(self._value("TOKEN_MAX_AGE"))

    @property
    def trusted_proxies(self) -> int:
        return int(self._value("TRUSTED_PROXIES"))

    @property
    def connect_rate_limit(self) -> int:
        return int(self._value("CONNECT_RATE_LIMIT"))

    @property
    def connect_rate_window(self) -> int:
        return int(self._value("CONNECT_RATE_WINDOW"))

    @property
    def user_rate_limit(self) -> int:
        return int(self._value("USER_RATE_LIMIT"))

    @property
    def message_rate_limit(self) -> int:
        return int(self._value("MESSAGE_RATE_LIMIT"))

    @property
    def message_rate_window(self) -> int:
        return int(self._value("MESSAGE_RATE_WINDOW"))

    @property
    def allow_unlisted_channels(self) -> bool:
        return bool(self._value("ALLOW_UNLISTED_CHANNELS"))

    @property
    def channels_per_connection(self) -> int:
        return int(self._value("CHANNELS_PER_CONNECTION"))

    @property
    def send_workers(self) -> int:
        return int(self._value("SEND_WORKERS"))

    @property
    def refusals_kept(self) -> int:
        return int(self._value("REFUSALS_KEPT"))

    @property
    def reaper_interval(self) -> int:
        return int(self._value("REAPER_INTERVAL"))

    @property
    def probe_after(self) -> int:
        return int(self._value("PROBE_AFTER"))

    @property
    def probe_rate(self) -> int:
        return int(self._value("PROBE_RATE"))

    @property
    def sessions_kept_days(self) -> int:
        return int(self._value("SESSIONS_KEPT_DAYS"))

    @property
    def tokens_kept_days(self) -> int:
        return int(self._value("TOKENS_KEPT_DAYS"))

    @property
    def refusals_kept_days(self) -> int:
        return int(self._value("REFUSALS_KEPT_DAYS"))

    @property
    def runs_kept_days(self) -> int:
        return int(self._value("RUNS_KEPT_DAYS"))

    @property
    def routes_quota(self) -> int:
        return int(self._value("ROUTES_QUOTA"))

    @property
    def connects_quota(self) -> int:
        return int(self._value("CONNECTS_QUOTA"))


def _django(name: str) -> str:
    return str(getattr(settings, name, None) or "")


conf: Final = Conf()
