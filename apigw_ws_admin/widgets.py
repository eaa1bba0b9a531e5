"""Selects for thousands of options: Django renders a template for each, which takes longer than the rest."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from django.forms.widgets import ChoiceWidget
from django.utils.safestring import SafeString, mark_safe
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
)

_END: Final = "</select>"
_SELECTED: Final = " selected"


class _Long(ChoiceWidget):
    """Renders options without groups and attributes."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        return []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        before, end, after = super().render(name, value, attrs, renderer).rpartition(_END)
        chosen = set(self.format_value(value) or ())
        choices = (("" if key is None else str(key), label) for key, label in self.choices)
        # ``format_html`` would take ten times as long.
        options = "\n".join(
            f'<option value="{escape(key)}"{_SELECTED if key in chosen else ""}>{_escaped(label)}</option>'
            for key, label in choices
        )
        return mark_safe(before + options + end + after)  # noqa: S308 - a template's, and escaped


def _escaped(label: Any) -> str:
    """As ``conditional_escape``, which is several times slower."""
    return label if isinstance(label, SafeString) else escape(str(label))


class LongSelect(_Long, UnfoldAdminSelectWidget):
    pass


class LongSelectMultiple(_Long, UnfoldAdminSelectMultipleWidget):
    pass


class LongSelect2Multiple(_Long, UnfoldAdminSelect2MultipleWidget):
    """A multiple select that is searched by typing."""
