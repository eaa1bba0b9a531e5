"""The page about a user: their sessions, channels, refusals, bans and tokens."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apigw_ws.models import Ban, Refusal, WebSocketSession, WebSocketToken
from apigw_ws.services import dossiers
from apigw_ws_admin import ways
from apigw_ws_admin.labels import TOKEN, token_state
from apigw_ws_admin.live import LiveList, framed
from apigw_ws_admin.permissions import VIEW_SESSION, demand, to_view
from apigw_ws_admin.sites import has, reverse
from apigw_ws_admin.trails import trail

#: A parameter of the list of sessions.
_WHOSE = "user__exact"


class People(LiveList):
    """For the sessions' admin: a page about a user, with the list of their sessions."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.user_view)
        return [
            path("user/<str:user_id>/", page, name="apigw_ws_websocketsession_user"),
            *super().get_urls(),
        ]

    def user_view(self, request: HttpRequest, user_id: str) -> HttpResponse:
        """Show the page, if one may view sessions and this user; for any user model."""
        if not ways.may_see(request):
            demand(request, VIEW_SESSION, to_view(get_user_model()))
            raise PermissionDenied
        user = ways.user_with(user_id)
        if user is None:
            raise Http404
        if not ways.may_see(request, user):
            raise PermissionDenied
        narrowed = request.GET.copy()
        narrowed[_WHOSE] = str(user.pk)
        request.GET = narrowed  # type: ignore[assignment]
        context = {"title": user.get_username(), "nobody": "apigw_ws_admin/people/_nobody.html"}
        response = self.changelist_view(request, context)
        template = "apigw_ws_admin/people/page.html"
        return framed(self, response, template, lambda: _context(request, user))


def _context(request: HttpRequest, user: AbstractBaseUser) -> dict[str, Any]:
    """What the operator may see of the user; None for what they may not."""
    name, may = user.get_username(), request.user.has_perm
    sessions = reverse("admin:apigw_ws_websocketsession_changelist")
    lists = {model: _list(model, user) for model in (Refusal, Ban, WebSocketToken)}
    return {
        "user_shown": user,
        "record": _record(user),
        "trail": trail((capfirst(str(WebSocketSession._meta.verbose_name_plural)), sessions), (name, "")),
        "channels": dossiers.channels_of(user),
        "bans": dossiers.bans_of(user) if may("apigw_ws.view_ban") else None,
        "all_bans": lists[Ban],
        "refusals": dossiers.refusals_of(user) if may("apigw_ws.view_refusal") else None,
        "all_refusals": lists[Refusal],
        "tokens": _tokens(user) if may("apigw_ws.view_websockettoken") else None,
        "all_tokens": lists[WebSocketToken],
        "events": dossiers.events_about(user) if may("apigw_ws.view_auditevent") else None,
        "acts": [*ways.acts_on(request, user=user.pk), *ways.ban(request, _("Ban"), username=name)],
    }


def _list(model: type[Model], user: AbstractBaseUser) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return reverse(name, query={_WHOSE: user.pk})


def _tokens(user: AbstractBaseUser) -> list[dict[str, Any]]:
    """Tokens without their values, of which only hashes are stored."""
    rows = ((each, *token_state(each)) for each in dossiers.tokens_of(user))
    return [{"token": each, "colour": TOKEN[state], "text": text} for each, state, text in rows]


def _record(user: AbstractBaseUser) -> str:
    """The user's page in the admin, if there is one."""
    model = type(user)
    if not has(model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[user.pk])
