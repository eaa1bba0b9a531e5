"""The cells of the list of sessions."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.admin import checkbox

from apigw_ws.models.sessions import SessionState
from apigw_ws_admin.labels import SESSION
from apigw_ws_admin.moments import moment

__all__ = ["moment", "program", "selector", "state_label"]

#: The first match names the program: most browsers also claim to be Chrome or Safari.
_PROGRAMS: Final = (
    (re.compile(r"Edg\w*/(\d+)"), "Edge"),
    (re.compile(r"OPR/(\d+)"), "Opera"),
    (re.compile(r"Firefox/(\d+)"), "Firefox"),
    (re.compile(r"Chrome/(\d+)"), "Chrome"),
    (re.compile(r"Version/(\d+).*Safari/"), "Safari"),
)


def program(user_agent: str) -> str:
    """“Firefox 128”, else the beginning of the first product that the user agent names."""
    for pattern, name in _PROGRAMS:
        if found := pattern.search(user_agent):
            return f"{name} {found[1]}"
    return Truncator(user_agent.partition(" ")[0].replace("/", " ")).chars(30)


def state_label(state: SessionState) -> SafeString:
    return _label(SESSION[state.value], str(state.label))


def selector(pk: int) -> SafeString:
    """Return the checkbox that selects the row."""
    return format_html(_box(str(checkbox.attrs["aria-label"])), pk)


# Unfold renders these from templates for each row: much of the time that the list takes, every few seconds.


@cache
def _label(colour: str, text: str) -> SafeString:
    return render_to_string("unfold/helpers/label.html", {"type": colour, "text": text})


@cache
def _box(hint: str) -> str:
    """The checkbox with a placeholder for the key; ``hint`` is its label in the current language."""
    box: str = checkbox.render(ACTION_CHECKBOX_NAME, "0000")
    return box.replace("{", "{{").replace("}", "}}").replace('value="0000"', 'value="{}"')
