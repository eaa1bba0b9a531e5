"""Links from a failure to the page about it."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apigw_ws.models import AuditEvent, Run
from apigw_ws_admin.help import catalogue
from apigw_ws_admin.help.doctor import PREFIX as DOCTOR
from apigw_ws_admin.help.guards import PREFIX as GUARD
from apigw_ws_admin.identifiers import with_requests
from apigw_ws_admin.sites import reverse

#: An error, a code, or a sentence that has one in brackets.
Failure = BaseException | str | int


def page(code: str) -> str:
    return reverse("admin:apigw_ws_help_page", args=[code])


def guard(name: str) -> str:
    """Return the code of a guard, by its name."""
    return f"{GUARD}{name}"


def finding(key: str) -> str:
    """Return the code of what the doctor found: a question of its own, or a system check."""
    return key if "." in key else f"{DOCTOR}{key}"


def link(failure: Failure | None) -> SafeString:
    """Return the link “What does … mean?”, which names the code; empty without one."""
    if not (code := code_of(failure)):
        return SafeString()
    text = '<a class="font-semibold underline" href="{}">{}</a>'
    return format_html(text, page(code), _question(code))


def sign(failure: Failure | None) -> SafeString:
    """Return the same link as a question mark, for where there is little room."""
    if not (code := code_of(failure)):
        return SafeString()
    text = (
        '<a class="help-sign" href="{0}" title="{1}" aria-label="{1}">'
        '<span class="align-middle material-symbols-outlined md-18" aria-hidden="true">help</span></a>'
    )
    return format_html(text, page(code), _question(code))


def explained(failure: Failure | None, otherwise: str = "", *, said: str = "") -> SafeString:
    """The failure, or what is ``said`` of it, and the link; where it has no code, that of ``otherwise``."""
    more, text = link(code_of(failure) or otherwise), with_requests(said or str(failure))
    return format_html("{} {}", text, more) if more else text


def marked(text: str, code: str = "") -> SafeString | None:
    """In a cell: the text, and the sign that leads to the page about the code, or the code in the text."""
    return format_html("{} {}", text, sign(code or text)) if text else None


def explained_record(record: Run | AuditEvent) -> SafeString | None:
    """On its page: why it failed, and the link; None where it did not."""
    text = record.error_text
    return format_html("{} {}", with_requests(text), link(code_of_record(record))) if text else None


def code_of_record(record: Run | AuditEvent) -> str:
    """Of what failed; an event has its run's, or the one in its sentence."""
    if not record.error_text:
        return ""
    if isinstance(record, Run):
        return record.error_code
    return code_of(record.error_text) or (record.run.error_code if record.run else "") or "ApigwWsError"


def code_of(failure: Failure | None) -> str:
    if isinstance(failure, BaseException):
        code = catalogue.code_of(failure)
    else:
        text = str(failure or "")
        is_code = catalogue.CODE.fullmatch(text) and not text.endswith(".")
        code = text if is_code else catalogue.code_in(text)
    return code if catalogue.CODE.fullmatch(code) else ""


def _question(code: str) -> str:
    entry = catalogue.entry_for(code)
    return _("What does “%s” mean?") % (entry.title if "." in code else code)
