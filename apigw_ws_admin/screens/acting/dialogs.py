"""Acts on one session, in a dialog over its row or page, and on a selection in the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.enums import ActionVariant

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.dialogs import dialog_action
from apigw_ws_admin.screens.acting.doing import do
from apigw_ws_admin.screens.acting.forms import ActForm
from apigw_ws_admin.screens.acting.kinds import KINDS, may
from apigw_ws_admin.sites import reverse


def _dialog(name: str, title: Any) -> Any:
    """Make the action on one session."""
    kind = KINDS[name]

    @dialog_action(
        description=cast(str, kind.title),
        icon=kind.icon,
        variant=ActionVariant.DANGER if kind.is_grave else ActionVariant.DEFAULT,
        permissions=[name],
        url_path=name,
        dialog={
            "title": title,
            "description": kind.note,
            "form_class": kind.form,
            "form_submit_text": kind.submit,
        },
    )
    def act(self: ModelAdmin, request: HttpRequest, form: ActForm, object_id: str) -> HttpResponse:
        back = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": do(request, kind, form, back or "")})

    return act


def _selected(name: str) -> Any:
    """Make the action on a selection, which leads to the page that asks."""
    kind = KINDS[name]

    @admin.action(description=cast(str, kind.title), permissions=[name])
    def act(self: ModelAdmin, request: HttpRequest, queryset: QuerySet[WebSocketSession]) -> HttpResponse:
        named: dict[str, Any] = {"sessions": request.GET.urlencode()}
        if request.POST.get("select_across") != "1":
            # Not the queryset, from which the list drops sessions that were closed since it was shown.
            named = {"session": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)}
        url = reverse(f"admin:apigw_ws_websocketsession_{name}_many")
        named["back"] = request.get_full_path()
        return HttpResponseRedirect(f"{url}?{urlencode(named, doseq=True)}")

    return act


def _permission(name: str) -> Callable[..., bool]:
    def has_permission(self: ModelAdmin, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request) and may(KINDS[name], request.user)

    return has_permission


class Dialogs(ModelAdmin):
    actions: Any = tuple(f"{name}_selected" for name in KINDS)

    message = _dialog("message", _("Send a message to this session?"))
    join = _dialog("join", _("Put this session into a channel?"))
    leave = _dialog("leave", _("Take this session out of a channel?"))
    disconnect = _dialog("disconnect", _("Disconnect this session?"))
    ban = _dialog("ban", _("Disconnect this session, and ban who is behind it?"))

    message_selected = _selected("message")
    join_selected = _selected("join")
    leave_selected = _selected("leave")
    disconnect_selected = _selected("disconnect")
    ban_selected = _selected("ban")

    has_message_permission = _permission("message")
    has_join_permission = _permission("join")
    has_leave_permission = _permission("leave")
    has_disconnect_permission = _permission("disconnect")
    has_ban_permission = _permission("ban")
