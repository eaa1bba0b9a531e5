"""What the standalone console answers where it shows no page. Other projects have pages of their own."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What the exception says of the missing permission, where it does."""
    says = str(exception) or _("Your account lacks the permission for this page, or for what you did on it.")
    return _told(
        request, 403, _("You may not do that"), says, _("Ask somebody who manages the console's users.")
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    says = _("There is no such page, or its record has been deleted.")
    return _told(request, 404, _("Not found"), says, _("Look for it from the overview."))


def failed(request: HttpRequest) -> HttpResponse:
    """Without the menu and the user, which need what may have failed."""
    context = {
        "title": _("The console failed"),
        "says": _(
            "It could not show this page. What you did may have been done: look at the record, or at the "
            "audit trail, before you do it again."
        ),
        "now": _("The server's log has the traceback."),
    }
    return render(request, "apigw_ws_admin/plain.html", context, status=500)


def _told(request: HttpRequest, status: int, title: str, says: str, now: str) -> HttpResponse:
    """With the menu for those who are signed in."""
    context = {"title": title, "says": says, "now": now}
    if not request.user.is_authenticated:
        return render(request, "apigw_ws_admin/plain.html", context, status=status)
    context |= admin.site.each_context(request)
    return render(request, "apigw_ws_admin/error.html", context | {"title": title}, status=status)
