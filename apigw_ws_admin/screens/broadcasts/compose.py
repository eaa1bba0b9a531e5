"""Composes a broadcast: to whom, with a live count; what, checked as it is typed; when and how."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from apigw_ws.conf import conf
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import Broadcast, BroadcastTemplate, WebSocketSession
from apigw_ws.services import broadcasts, contact, endpoints
from apigw_ws.services.broadcasts import audiences, payloads, templates
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import (
    ADD_TEMPLATE,
    SEND_BROADCAST,
    SEND_LARGE_BROADCAST,
    VIEW_SESSION,
    demand,
)
from apigw_ws_admin.screens.broadcasts.audience import AudienceForm, initial
from apigw_ws_admin.screens.broadcasts.facts import may_read, who
from apigw_ws_admin.screens.broadcasts.forms import ComposeForm
from apigw_ws_admin.screens.broadcasts.message import MessageForm
from apigw_ws_admin.sites import reverse

#: Up to so many recipients are counted while somebody chooses.
COUNTED: Final = 10_000
#: The most recipients that are shown.
SAMPLE: Final = 5
#: The most of one's own sessions that a trial goes to; and the seconds that AWS may take for each.
OWN: Final = 5
BUDGET: Final = 2


class Composing(ModelAdmin):
    """For users with the permission SEND_BROADCAST."""

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_broadcast_compose"
        parts = {
            "audience": self.audience_view,
            "check": self.check_view,
            "format": self.format_view,
            "try": self.try_view,
            "save": self.save_view,
        }
        return [
            path("compose/", wrap(self.compose_view), name=name),
            path("compose/template/", wrap(self.template_view), name=f"{name}_template"),
            *(
                path(f"compose/{part}/", wrap(require_POST(view)), name=f"{name}_{part}")
                for part, view in parts.items()
            ),
            *super().get_urls(),
        ]

    def compose_view(self, request: HttpRequest) -> HttpResponse:
        """Show the page, filled in from its URL or, if something is wrong, with all that was typed."""
        demand(request, SEND_BROADCAST)
        if request.method == "POST":
            form = ComposeForm(request, request.POST)
            if form.is_valid() and (draft := _prepared(request, form)):
                return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_confirm", args=[draft.pk]))
        else:
            form = ComposeForm(request, initial=_asked_for(request))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Compose a broadcast"),
            "form": form,
            "may_save": request.user.has_perm(ADD_TEMPLATE),
        }
        return TemplateResponse(request, "apigw_ws_admin/broadcasts/compose.html", context)

    def audience_view(self, request: HttpRequest) -> HttpResponse:
        """Show how many recipients there are, some of them, and warnings about them."""
        demand(request, SEND_BROADCAST)
        form = AudienceForm(request, request.POST)
        context = {"form": form} | (_counted(request, form.audience) if form.is_valid() else {})
        return render(request, "apigw_ws_admin/broadcasts/_audience.html", context)

    def check_view(self, request: HttpRequest) -> HttpResponse:
        demand(request, SEND_BROADCAST)
        form = MessageForm(request.POST)
        form.is_valid()
        context = {"form": form, "checked": form.checked, "empty": not request.POST.get("payload")}
        return render(request, "apigw_ws_admin/broadcasts/_checked.html", context)

    def format_view(self, request: HttpRequest) -> HttpResponse:
        """Show the message section with its JSON formatted, unless it is invalid or has variables.

        The browser could do this, but would change numbers beyond its own precision.
        """
        demand(request, SEND_BROADCAST)
        form = MessageForm(request.POST)
        if form.is_valid() and form.checked and not form.variables():
            data = request.POST.copy()
            data["payload"] = form.checked.pretty
            form = MessageForm(data)
        return _message(request, form)

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Show the message section, filled in from ``?template=``."""
        demand(request, SEND_BROADCAST)
        return _message(request, MessageForm(initial=_from_template(request.GET.get("template", ""))))

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Send the message to the user's own sessions, and show the result."""
        demand(request, SEND_BROADCAST)
        form = MessageForm(request.POST)
        context = _tried(request, form) if form.is_valid() else {"problem": form.problem}
        return render(request, "apigw_ws_admin/broadcasts/_tried.html", context)

    def save_view(self, request: HttpRequest) -> HttpResponse:
        demand(request, SEND_BROADCAST, ADD_TEMPLATE)
        name, payload = request.POST.get("template_name", ""), request.POST.get("payload", "")
        try:
            context: dict[str, Any] = {"saved": templates.save(name=name, payload=payload, **who(request))}
        except ApigwWsError as problem:
            context = {"problem": problem}
        return render(request, "apigw_ws_admin/broadcasts/_saved.html", context)


