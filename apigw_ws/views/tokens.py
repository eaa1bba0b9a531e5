"""The view that issues connect tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from apigw_ws.conf import conf
from apigw_ws.exceptions import ConfigurationError
from apigw_ws.guarded import drop_impossible_session
from apigw_ws.services import tokens


class _JsonCsrf(CsrfViewMiddleware):
    """Django's own check, with an answer in JSON."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return JsonResponse(
            {"error": _("The CSRF check failed: %(reason)s") % {"reason": reason}}, status=403
        )


class WebSocketTokenView(View):
    """POST answers {"token": "…", "expires_in": 60} (seconds); the client connects with ``?ws_token=…``.

    A token proves that a page of this site asked for the connect: the request passed the CSRF check, and the
    token is good once, for the same browser session. Anonymous visitors get one too, and a session to tie it
    to; whether they may connect is up to the WebSocketView. Errors are {"error": "…"}: 403 (CSRF), 405,
    429 (twenty tokens are unused).
    """

    http_method_names = ["post"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Return the view. It runs the CSRF check itself, with or without the middleware."""
        checked = decorator_from_middleware(_JsonCsrf)(super().as_view(**initkwargs))
        return csrf_exempt(login_not_required(never_cache(checked)))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        drop_impossible_session(request)
        # Reading the user first loads the session, and an expired one then loses its key.
        if not request.user.is_authenticated and not request.session.session_key:
            request.session.create()
        if not request.session.session_key:
            raise ConfigurationError(
                "The session has no key to tie a token to. Use the database, cache or file backend of "
                "django.contrib.sessions, not signed cookies."
            )
        token = tokens.issue(request.session.session_key, request.user)
        if token is None:
            return JsonResponse({"error": _("Too many tokens wait unused. Try again later.")}, status=429)
        return JsonResponse({"token": token, "expires_in": conf.token_max_age})

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer 405 in JSON."""
        return JsonResponse({"error": _("Send a POST.")}, status=405, headers={"Allow": "POST"})
