"""Confirms a draft: shows what would be sent to whom, then sends it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from apigw_ws.conf import conf
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import Broadcast
from apigw_ws.services import broadcasts
from apigw_ws.services.broadcasts import audiences, payloads
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import SEND_BROADCAST, SEND_LARGE_BROADCAST, demand, lack
from apigw_ws_admin.screens.broadcasts.facts import facts, who
from apigw_ws_admin.sites import reverse

#: More recipients than there can be.
ALL: Final = 100_000_000


class Sending(ModelAdmin):
    """For the author, with the permission SEND_BROADCAST."""

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_broadcast_"
        discard = wrap(require_POST(self.discard_view))
        return [
            path("<int:object_id>/confirm/", wrap(self.confirm_view), name=f"{name}confirm"),
            path("<int:object_id>/discard/", discard, name=f"{name}discard"),
            *super().get_urls(),
        ]

    def confirm_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show whom it goes to and what they get; send it, only once, when that is confirmed."""
        broadcast = _mine(request, object_id)
        if broadcast.state != Broadcast.State.DRAFT:
            return HttpResponseRedirect(page_of(broadcast))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Send this broadcast?"),
            "broadcast": broadcast,
        }
        context |= _as_sent(request, broadcast)
        if request.method == "POST" and (sent := _sent(request, broadcast, context)):
            return sent
        return TemplateResponse(request, "apigw_ws_admin/broadcasts/confirm.html", context)

    def discard_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        if broadcasts.discard(_mine(request, object_id)):
            messages.success(request, _("The draft is gone; nothing was sent."))
        else:
            messages.warning(request, _("It was sent already."))
        return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_changelist"))


def page_of(broadcast: Broadcast) -> str:
    return reverse("admin:apigw_ws_broadcast_change", args=[broadcast.pk])


def _mine(request: HttpRequest, pk: int) -> Broadcast:
    demand(request, SEND_BROADCAST)
    broadcast = Broadcast.objects.filter(pk=pk, created_by=request.user.pk).first()
    if broadcast is None:
        raise Http404
    return broadcast


def _as_sent(request: HttpRequest, broadcast: Broadcast) -> dict[str, Any]:
    strangers = audiences.strangers(broadcast.audience) if broadcast.audience.get("gateway") else []
    count = audiences.count(broadcast.audience, ALL)[0] + len(strangers)
    large = count > conf.broadcast_large
    return {
        "count": count,
        "idle": audiences.idle_count(broadcast.audience) if count else 0,
        "large": large,
        "may": not large or request.user.has_perm(SEND_LARGE_BROADCAST),
        "limit": conf.broadcast_large,
        "facts": facts(broadcast),
        "change": reverse("admin:apigw_ws_broadcast_compose", query={"draft": broadcast.pk}),
        "checked": payloads.check(broadcast.payload, broadcast.with_id),
    }


def _sent(request: HttpRequest, broadcast: Broadcast, context: dict[str, Any]) -> HttpResponse | None:
    """Send it and go to its page; None if that fails, with the problem in the context.

    The number that was shown has to be typed, because people come and go meanwhile.
    """
    shown = number(request.POST.get("shown", ""))
    if not context["may"]:
        raise lack(SEND_LARGE_BROADCAST)
    if context["large"] and shown <= conf.broadcast_large:
        context["problem"] = _("They have become more than when you looked. Look again, then send.")
    elif context["large"] and number(request.POST.get("typed", "").strip()) != shown:
        context["problem"] = _("Nothing was sent: type the number of recipients that stands above.")
    else:
        try:
            broadcasts.start(broadcast, **who(request))
            return HttpResponseRedirect(page_of(broadcast))
        except ApigwWsError as problem:
            context["problem"] = problem
    return None