def _message(request: HttpRequest, form: MessageForm) -> HttpResponse:
    context = {"form": form, "may_save": request.user.has_perm(ADD_TEMPLATE)}
    return render(request, "apigw_ws_admin/broadcasts/_message.html", context)


def _own_draft(request: HttpRequest, pk: str) -> Broadcast | None:
    mine = Broadcast.objects.filter(state=Broadcast.State.DRAFT, created_by=request.user.pk)
    return mine.filter(pk=number(pk)).first()


def _prepared(request: HttpRequest, form: ComposeForm) -> Broadcast | None:
    """The draft; problems are shown above the form."""
    earlier = _own_draft(request, form.cleaned_data["draft"])
    try:
        retry_of = earlier.retry_of if earlier else None
        draft = broadcasts.prepare(**form.wanted(), by=who(request)["by"], retry_of=retry_of)
    except ApigwWsError as problem:
        form.add_error(None, explained(problem))
        return None
    if earlier:
        broadcasts.discard(earlier)
    return draft


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """What the URL names: an audience, or a broadcast to edit or send again."""
    query = request.GET
    if draft := _own_draft(request, query.get("draft", "")):
        moments = {"scheduled_for": draft.scheduled_for, "expires_on": draft.expires_on}
        return _as_written(draft) | moments | {"draft": draft.pk}
    again = Broadcast.objects.filter(pk=number(query.get("again", ""))).first()
    if again is not None:
        return _as_written(again) | ({} if may_read(request, again) else {"payload": ""})
    audience: dict[str, Any] = {"kind": "channels", "channels": query.getlist("channel")}
    if sessions := [pk for pk in map(number, query.getlist("session")) if pk]:
        audience = {"kind": "sessions", "sessions": sessions}
    elif "sessions" in query:
        return {"kind": "filter", "filter": query["sessions"], "with_id": True}
    elif "user" in query:
        audience = {"kind": "users", "users": list(_keys(query.getlist("user")))}
    elif gateway := number(query.get("gateway", "")):
        audience = {"kind": "channels" if query.getlist("channel") else "gateway", "gateway": gateway}
        audience["channels"] = query.getlist("channel")
    return initial(audience) | {"with_id": True} | _from_template(query.get("template", ""))


def _keys(users: list[str]) -> Iterator[Any]:
    """Converts to users' primary keys, whatever their type."""
    field = get_user_model()._meta.pk
    for pk in users:
        with suppress(ValidationError):
            if number(pk) or not pk.isdecimal():
                yield field.to_python(pk)


def _as_written(broadcast: Broadcast) -> dict[str, Any]:
    names = ("payload", "with_id", "title", "reason")
    rest = {"rate": broadcast.rate or None, "live": "" if broadcast.snapshot else "yes"}
    return initial(broadcast.audience) | rest | {name: getattr(broadcast, name) for name in names}


def _from_template(pk: str) -> dict[str, Any]:
    template = BroadcastTemplate.objects.filter(pk=number(pk)).first()
    if template is None:
        return {"with_id": True}
    return {"template": template, "filled": True, "payload": template.payload, "with_id": True}


def _counted(request: HttpRequest, audience: dict[str, Any]) -> dict[str, Any]:
    count, exact = audiences.count(audience, COUNTED)
    shows = count and request.user.has_perm(VIEW_SESSION)
    large = count > conf.broadcast_large
    return {
        "count": count,
        "exact": exact,
        "large": large,
        "may": not large or request.user.has_perm(SEND_LARGE_BROADCAST),
        "limit": conf.broadcast_large,
        "empty": _empty(audience),
        "strangers": len(audiences.strangers(audience)),
        "idle": audiences.idle_count(audience) if count else 0,
        "sample": audiences.sample(audience, SAMPLE) if shows else (),
    }


def _empty(audience: dict[str, Any]) -> list[str]:
    """Empty channels: the only sign of a mistyped name."""
    names = audience.get("channels", ())[:SAMPLE]
    here = WebSocketSession.objects.filter(connected=True)
    return [name for name in names if not here.in_channel(name).exists()]


def _tried(request: HttpRequest, form: MessageForm) -> dict[str, Any]:
    mine = WebSocketSession.objects.live().filter(user=request.user.pk).select_related("api_gateway")
    chosen = list(mine.order_by("-created_on")[:OWN])
    payload = payloads.check(form.text, form.cleaned_data["with_id"], uuid4()).data
    context: dict[str, Any] = {"number": len(chosen), "sent": 0}
    try:
        with endpoints.quickly(BUDGET):
            for session in chosen:
                context["sent"] += contact.send(session, payload, **who(request))
    except ApigwWsError as problem:
        context["problem"] = problem
    return context
