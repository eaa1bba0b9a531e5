"""Disconnecting sessions, one or those that are selected; and what came of it, session by session."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import uuid4

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import CharField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apigw_ws.exceptions import PayloadTooLarge
from apigw_ws.models import AuditEvent, WebSocketSession
from apigw_ws.services import closing, endpoints
from apigw_ws.services.messages import encode
from apigw_ws.tasks import close_sessions
from apigw_ws_admin.permissions import DISCONNECT
from apigw_ws_admin.worker import PATIENCE

logger = logging.getLogger(__name__)

#: Up to so many are disconnected while the page waits; more are the worker's.
HANDFUL: Final = 10
#: Seconds that AWS may take for one answer while somebody waits.
HURRY: Final = 2
#: Where the browser session keeps what this person has begun: act -> IDs and time; the last few.
SESSION_KEY: Final = "apigw_ws_disconnects"
_KEPT: Final = 5


class GoodbyeForm(BaseDialogForm):
    reason = CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the sessions and the audit trail; the clients do not see it."),
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
    )
    message = CharField(
        label=gettext_lazy("Last message"),
        help_text=gettext_lazy("Sent as it stands before the connection is closed. Empty: nothing is sent."),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )

    def clean_message(self) -> str | None:
        message: str = self.cleaned_data["message"]
        try:
            encode(message)
        except PayloadTooLarge as error:
            raise ValidationError(str(error)) from error
        return message or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A session, and what has become of it: ``label`` picks the colour."""

    session: WebSocketSession
    label: str
    text: str
    problem: str = ""


class Disconnecting(ModelAdmin):
    """For the sessions' admin; needs the permission DISCONNECT."""

    actions: Any = ("disconnect_selected",)
    actions_detail: tuple[Any, ...] = ("disconnect",)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.disconnected)
        return [
            path("disconnected/<str:act>/", page, name="apigw_ws_websocketsession_disconnected"),
            *super().get_urls(),
        ]

    @action(
        description=gettext_lazy("Disconnect"),
        icon="link_off",
        variant=ActionVariant.DANGER,
        permissions=["disconnect"],
        url_path="disconnect",
        dialog={
            "title": gettext_lazy("Disconnect this session?"),
            "description": gettext_lazy("Its client is closed with code 1000, and may connect again."),
            "form_class": GoodbyeForm,
            "form_submit_text": gettext_lazy("Disconnect"),
        },
    )
    def disconnect(self, request: HttpRequest, form: GoodbyeForm, object_id: str) -> HttpResponse:
        session = get_object_or_404(WebSocketSession.objects.select_related("api_gateway"), pk=object_id)
        return HttpResponse(headers={"HX-Redirect": _begin(request, [session], form)})

    @admin.action(description=gettext_lazy("Disconnect"), permissions=["disconnect"])
    def disconnect_selected(
        self, request: HttpRequest, queryset: QuerySet[WebSocketSession]
    ) -> HttpResponse | None:
        """Asks on a page of its own, then shows there what comes of it."""
        chosen = list(queryset.filter(connected=True).select_related("api_gateway", "user"))
        if not chosen:
            messages.info(request, _("Nothing was done: the selected sessions are closed already."))
            return None
        form = GoodbyeForm(request, None, request.POST if request.POST.get("confirmed") else None)
        if form.is_valid():
            return HttpResponseRedirect(_begin(request, chosen, form))
        context = self.admin_site.each_context(request) | {
            "title": _("Disconnect"),
            "opts": self.opts,
            "form": form,
            "sessions": chosen,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "apigw_ws_admin/sessions/disconnect.html", context)

    def disconnected(self, request: HttpRequest, act: str) -> HttpResponse:
        """What has come of it so far; htmx asks again until it is over."""
        if not (self.has_view_permission(request) and self.has_disconnect_permission(request)):
            raise PermissionDenied
        begun = request.session.get(SESSION_KEY, {}).get(act)
        if begun is None:
            raise Http404
        since = datetime.fromisoformat(begun["at"])
        event = _event(act, since)
        context = {
            "rows": _rows(begun["ids"], event),
            "over": event is not None,
            "late": event is None and timezone.now() - since > PATIENCE,
            "url": request.path,
        }
        if getattr(request, "htmx", False):
            return render(request, "apigw_ws_admin/sessions/_outcomes.html", context)
        context |= self.admin_site.each_context(request) | {"title": _("Disconnected"), "opts": self.opts}
        return TemplateResponse(request, "apigw_ws_admin/sessions/disconnected.html", context)

    def has_disconnect_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(DISCONNECT)


def _begin(request: HttpRequest, chosen: list[WebSocketSession], form: GoodbyeForm) -> str:
    """Disconnect a few at once, or have the worker disconnect many; the URL that shows what comes of it."""
    act, user, ip = uuid4().hex, cast(AbstractBaseUser, request.user), request.META.get("REMOTE_ADDR")
    ids, now = [session.pk for session in chosen], timezone.now()
    reason, message = form.cleaned_data["reason"], form.cleaned_data["message"]
    if len(chosen) <= HANDFUL:
        with endpoints.quickly(HURRY):
            closing.close(chosen, reason=reason, message=message, by=user, ip=ip, act=act)
    else:
        try:
            close_sessions.enqueue(ids, reason, message, user.pk, ip, act)
        except Exception:  # each task backend fails in its own way when its broker does not answer
            logger.exception("Sessions could not be handed to the worker.")
            lost = _(
                "Nothing was disconnected: the worker's queue does not answer. Start it, then try again."
            )
            messages.error(request, lost)
            return reverse("admin:apigw_ws_websocketsession_changelist")
    earlier = list(request.session.get(SESSION_KEY, {}).items())[-_KEPT + 1 :]
    request.session[SESSION_KEY] = dict(earlier) | {act: {"ids": ids, "at": now.isoformat()}}
    return reverse("admin:apigw_ws_websocketsession_disconnected", args=[act])


def _event(act: str, since: datetime) -> AuditEvent | None:
    """The act's record, which is written when it is over."""
    lately = AuditEvent.objects.filter(happened_on__gte=since - timedelta(minutes=1))
    return lately.filter(verb=AuditEvent.Verb.DISCONNECT, after__act=act).first()


def _rows(ids: list[int], event: AuditEvent | None) -> list[Row]:
    errors = (event.after or {}).get("errors", {}) if event else {}
    found = WebSocketSession.objects.filter(pk__in=ids).select_related("user", "api_gateway")
    return [_row(session, errors, over=event is not None) for session in found.order_by("pk")]


def _row(session: WebSocketSession, errors: dict[str, str], *, over: bool) -> Row:
    if session.closed_by == WebSocketSession.ClosedBy.OPERATOR:
        return Row(session=session, label="success", text=_("Disconnected"))
    if not session.connected:
        return Row(session=session, label="info", text=_("Was gone already"))
    if over:
        problem = errors.get(session.connection_id, "")
        return Row(session=session, label="danger", text=_("Still open"), problem=problem)
    return Row(session=session, label="default", text=_("Waiting"))
