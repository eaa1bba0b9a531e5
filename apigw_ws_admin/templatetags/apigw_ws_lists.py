"""What is shown instead of a list without rows."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag
def nothing_yet(opts: Any) -> tuple[str, ...]:
    """Return the templates that say what would be in the list; the last one is for a project's own models."""
    return (f"apigw_ws_admin/lists/{opts.model_name}.html", "apigw_ws_admin/lists/_nothing.html")
