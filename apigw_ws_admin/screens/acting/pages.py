"""The page that asks before an act on many sessions, and the page of its outcomes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.models import Act, Ban
from apigw_ws.services import acts
from apigw_ws_admin.permissions import VIEW_ADDRESS, demand_look
from apigw_ws_admin.screens.acting.chosen import HANDFUL, Chosen, chosen
from apigw_ws_admin.screens.acting.doing import do, hand_over, way_back
from apigw_ws_admin.screens.acting.kinds import KINDS, Kind
from apigw_ws_admin.screens.acting.outcomes import KIND_OF, rows_of, tallies
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.worker import PATIENCE

#: The most sessions that the page names.
SAMPLE: Final = 10


class Pages(ModelAdmin):
    def get_urls(self) -> list[Any]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_websocketsession_"
        return [
            path("acts/<uuid:uid>/", wrap(self.acted_view), name=f"{name}acted"),
            *(
                path(f"{kind}/", wrap(self.act_view), {"name": kind}, name=f"{name}{kind}_many")
                for kind in KINDS
            ),
            *super().get_urls(),
        ]

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Say how many sessions there are, and ask; ``chosen`` says what the URL can name."""
        kind = KINDS[name]
        demand_look(self, request, *kind.permissions)
        those = chosen(self, request)
        if not those.number:
            messages.info(request, _("Nothing was done: there is no such session any more."))
            return HttpResponseRedirect(_back(request))
        if name == "message" and not those.is_a_handful:
            return self._broadcast(request, those)
        form = kind.form(request, None, request.POST or None, chosen=those)
        if form.is_valid():
            return HttpResponseRedirect(do(request, kind, form, request.GET.get("back", "")))
        return self._ask(request, kind, form, those)

    def acted_view(self, request: HttpRequest, uid: UUID) -> HttpResponse:
        """Show the outcomes so far, refreshed by htmx until it is over. A POST continues a stuck act."""
        act = get_object_or_404(Act.objects.select_related("by"), uid=uid)
        kind = KIND_OF[act.deed]
        demand_look(self, request, *kind.permissions)
        if request.method == "POST":
            if acts.is_stuck(act, timedelta(0)):
                hand_over(request, act)
            return HttpResponseRedirect(request.get_full_path())
        context = _progress(request, act, kind)
        if getattr(request, "htmx", False):
            return render(request, "apigw_ws_admin/acting/_outcomes.html", context)
        context |= self.admin_site.each_context(request) | {"title": kind.title, "opts": self.opts}
        context["media"] = self.media
        return TemplateResponse(request, "apigw_ws_admin/acting/outcomes.html", context)

    def _ask(self, request: HttpRequest, kind: Kind, form: Any, those: Chosen) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": kind.title,
            "opts": self.opts,
            "media": self.media,
            "kind": kind,
            "question": kind.question(those.number) % those.number,
            "words": those.words,
            "form": form,
            "sample": those.rows.select_related("user", "api_gateway").order_by("pk")[:SAMPLE],
            "more": max(those.number - SAMPLE, 0),
            "is_the_workers": not those.is_a_handful,
            "back": _back(request),
        }
        return TemplateResponse(request, "apigw_ws_admin/acting/ask.html", context)

    def _broadcast(self, request: HttpRequest, those: Chosen) -> HttpResponse:
        """A message to more than a handful is a broadcast, which has its own page."""
        if request.user.has_perm("apigw_ws.send_broadcast"):
            return HttpResponseRedirect(f"{reverse('admin:apigw_ws_broadcast_compose')}?{those.query}")
        text = _(
            "These are %(number)d sessions. To send to more than %(most)d takes the permission to broadcast."
        )
        messages.warning(request, text % {"number": those.number, "most": HANDFUL})
        return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    return way_back(request, request.GET.get("back", ""))


def _progress(request: HttpRequest, act: Act, kind: Kind) -> dict[str, Any]:
    progress = acts.progress(act)
    shown, further = rows_of(act, kind, request.GET)
    return {
        "act": act,
        "kind": kind,
        "progress": progress,
        "done": progress.total - progress.waiting,
        "tallies": tallies(progress, kind, request.GET),
        "rows": shown,
        "further": further,
        "over": act.finished_on is not None,
        "late": acts.is_stuck(act, PATIENCE),
        "bans": Ban.objects.filter(pk__in=act.what.get("bans", ())).select_related("user"),
        "url": request.get_full_path(),
        "may_see_addresses": request.user.has_perm(VIEW_ADDRESS),
        "back": _back(request),
    }
