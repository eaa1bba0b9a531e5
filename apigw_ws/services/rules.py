"""Decides by the channel permissions who may join a channel, send to it, and broadcast to it.

Of those that match the channel one decides: the one with its exact name, else the longest pattern, and of
equally long ones the first in the alphabet. If none matches, ALLOW_UNLISTED_CHANNELS decides; broadcasts
then need only the permission to send them.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.models import ChannelPermission, ChannelPermissionRule, ChannelVerb
from apigw_ws.services import access, transactions

Access = ChannelPermission.Access
User = AbstractBaseUser | AnonymousUser

#: Seconds until a change by another process is seen, at the latest.
MAX_AGE: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What a user needs, all of it; ``groups`` are primary keys and names."""

    permissions: tuple[str, ...]
    groups: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A channel permission in memory: for each verb a level and, if the level says so, alternatives."""

    pk: int
    pattern: str
    levels: Mapping[str, str]
    alternatives: Mapping[str, tuple[Alternative, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that a user was checked for, and whether it holds."""

    text: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An entry that matches the channel. One of its alternatives has to hold; empty if unchecked."""

    entry: Entry
    decides: bool
    alternatives: tuple[tuple[Condition, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether a user may, and what was tried; nothing if no channel permission matches."""

    allowed: bool
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    names: Mapping[str, Entry]
    patterns: tuple[Entry, ...]
    read_at: float


_known: dict[str, _Book] = {}


def may(user: User, channel: str, verb: ChannelVerb) -> bool:
    """Return whether ``user`` may. Only permissions and groups cost queries; a yes is cached for seconds."""
    entry = entry_for(channel)
    if entry is None:
        return _unlisted(verb)
    if entry.levels[verb] != Access.RULES:
        return _reaches(user, entry.levels[verb])
    return access.remembered((user.pk, verb, channel), lambda: _any(_asked(user, entry, verb)))


def deciding(channel: str) -> str:
    """Return the name or pattern of the channel permission that decides; empty if none matches."""
    entry = entry_for(channel)
    return entry.pattern if entry else ""


def entry_for(channel: str) -> Entry | None:
    """Return the channel permission that decides; None if none matches."""
    return next(_fitting(channel), None)


def explain(user: User, channel: str, verb: ChannelVerb) -> Explanation:
    """Return why ``user`` may or may not: the matching permissions, and the deciding one's demands."""
    fitting = tuple(_fitting(channel))
    if not fitting:
        return Explanation(allowed=_unlisted(verb), tried=())
    first = Tried(entry=fitting[0], decides=True, alternatives=_asked(user, fitting[0], verb))
    others = (Tried(entry=entry, decides=False) for entry in fitting[1:])
    return Explanation(allowed=_any(first.alternatives), tried=(first, *others))


def forget() -> None:
    """Read the channel permissions again when one is next needed."""
    _known.clear()


def changed() -> None:
    """Forget now, and again on commit: until then another thread would read the old rows."""
    forget()
    transactions.on_commit(forget)
    access.grants_changed()


def _unlisted(verb: ChannelVerb) -> bool:
    return verb == ChannelVerb.BROADCAST or conf.allow_unlisted_channels


def _fitting(channel: str) -> Iterator[Entry]:
    """The channel permissions with this name or a matching pattern, the deciding one first."""
    book = _book()
    if channel in book.names:
        yield book.names[channel]
    yield from (entry for entry in book.patterns if fnmatchcase(channel, entry.pattern))


def _book() -> _Book:
    book = _known.get("book")
    if book is None or time.monotonic() - book.read_at > MAX_AGE:
        book = _known["book"] = _read()
    return book


def _read() -> _Book:
    permissions = Permission.objects.select_related("content_type")
    rules = ChannelPermissionRule.objects.order_by("pk").prefetch_related(
        Prefetch("permissions", permissions), "groups"
    )
    read_at = time.monotonic()
    entries = [
        _entry(row) for row in ChannelPermission.objects.prefetch_related(Prefetch("rules", rules)).order_by()
    ]
    patterns = [entry for entry in entries if "*" in entry.pattern]
    return _Book(
        names={entry.pattern: entry for entry in entries if "*" not in entry.pattern},
        patterns=tuple(sorted(patterns, key=lambda entry: (-len(entry.pattern), entry.pattern))),
        read_at=read_at,
    )


def _entry(row: ChannelPermission) -> Entry:
    """Without a level for sending, that for joining applies; without one for broadcasting, none does."""
    alternatives: dict[str, list[Alternative]] = {verb: [] for verb in ChannelVerb.values}
    for rule in row.rules.all():
        alternatives[rule.verb].append(_alternative(rule))
    levels: dict[str, str] = {
        ChannelVerb.JOIN: row.access,
        ChannelVerb.SEND: row.send_access or row.access,
        ChannelVerb.BROADCAST: row.broadcast_access or Access.EVERYONE,
    }
    if not row.send_access:
        alternatives[ChannelVerb.SEND] = alternatives[ChannelVerb.JOIN]
    return Entry(
        pk=row.pk,
        pattern=row.channel_name,
        levels=levels,
        alternatives={verb: tuple(ways) for verb, ways in alternatives.items()},
    )


def _alternative(rule: ChannelPermissionRule) -> Alternative:
    return Alternative(
        permissions=tuple(f"{p.content_type.app_label}.{p.codename}" for p in rule.permissions.all()),
        groups=tuple((group.pk, group.name) for group in rule.groups.all()),
    )


def _asked(user: User, entry: Entry, verb: ChannelVerb) -> tuple[tuple[Condition, ...], ...]:
    level, alternatives = entry.levels[verb], entry.alternatives[verb]
    if level != Access.RULES:
        return ((Condition(text=str(Access(level).label), holds=_reaches(user, level)),),)
    groups = _groups_of(user) if any(alternative.groups for alternative in alternatives) else frozenset()
    return tuple(tuple(_conditions(user, alternative, groups)) for alternative in alternatives)


def _conditions(user: User, alternative: Alternative, groups: Collection[int]) -> Iterator[Condition]:
    for name in alternative.permissions:
        yield Condition(text=_("Permission %s") % name, holds=access.holds(user, [name]))
    for pk, name in alternative.groups:
        yield Condition(text=_("Group %s") % name, holds=pk in groups)


def _any(alternatives: Iterable[Sequence[Condition]]) -> bool:
    """An empty alternative lets nobody in."""
    return any(conditions and all(one.holds for one in conditions) for conditions in alternatives)


def _reaches(user: Any, level: str) -> bool:
    match level:
        case Access.EVERYONE:
            return True
        case Access.AUTHENTICATED:
            return bool(user.is_authenticated)
        case Access.STAFF:
            return bool(getattr(user, "is_staff", False))
        case Access.SUPERUSERS:
            return bool(getattr(user, "is_superuser", False))
    return False


def _groups_of(user: Any) -> frozenset[int]:
    """A user model needs no PermissionsMixin; without groups a user is in none."""
    return frozenset(user.groups.values_list("pk", flat=True)) if hasattr(user, "groups") else frozenset()
