"""A broadcast's page: its progress, and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import Broadcast
from apigw_ws.services import broadcasts
from apigw_ws.services.broadcasts import payloads
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.labels import BROADCAST
from apigw_ws_admin.permissions import CONTROL_BROADCAST, SEND_BROADCAST, demand, demand_look, lack
from apigw_ws_admin.screens.broadcasts import numbers
from apigw_ws_admin.screens.broadcasts.facts import facts, may_read, who
from apigw_ws_admin.sites import reverse

State = Broadcast.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something to do to a broadcast in one of these states, after confirmation."""

    title: str | Promise
    sentence: str | Promise
    button: str | Promise
    done: str | Promise
    states: tuple[str, ...]
    perform: Callable[..., Any]
    danger: bool = False


ACTS: Final = {
    "pause": Act(
        title=gettext_lazy("Pause this broadcast?"),
        sentence=gettext_lazy("What is on its way arrives; the others wait until you resume it."),
        button=gettext_lazy("Pause"),
        done=gettext_lazy("Paused."),
        states=(State.SENDING,),
        perform=broadcasts.pause,
    ),
    "resume": Act(
        title=gettext_lazy("Resume this broadcast?"),
        sentence=gettext_lazy("It goes on where it stopped. Nobody who got it gets it again."),
        button=gettext_lazy("Resume"),
        done=gettext_lazy("It goes on."),
        states=(State.PAUSED,),
        perform=broadcasts.resume,
    ),
    "cancel": Act(
        title=gettext_lazy("Cancel this broadcast?"),
        sentence=gettext_lazy("Who got it keeps it; nobody else gets it. This cannot be undone."),
        button=gettext_lazy("Cancel the broadcast"),
        done=gettext_lazy("It is cancelled."),
        states=(State.SCHEDULED, State.QUEUED, State.SENDING, State.PAUSED),
        perform=broadcasts.cancel,
        danger=True,
    ),
}


class Progressing(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_broadcast_"
        return [
            path("<int:object_id>/progress/", wrap(self.progress_view), name=f"{name}progress"),
            path("<int:object_id>/retry/", wrap(self.retry_view), name=f"{name}retry"),
            path("<int:object_id>/<slug:act>/do/", wrap(self.act_view), name=f"{name}act"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        broadcast = self.broadcast_for(request, object_id)
        if broadcast.state == State.DRAFT:
            return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_confirm", args=[broadcast.pk]))
        context = self._frame(request, broadcast, str(broadcast))
        context |= {"live": numbers.live(broadcast)} | _result(request, broadcast)
        return TemplateResponse(request, "apigw_ws_admin/broadcasts/page.html", context)

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the numbers, 204 while they equal ``?seen=``; in another state, all that depends on it."""
        broadcast = self.broadcast_for(request, object_id)
        live = numbers.live(broadcast)
        if live.version == request.GET.get("seen"):
            return HttpResponse(status=204)
        context = {"broadcast": broadcast, "live": live}
        if broadcast.state == request.GET.get("state"):
            return render(request, "apigw_ws_admin/broadcasts/_numbers.html", context)
        response = render(
            request, "apigw_ws_admin/broadcasts/_body.html", context | _result(request, broadcast)
        )
        response["HX-Retarget"], response["HX-Reswap"] = "#broadcast", "outerHTML"
        return response

    def act_view(self, request: HttpRequest, object_id: int, act: str) -> HttpResponse:
        """Say what the act does, and perform it when that is confirmed."""
        broadcast = self.broadcast_for(request, object_id)
        if act not in ACTS:
            raise Http404
        if not broadcasts.may_control(broadcast, request.user):
            raise lack(CONTROL_BROADCAST)
        if request.method == "POST":
            return _performed(request, broadcast, ACTS[act])
        context = self._frame(request, broadcast, ACTS[act].title) | {"act": ACTS[act]}
        return TemplateResponse(request, "apigw_ws_admin/broadcasts/act.html", context)

    def retry_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Make a draft to those who were not reached, to be checked before it is sent."""
        broadcast = self.broadcast_for(request, object_id)
        demand(request, SEND_BROADCAST)
        if not _may_retry(request, broadcast) or request.method != "POST":
            raise PermissionDenied
        try:
            draft = broadcasts.retry(broadcast, by=who(request)["by"])
        except ApigwWsError as problem:
            messages.error(request, explained(problem))
            return HttpResponseRedirect(_page_of(broadcast))
        return HttpResponseRedirect(_page_of(draft))

    def broadcast_for(self, request: HttpRequest, object_id: int | str) -> Broadcast:
        """Return the broadcast; 403 without permission to view it, 404 if missing or another's draft."""
        demand_look(self, request)
        broadcast: Broadcast | None = self.get_object(request, str(object_id))
        if broadcast is None:
            raise Http404
        return broadcast

    def _frame(self, request: HttpRequest, broadcast: Broadcast, title: str | Promise) -> dict[str, Any]:
        context: dict[str, Any] = self.admin_site.each_context(request)
        return context | {"opts": self.opts, "title": title, "broadcast": broadcast, "original": broadcast}


def _page_of(broadcast: Broadcast) -> str:
    return reverse("admin:apigw_ws_broadcast_change", args=[broadcast.pk])


def _result(request: HttpRequest, broadcast: Broadcast) -> dict[str, Any]:
    """What depends on the state: the buttons and, once it is over, the result."""
    context: dict[str, Any] = {
        "colour": BROADCAST[broadcast.state],
        "facts": facts(broadcast),
        "message": _message(request, broadcast),
        "buttons": list(_buttons(request, broadcast)),
        "may_retry": _may_retry(request, broadcast),
        "may_again": request.user.has_perm(SEND_BROADCAST),
    }
    return context | (numbers.result(broadcast) if broadcast.is_over else {})


def _message(request: HttpRequest, broadcast: Broadcast) -> str | None:
    """The message; None for those who may not read it."""
    return payloads.check(broadcast.payload).pretty if may_read(request, broadcast) else None


def _buttons(request: HttpRequest, broadcast: Broadcast) -> Iterator[dict[str, Any]]:
    if not broadcasts.may_control(broadcast, request.user):
        return
    for name, act in ACTS.items():
        if broadcast.state in act.states:
            href = reverse("admin:apigw_ws_broadcast_act", args=[broadcast.pk, name])
            yield {"name": name, "act": act, "href": href}


def _may_retry(request: HttpRequest, broadcast: Broadcast) -> bool:
    left = broadcast.is_over and broadcast.not_reached > 0
    return left and request.user.has_perm(SEND_BROADCAST) and may_read(request, broadcast)


def _performed(request: HttpRequest, broadcast: Broadcast, act: Act) -> HttpResponse:
    if act.perform(broadcast, **who(request)):
        messages.success(request, str(act.done))
    else:
        now = _("Nothing was done: the broadcast is not where it was. It is: %s.")
        messages.warning(request, now % broadcast.get_state_display())
    return HttpResponseRedirect(_page_of(broadcast))
