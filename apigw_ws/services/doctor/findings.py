"""Values: what the doctor finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Level(TextChoices):
    """From the best to the worst."""

    GREEN = "green", gettext_lazy("OK")
    #: It could not be determined.
    UNKNOWN = "unknown", gettext_lazy("Unknown")
    #: Something works, but not as it should.
    AMBER = "amber", gettext_lazy("Warning")
    #: Something does not work.
    RED = "red", gettext_lazy("Problem")

    @property
    def gravity(self) -> int:
        return list(Level).index(self)


class Fix(StrEnum):
    """A remedy in the console."""

    APPLY = "apply"
    ROTATE = "rotate"
    SECRET = "secret"  # noqa: S105  (a page)
    SETTINGS = "settings"
    DOMAIN = "domain"
    POLICY = "policy"
    HISTORY = "history"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    level: Level
    #: A sentence. None of these texts reveals a secret.
    why: str
    what_to_do: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Verdict):
    #: Identifies the question, for programs.
    key: str
    title: str


def green(why: str) -> Verdict:
    return Verdict(level=Level.GREEN, why=why)


def amber(why: str, what_to_do: str, fix: Fix | None = None) -> Verdict:
    return Verdict(level=Level.AMBER, why=why, what_to_do=what_to_do, fix=fix)


def red(why: str, what_to_do: str, fix: Fix | None = None) -> Verdict:
    return Verdict(level=Level.RED, why=why, what_to_do=what_to_do, fix=fix)


def unknown(why: str, what_to_do: str = "") -> Verdict:
    return Verdict(level=Level.UNKNOWN, why=why, what_to_do=what_to_do)


def finding(key: str, title: str | Promise, verdict: Verdict) -> Finding:
    return Finding(key=key, title=str(title), **asdict(verdict))


def age(moment: datetime) -> str:
    """Return how long ago it was, for “… ago”."""
    return timesince(moment) if timezone.now() - moment >= timedelta(minutes=1) else _("less than a minute")


def worst(findings: list[Finding]) -> Level:
    """Return the worst level; green if there are no findings."""
    return max((each.level for each in findings), key=lambda level: level.gravity, default=Level.GREEN)
