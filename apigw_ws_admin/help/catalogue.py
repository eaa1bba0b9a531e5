"""Which page there is for a code, and which code a failure has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws.exceptions import AwsError, Refused
from apigw_ws_admin.help import (
    access,
    acts,
    aws,
    checks,
    closing,
    deploying,
    doctor,
    documents,
    guards,
    network,
    ours,
    sending,
    statuses,
    wrong_settings,
)
from apigw_ws_admin.help.values import Entry, Family

#: What can be a code, ours or AWS's.
CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
#: As ``apigw_ws.aws.errors`` writes a code into a sentence, whatever language that is in.
_IN_BRACKETS: Final = re.compile(r"\(([A-Za-z][A-Za-z0-9_.-]{2,63})([,:] [^()]*)?\)")
_CHECK: Final = re.compile(r"[a-z_]+(\.[a-z_]+)*\.[CDEWI]\d{3}")

_FAMILIES: Final = (
    access,
    aws,
    deploying,
    sending,
    network,
    ours,
    acts,
    guards,
    closing,
    statuses,
    doctor,
    wrong_settings,
    checks,
)
#: In the order of the index.
ENTRIES: Final[tuple[Entry, ...]] = tuple(
    sorted(
        chain.from_iterable(family.ENTRIES for family in _FAMILIES),
        key=lambda entry: [*Family].index(entry.family),
    )
)
_BY_CODE: Final[Mapping[str, Entry]] = {code: entry for entry in ENTRIES for code in entry.codes}


def known(code: str) -> Entry | None:
    return _BY_CODE.get(code)


def entry_for(code: str) -> Entry:
    """Return the page about a code; for an unknown one, a page that says so."""
    if entry := known(code):
        return entry
    if code.startswith(guards.PREFIX):
        return guards.of_the_project(code)
    return checks.of_others(code) if _CHECK.fullmatch(code) else _unheard_of(code)


def code_of(problem: BaseException) -> str:
    """Return AWS's code, if it gave one; else the name of our error."""
    if isinstance(problem, AwsError) and problem.code:
        return problem.code
    if isinstance(problem, Refused):
        return f"{guards.PREFIX}{problem.guard}"
    names = (each.__name__ for each in type(problem).__mro__)
    return next((name for name in names if name in _BY_CODE), "")


def code_in(text: str) -> str:
    """Return the code in a stored sentence; empty if there is none.

    An unknown code is told from other words in brackets by the request ID after it.
    """
    found = [match.groups() for match in _IN_BRACKETS.finditer(text)]
    codes = (code for code, more in found if code in _BY_CODE or (more and not code.islower()))
    return next(codes, "")


def search(words: str) -> Iterator[Entry]:
    """Return the entries with all of the words in their codes or title; those whose code begins so first."""
    parts = words.casefold().split()
    found = [entry for entry in ENTRIES if _has(entry, parts)]
    begins = [
        entry for entry in found if any(code.casefold().startswith(words.casefold()) for code in entry.codes)
    ]
    yield from dict.fromkeys([*begins, *found])


def _has(entry: Entry, parts: list[str]) -> bool:
    text = f"{' '.join(entry.codes)} {entry.title}".casefold()
    return all(part in text for part in parts)


def _unheard_of(code: str) -> Entry:
    return Entry(
        codes=(code,),
        family=Family.AWS,
        title=_("A code that this console does not know"),
        means=_(
            "AWS, or something on the way to it, answered with this code. AWS adds codes without notice; "
            "there is no "
            "page about this one here."
        ),
        steps=(
            _("Read the sentence that came with it: AWS says in it what it refused, and mostly why."),
            _(
                "Look the code up in the reference of the service that was asked; the step of the run names "
                "the operation."
            ),
            _("Give AWS's support the request ID. It stands beside the code, and in the step of the run."),
        ),
        places=("runs", "doctor"),
        documents=(documents.CONTROL_ERRORS, documents.COMMON_ERRORS),
    )
