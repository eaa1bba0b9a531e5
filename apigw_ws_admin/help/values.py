"""Values that a help page is made of."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Family(TextChoices):
    """Where a code comes from, in the order of the index."""

    AWS = "aws", _("AWS's answers")
    NETWORK = "network", _("No answer from AWS")
    OURS = "ours", _("What this console refuses")
    GUARD = "guard", _("Guards that refuse clients")
    CLOSE = "close", _("Close codes of connections")
    STATUS = "status", _("HTTP statuses of handlers and handshakes")
    DOCTOR = "doctor", _("Questions of the doctor")
    CHECK = "check", _("System checks")

    @property
    def seen(self) -> Text:
        """Where such a code is seen."""
        return _SEEN[self]


_SEEN = {
    Family.AWS: _(
        "In brackets at the end of a sentence that begins “AWS refused”, with AWS's request ID; in the "
        "steps of "
        "a run; and among those whom a broadcast did not reach."
    ),
    Family.NETWORK: _(
        "In sentences that begin “No answer from AWS”, in runs, and among those whom a broadcast did not "
        "reach."
    ),
    Family.OURS: _("In a message at the top of a page, in a dialog, in the audit trail, or as a run's code."),
    Family.GUARD: _("In the list of refusals, in a session's timeline and in the test console."),
    Family.CLOSE: _(
        "On a session's page, in its timeline, in the test console and in the client's “close” event."
    ),
    Family.STATUS: _(
        "In a session's timeline, in a trace, in API Gateway's logs, and in the client at connect."
    ),
    Family.DOCTOR: _("On the doctor's pages, in manage.py ws_doctor, and at the top of the overview."),
    Family.CHECK: _("In manage.py check, when a server starts, and on the doctor's page."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page of AWS's or another's documentation; AWS names its pages in English."""

    name: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    why: Text
    #: How to recognise this cause.
    tell: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    #: The first names the page; the others lead to it.
    codes: tuple[str, ...]
    family: Family
    title: Text
    means: Text
    #: The most likely first.
    causes: tuple[Cause, ...] = ()
    steps: tuple[Text, ...] = ()
    #: The keys of APIGW_WS that matter.
    settings: tuple[str, ...] = ()
    #: Pages of the console that help: names of ``screens.help.places.PLACES``.
    places: tuple[str, ...] = ()
    #: A command for the terminal.
    command: str = ""
    documents: tuple[Document, ...] = ()

    @property
    def code(self) -> str:
        return self.codes[0]
