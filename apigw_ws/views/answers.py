"""What a handler returns, as API Gateway reads it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase


def response_of(result: Any) -> HttpResponseBase:
    """A dict replies to messages only: of $connect AWS reads the status, of $disconnect nothing."""
    if isinstance(result, HttpResponseBase):
        return result
    if result is None or isinstance(result, dict | list):
        return HttpResponse()
    raise TypeError(f"A handler returns None, a dict, a list or a response, not {type(result).__qualname__}.")
