"""What somebody reads on a page."""

from __future__ import annotations

from html import unescape

from django.utils.html import strip_tags


def words(html: str) -> str:
    """Without tags, and with one space where there is some."""
    return " ".join(unescape(strip_tags(html)).split())
