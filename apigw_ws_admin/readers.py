"""Makes the console read-only: APIGW_WS["READ_ONLY"].

Screens know nothing of it. In the admin, users keep only their permissions to view, so that
no button is offered, and posted changes are refused. Commands, tasks and code are not affected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws.conf import conf
from apigw_ws_admin.sites import is_standalone, reverse

#: The answer to a POST, as from a page that is older than the setting.
SENTENCE: Final[Promise] = _(
    "The console is read-only, and nothing was changed. "
    "Whoever runs it has set APIGW_WS[“READ_ONLY”]: ask them, or use a command on the server."
)
_OURS: Final = "apigw_ws"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
#: URL names that stay open: signing in and out, and one's own password.
_ONESELF: Final = frozenset({"login", "logout", "password_change"})


class ReadOnlyMiddleware:
    """Stands after those of authentication, messages and htmx, and changes nothing until READ_ONLY is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if not conf.read_only or match is None or "admin" not in match.app_names:
            return None
        _let_look(request.user)
        if request.method in _SAFE or not _concerns(match) or _only_reads(request, match):
            return None
        if not getattr(request, "htmx", False):
            raise PermissionDenied(SENTENCE)
        # htmx does not show a page with status 403, so have it reload the current one, with the sentence.
        messages.error(request, str(SENTENCE))
        here = request.htmx.current_url_abs_path or reverse("admin:index")  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": here})


def _let_look(user: Any) -> None:
    """Limit the user's permissions for this request, superusers included."""
    has_perm = user.has_perm
    user.has_perm = lambda name, obj=None: _looks(name) and has_perm(name, obj)


def _looks(permission: str) -> bool:
    """Permissions of other apps are not our concern."""
    app, _dot, codename = permission.partition(".")
    return codename.startswith("view_") or not (app == _OURS or is_standalone())


def _concerns(match: ResolverMatch) -> bool:
    name = match.url_name or ""
    return name not in _ONESELF and (name.startswith(f"{_OURS}_") or is_standalone())


def _only_reads(request: HttpRequest, match: ResolverMatch) -> bool:
    """Exports are POSTs that change nothing."""
    name = str(match.url_name)
    chosen = name.endswith("_changelist") and request.POST.get("action") == "export_selected"
    return name.endswith("_export_file") or (chosen and "_save" not in request.POST)
