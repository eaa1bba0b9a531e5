"""What htmx needs besides django-htmx."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse


class RedirectMiddleware:
    """Makes a redirect of an htmx request redirect the page, not the part.

    Browsers follow redirects before htmx sees them: an expired session would put the sign-in page into a
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
    """The redirect's target; from the sign-in page the user comes back to the page, not to its part."""
    part, page = (
        urlencode({"next": url}, safe="/")
        for url in (request.get_full_path(), request.htmx.current_url_abs_path or request.get_full_path())
    )
    return response["Location"].replace(part, page)


def list_seen(request: Any, where: str) -> str:
    """Return the URL of the list on whose row the user acts: filtered, sorted and on its page."""
    seen = request.htmx.current_url_abs_path or ""
    return seen if urlsplit(seen).path == where else where


class FreshSearchMiddleware:
    """Makes Ctrl+K search each time: permissions may have changed, and case matters.

    Unfold caches what it has found for five minutes, and takes “LOBBY” for “lobby”. Stands after
    ``django.contrib.auth.middleware.AuthenticationMiddleware``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        match = request.resolver_match
        if match and match.url_name == "search" and "admin" in match.app_names:
            cache.delete(_kept_by_unfold(request))


def _kept_by_unfold(request: HttpRequest) -> str:
    """The cache key, as ``unfold.sites.UnfoldAdminSite.search`` makes it."""
    asked = f"{request.user.pk}_{request.GET.get('s', '').lower()}"
    return f"unfold_search_{sha256(asked.encode()).hexdigest()}"
