"""Times as the operator's clock has them: the browser says in a cookie in which zone it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

#: As keyboard.js calls it.
COOKIE: Final = "apigw-ws-zone"


class TimeZoneMiddleware:
    """Pages tell, and forms take, times in the operator's zone; in the site's until that is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = zone_of(request)
        with timezone.override(zone) if zone else nullcontext():
            return self.get_response(request)


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """The zone of the browser. None if it has not said, or where there is none of that name."""
    try:
        return ZoneInfo(request.COOKIES[COOKIE])
    except (KeyError, ValueError, OSError):
        return None
