"""The demo's pages besides the console: the chat, and the link that signs the operator in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET
from django.views.generic import View

from apigw_ws.models import ApiGateway

#: Headers that a proxy adds: the address we see is then the proxy's, not the client's.
PROXIED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


@method_decorator([login_not_required, ensure_csrf_cookie], name="dispatch")
class ChatPage(View):
    """The chat; or, if its gateway is missing, why, and how to get it back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        gateway = ApiGateway.objects.filter(api_name="demo").first()
        if gateway is None or not gateway.client_url:
            return render(request, "apigw_ws_admin/chat_gone.html", {"gateway": gateway}, status=404)
        endpoint = urlsplit(gateway.client_url)
        # By the host name of the page, so that the browser sends the page's cookies.
        here = urlsplit(f"//{request.get_host()}").hostname
        url = endpoint._replace(netloc=f"{here}:{endpoint.port}").geturl()
        return render(request, "apigw_ws_admin/chat.html", {"gateway_url": url})


@login_not_required
@never_cache
@require_GET
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign the operator in, if a browser on this machine followed the link of this start."""
    expected = getattr(settings, "DEMO_SIGN_IN_TOKEN", "")
    if not (expected and constant_time_compare(token, expected) and is_from_this_machine(request)):
        return HttpResponseForbidden(
            _("This link works on the machine that runs the demo, until the demo is started anew.")
        )
    operator = get_object_or_404(get_user_model(), username="operator", is_active=True)
    login(request, operator, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)


def is_from_this_machine(request: HttpRequest) -> bool:
    """Whether the peer is on loopback, the URL names this machine (no DNS rebinding), without a proxy."""
    peer = ipaddress.ip_address(request.META["REMOTE_ADDR"])
    named = urlsplit(f"//{request.get_host()}").hostname in {"127.0.0.1", "localhost", "::1"}
    return peer.is_loopback and named and not any(header in request.headers for header in PROXIED)
