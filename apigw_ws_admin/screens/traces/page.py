"""A trace's page: what it captures, live, and each message's content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Final, cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.conf import conf
from apigw_ws.models import AuditEvent, Trace, TraceEntry, TraceState
from apigw_ws.services import audit, traces
from apigw_ws_admin.fields import grouped
from apigw_ws_admin.identifiers import identifier
from apigw_ws_admin.labels import TRACE as COLOURS
from apigw_ws_admin.labels import status_colour
from apigw_ws_admin.moments import moment
from apigw_ws_admin.pages import address_of, number
from apigw_ws_admin.permissions import VIEW_ADDRESS, VIEW_PAYLOAD, demand_look

#: Messages on a page.
PAGE: Final = 100


class TracePage(ModelAdmin):
    change_form_template = "apigw_ws_admin/traces/page.html"

    class Media:
        css: ClassVar = {
            "all": (
                "apigw_ws_admin/gateways.css",
                "apigw_ws_admin/live.css",
                "apigw_ws_admin/timeline.css",
                "apigw_ws_admin/traces.css",
            )
        }
        js = ("apigw_ws_admin/live.js", "apigw_ws_admin/parts.js")

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_trace_"
        return [
            path("<int:object_id>/entries/", wrap(self.entries_view), name=f"{name}entries"),
            path("<int:object_id>/entries/<int:pk>/", wrap(self.payload_view), name=f"{name}payload"),
            path("<int:object_id>/export/", wrap(self.export_view), name=f"{name}export"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **more: Any) -> HttpResponse:
        if trace := context.get("original"):
            context |= _context(request, trace) | _earlier(request, trace)
        return cast(HttpResponse, super().render_change_form(request, context, **more))

    def entries_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the messages after those that the browser has, or before; 204 if nothing has changed."""
        trace = self._trace(request, object_id)
        context = _context(request, trace)
        if "before" in request.GET:
            return render(request, "apigw_ws_admin/traces/_older.html", context | _earlier(request, trace))
        after = number(request.GET.get("after", ""))
        # Only the first of them: in a flood, the next request gets the next ones.
        newer = list(_chosen(request, trace).filter(pk__gt=after).order_by("pk")[:PAGE])[::-1]
        if not newer and request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=204)
        context |= {"entries": _shown(newer), "newest": newer[0].pk if newer else after}
        return render(request, "apigw_ws_admin/traces/_newer.html", context)

    def payload_view(self, request: HttpRequest, object_id: int, pk: int) -> HttpResponse:
        trace = self._trace(request, object_id, VIEW_PAYLOAD)
        entry = get_object_or_404(trace.entries, pk=pk)
        return render(
            request, "apigw_ws_admin/traces/_payload.html", {"entry": entry, "text": _pretty(entry)}
        )

    def export_view(self, request: HttpRequest, object_id: int) -> StreamingHttpResponse:
        """Send one JSON object per line, the first message first."""
        trace = self._trace(request, object_id, VIEW_PAYLOAD)
        ip, by = address_of(request), cast(Any, request.user)
        audit.record(AuditEvent.Verb.EXPORT, None, what=traces.named(trace), by=by, ip=ip)
        lines = _lines(_chosen(request, trace).order_by("pk"))
        name = f'attachment; filename="trace-{trace.pk}.jsonl"'
        return StreamingHttpResponse(
            lines, content_type="application/jsonl", headers={"Content-Disposition": name}
        )

    def _trace(self, request: HttpRequest, object_id: int, *permissions: str) -> Trace:
        demand_look(self, request, *permissions)
        trace: Trace | None = self.get_object(request, str(object_id))
        if trace is None:
            raise Http404
        return trace


def _context(request: HttpRequest, trace: Trace) -> dict[str, Any]:
    state = trace.state
    return {
        "trace": trace,
        "state": state,
        "state_colour": COLOURS[state.value],
        "running": state == TraceState.RUNNING,
        "seen": f"{state.value}-{trace.entry_count}",
        "direction": _direction(request),
        "directions": TraceEntry.Direction.choices,
        "may_read": request.user.has_perm(VIEW_PAYLOAD),
        "facts": [fact for fact in _facts(request, trace) if fact[1] not in ("", None)],
    }


def _facts(request: HttpRequest, trace: Trace) -> list[tuple[str, object]]:
    is_running = trace.state == TraceState.RUNNING
    return [
        (_("User"), trace.user),
        (_("Channel"), trace.channel_name),
        (_("Connection"), identifier(trace.connection_id)),
        (_("Address"), trace.ip_address if request.user.has_perm(VIEW_ADDRESS) else None),
        (_("Reason"), trace.reason),
        (_("Started"), moment(trace.created_on)),
        (_("Started by"), trace.created_by),
        (_("Ends in"), moment(trace.ends_on, until=True) if is_running else None),
        (_("Messages"), _("%(number)s of at most %(most)s") % _count(trace)),
        (_("Also redacted"), trace.redacted_keys),
    ]


def _count(trace: Trace) -> dict[str, str]:
    return {"number": grouped(trace.entry_count), "most": grouped(conf.trace_entries)}


def _earlier(request: HttpRequest, trace: Trace) -> dict[str, Any]:
    """The newest messages, or those before what the browser has, and whether there are more."""
    chosen = _chosen(request, trace).order_by("-pk")
    if before := number(request.GET.get("before", "")):
        chosen = chosen.filter(pk__lt=before)
    found = list(chosen[: PAGE + 1])
    entries = found[:PAGE]
    oldest = entries[-1].pk if len(found) > PAGE else None
    return {"entries": _shown(entries), "newest": entries[0].pk if entries else 0, "oldest": oldest}


def _shown(entries: list[TraceEntry]) -> list[tuple[TraceEntry, str]]:
    """Entries with the colour of their status."""
    return [(entry, status_colour(entry.status or 0)) for entry in entries]


def _direction(request: HttpRequest) -> str:
    asked = request.GET.get("direction", "")
    return asked if asked in TraceEntry.Direction.values else ""


def _chosen(request: HttpRequest, trace: Trace) -> QuerySet[TraceEntry]:
    """Entries without their content, which is loaded one by one."""
    entries = trace.entries.defer("payload")
    direction = _direction(request)
    return entries.filter(direction=direction) if direction else entries


def _pretty(entry: TraceEntry) -> str:
    """Indented JSON; anything else as it is."""
    try:
        return json.dumps(json.loads(entry.payload), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return entry.payload


def _lines(entries: QuerySet[TraceEntry]) -> Iterator[str]:
    for entry in entries.defer(None).iterator(chunk_size=200):
        yield json.dumps(_exported(entry), ensure_ascii=False) + "\n"


def _exported(entry: TraceEntry) -> dict[str, Any]:
    """Without empty fields. ``payload`` is a string, which holds JSON if JSON was sent."""
    fields = {
        "at": entry.at.isoformat(),
        "connection_id": entry.connection_id,
        "direction": entry.direction,
        "handler": entry.handler,
        "status": entry.status,
        "duration_ms": entry.duration_ms,
        "size": entry.size,
        "cut": entry.is_cut,
        "payload": entry.payload,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}
