"""Turns what a handler returns into what API Gateway reads."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from apigw_ws.guarded import GuardedRequest
from apigw_ws.services import messages


def reply(request: GuardedRequest, result: Any) -> tuple[HttpResponse, bytes | None]:
    """Return the response to a message and the payload that goes to its client, None if none does.

    On a two-way route the response carries the payload; on any other it is posted to the connection here.
    """
    if not isinstance(result, dict | list):
        # On a two-way route AWS would pass a body on to the client, whatever the status.
        return HttpResponse(status=response_of(result).status_code), None
    payload = messages.encode(result)
    if request.mapped.two_way:
        return HttpResponse(payload, content_type="application/json"), payload
    return HttpResponse(), payload if messages.post(request.websocket_session, payload) else None


def response_of(result: Any) -> HttpResponseBase:
    """A dict is a reply to messages only: of $connect AWS reads the status, of $disconnect nothing."""
    if isinstance(result, HttpResponseBase):
        return result
    if result is None or isinstance(result, dict | list):
        return HttpResponse()
    raise TypeError(f"A handler returns None, a dict, a list or a response, not {type(result).__qualname__}.")
