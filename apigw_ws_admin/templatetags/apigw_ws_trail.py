"""Breadcrumbs, the same on every page about our records."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model
from django.http import HttpRequest
from django.utils.text import capfirst

from apigw_ws_admin.sites import admin_of, is_standalone, reverse
from apigw_ws_admin.trails import Step, trail

register = template.Library()


@register.simple_tag(takes_context=True)
def is_console(context: template.Context) -> bool:
    """Return whether the page is the console's; other pages of the admin load none of our files."""
    match = getattr(context.get("request"), "resolver_match", None)
    return is_standalone() or (match is not None and (match.url_name or "").startswith("apigw_ws_"))


@register.simple_tag(takes_context=True)
def trail_of_page(context: template.Context) -> str:
    """Return app, list, record and page; empty if Unfold's breadcrumbs are enough.

    They are for lists, and for other apps. The link to the list keeps its filters. A page about no
    model names its own steps: ``crumbs``.
    """
    request: Any = context["request"]
    match = request.resolver_match
    if match and "admin" in match.app_names:
        request.current_app = match.namespace  # as Django's views do: Unfold's title asks for it
    if crumbs := context.get("crumbs"):
        return trail(*crumbs)
    opts = context.get("opts")
    if opts is None or opts.app_label != "apigw_ws" or context.get("cl"):
        return ""
    listed: Any = admin_of(opts.model)
    name = f"admin:{opts.app_label}_{opts.model_name}"
    may = listed.has_view_permission(request)
    steps: list[Step] = [(capfirst(opts.verbose_name_plural), _list(request, name) if may else "")]
    record, title = context.get("original") or context.get("object"), str(context.get("title") or "")
    if isinstance(record, Model):
        steps.append((str(record), reverse(f"{name}_change", args=[record.pk]) if may else ""))
    if title != steps[-1][0] and not (isinstance(record, Model) and context.get("adminform")):
        steps.append((title, ""))
    return trail(*steps)


def _list(request: HttpRequest, name: str) -> str:
    query = request.GET.get("_changelist_filters", "")
    return reverse(f"{name}_changelist") + (f"?{query}" if query else "")
