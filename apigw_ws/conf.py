"""The only reader of ``settings.APIGW_WS``.

Values are read live, so ``override_settings`` works. A wrong value is an error of the system checks, never
silently a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from apigw_ws.defaults import SETTINGS, Setting

__all__ = ["SETTINGS", "Conf", "Setting", "conf"]


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
    def send_rate(self) -> int:
        return int(self._value("SEND_RATE"))

    @property
    def send_concurrency(self) -> int:
        return int(self._value("SEND_CONCURRENCY"))

    @property
    def broadcast_rate(self) -> int:
        return int(self._value("BROADCAST_RATE"))

    @property
    def broadcast_concurrency(self) -> int:
        return int(self._value("BROADCAST_CONCURRENCY"))

    @property
    def broadcast_shard(self) -> int:
        return int(self._value("BROADCAST_SHARD"))

    @property
    def broadcast_large(self) -> int:
        return int(self._value("BROADCAST_LARGE"))

    @property
    def broadcasts_kept_days(self) -> int:
        return int(self._value("BROADCASTS_KEPT_DAYS"))

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
    def look_interval(self) -> int:
        return int(self._value("LOOK_INTERVAL"))

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
    def traces_kept_days(self) -> int:
        return int(self._value("TRACES_KEPT_DAYS"))

    @property
    def timeline_messages(self) -> int:
        return int(self._value("TIMELINE_MESSAGES"))

    @property
    def trace_entries(self) -> int:
        return int(self._value("TRACE_ENTRIES"))

    @property
    def trace_bytes(self) -> int:
        return int(self._value("TRACE_BYTES"))

    @property
    def trace_redacted_keys(self) -> Sequence[str]:
        return tuple(self._value("TRACE_REDACTED_KEYS"))

    @property
    def routes_quota(self) -> int:
        return int(self._value("ROUTES_QUOTA"))

    @property
    def connects_quota(self) -> int:
        return int(self._value("CONNECTS_QUOTA"))

    @property
    def read_only(self) -> bool:
        return bool(self._value("READ_ONLY"))

    @property
    def admin_site(self) -> str:
        return str(self._value("ADMIN_SITE"))


def _django(name: str) -> str:
    return str(getattr(settings, name, None) or "")


conf: Final = Conf()
