"""What htmx needs beside django-htmx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse


class RedirectMiddleware:
    """A redirect of a request by htmx moves the page, not the part.

    A browser follows a redirect before htmx sees it: an expired session would put the sign-in page into a
    table. Stands after ``django_htmx.middleware.HtmxMiddleware``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not getattr(request, "htmx", False) or response.status_code not in {301, 302, 303, 307, 308}:
            return response
        moved = HttpResponse(status=204, headers={"HX-Redirect": _back_to_the_page(request, response)})
        moved.cookies = response.cookies
        return moved


def _back_to_the_page(request: Any, response: HttpResponse) -> str:
    """Where to, and from the sign-in page back to the page that somebody saw, not to its part."""
    part, page = (
        urlencode({"next": url}, safe="/")
        for url in (request.get_full_path(), request.htmx.current_url_abs_path or request.get_full_path())
    )
    return response["Location"].replace(part, page)
