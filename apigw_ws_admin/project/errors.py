"""The error pages of the standalone console. Other projects have their own."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apigw_ws_admin.permissions import lack, permission


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with what is missing: as the exception says, else the page's own permission."""
    unknown = _("Your account lacks the permission for this page, or for what you did on it.")
    says = str(exception) or _lacked(request) or unknown
    return _told(
        request, 403, _("You may not do that"), says, _("Ask somebody who manages the console's users.")
    )


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW: usually a page that was open while its user signed in again."""
    says = _(
        "Nothing was changed: this page is older than your sign-in, or the browser kept its cookie back."
    )
    now = _("Go back, load the page again, and do it once more.")
    return _told(request, 403, _("The page is out of date"), says, now)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, without the exception's text, which is for the log."""
    says = _("The console cannot make sense of what the browser sent: a broken link, or more than it takes.")
    return _told(request, 400, _("Not understood"), says, _("Look for it from the overview."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    says = _("There is no such page, or its record has been deleted.")
    return _told(request, 404, _("Not found"), says, _("Look for it from the overview."))


def failed(request: HttpRequest) -> HttpResponse:
    """500, without the menu and the user, which need what may have failed."""
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
    """With the menu for signed-in users. A request that was refused early has no user."""
    context = {"title": title, "says": says, "now": now}
    if not getattr(getattr(request, "user", None), "is_authenticated", False):
        return render(request, "apigw_ws_admin/plain.html", context, status=status)
    context |= admin.site.each_context(request)
    return render(request, "apigw_ws_admin/error.html", context | {"title": title}, status=status)


def _lacked(request: HttpRequest) -> str:
    """The permission that a model's page needs; empty if unknown."""
    name = str(request.resolver_match.url_name) if request.resolver_match else ""
    for model in admin.site._registry:
        opts = model._meta
        before, _model, page = name.partition(f"{opts.app_label}_{opts.model_name}_")
        if page and not before:
            looks = "view" if request.method in {"GET", "HEAD"} else "change"
            wanted = permission(model, page if page in {"add", "delete"} else looks)
            return "" if request.user.has_perm(wanted) else str(lack(wanted))
    return ""
