"""A tag for a template that other apps' pages use, too."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.auth import get_user_model

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.ways import user_page

register = template.Library()


@register.simple_tag(takes_context=True)
def sessions_of(context: dict[str, Any]) -> str:
    """Return the URL of the sessions of the user that the page is about; empty on other pages.

    A session's page names its user and leads there, too.
    """
    record = context.get("original")
    if isinstance(record, get_user_model()):
        return user_page(context["request"], record.pk)
    is_ours = getattr(getattr(record, "_meta", None), "app_label", "") == "apigw_ws"
    if not is_ours or isinstance(record, WebSocketSession):
        return ""
    return user_page(context["request"], getattr(record, "user_id", None))
