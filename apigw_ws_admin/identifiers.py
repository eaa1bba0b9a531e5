"""IDs on pages: in letters of one width, with a button that copies them (``copying.js``)."""

from __future__ import annotations

import re
from typing import Any, Final

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

#: Longer ones, which are ARNs, are shortened in their middle; the button copies all of it.
LONGEST: Final = 44
#: The last part of an ARN tells one from another.
_HEAD, _TAIL = 13, 30
#: AWS's request IDs, as they stand in sentences.
_REQUEST: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_HTML: Final = (
    '<span class="apigw-id">{}<button type="button" aria-label="{}" aria-live="polite" data-copy="{}">'
    "</button></span>"
)


def identifier(text: str) -> SafeString:
    """The ID and its button; empty for none."""
    return beside(code(text), text) if text else SafeString()


def beside(shown: SafeString, text: str) -> SafeString:
    """The button beside an ID that is ``shown`` somehow, as a link maybe: its text or title is the ID."""
    return format_html(_HTML, shown, _("Copy %s") % text, _("Copied"))


def code(text: str) -> SafeString:
    """Without the button, for what is a link already."""
    if len(text) <= LONGEST:
        return format_html("<code>{}</code>", text)
    return format_html('<code title="{}">{}…{}</code>', text, text[:_HEAD], text[-_TAIL:])


def identifiers(texts: str) -> SafeString:
    """Several, with spaces between them."""
    return format_html_join(" ", "{}", ((identifier(each),) for each in texts.split()))


def with_requests(sentence: Any) -> SafeString:
    """The sentence, in which the IDs of requests can be copied."""
    text = conditional_escape(sentence)
    return mark_safe(_REQUEST.sub(lambda found: identifier(found[0]), text))  # noqa: S308  (escaped above)
