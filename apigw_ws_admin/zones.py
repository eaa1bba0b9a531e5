"""Times in the operator's zone, which the browser names in a cookie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

#: The cookie that keyboard.js sets.
COOKIE: Final = "apigw-ws-zone"


class TimeZoneMiddleware:
    """Activates the operator's time zone for pages and forms; the site's until it is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = zone_of(request)
        with timezone.override(zone) if zone else nullcontext():
            return self.get_response(request)


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the browser's zone; None if it has not named one, or the name is unknown."""
    try:
        return ZoneInfo(request.COOKIES[COOKIE])
    except (KeyError, ValueError, OSError):
        return None
