"""Puts sessions into channels and takes them out: the only writer. ``services.rules`` says who may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from django.dispatch import Signal
from django.utils import timezone

from apigw_ws.exceptions import Refused
from apigw_ws.models import ChannelMembership, WebSocketSession
from apigw_ws.services import timeline
from apigw_ws.services.timeline import Kind
from apigw_ws.signals import joined, left


class Change(StrEnum):
    """The result of joining or leaving."""

    CHANGED = "changed"
    #: It was in the channel already, or was not in it.
    ALREADY = "already"
    #: It is in as many channels as it may be in.
    FULL = "full"


def enter(session: WebSocketSession, names: Collection[str]) -> None:
    """Put a new session into further channels; one INSERT for all of them."""
    if names:
        ChannelMembership.objects.bulk_create(ChannelMembership(session=session, name=name) for name in names)


def join(session: WebSocketSession, name: str, *, most: int | None = None) -> bool:
    """Put a session into one more channel; return whether it was not in it yet.

    Raises Refused (guard ``channel``, 403) if it would be in more than ``most`` channels.
    """
    if name == session.channel_name:
        return False
    membership, is_new = ChannelMembership.objects.get_or_create(session=session, name=name)
    # Counted afterwards, so that two joins at the same time cannot exceed the limit together.
    if is_new and most is not None and (count := len(names(session))) > most:
        membership.delete()
        facts = {"channel": name, "channels": count - 1, "limit": most}
        raise Refused("channel", 403, "The connection is in as many channels as it may be.", facts)
    if is_new:
        _tell(joined, [session], name)
    return is_new


def join_all(sessions: Sequence[WebSocketSession], name: str, *, most: int | None = None) -> list[Change]:
    """As ``join``, for many sessions, in their order; two queries, and no exception for a full one."""
    where = _where(sessions)
    changes = [_joining(where[one.pk], name, most) for one in sessions]
    new = [one for one, change in zip(sessions, changes, strict=True) if change is Change.CHANGED]
    memberships = (ChannelMembership(session=one, name=name) for one in new)
    ChannelMembership.objects.bulk_create(memberships, ignore_conflicts=True)
    _tell(joined, new, name)
    return changes


def leave(session: WebSocketSession, name: str) -> bool:
    """Take a session out of a channel; return whether it was in it. No other channel becomes its first."""
    return leave_all([session], name) == [Change.CHANGED]


def leave_all(sessions: Sequence[WebSocketSession], name: str) -> list[Change]:
    """As ``leave``, for many sessions, in their order; four queries."""
    members = ChannelMembership.objects.filter(session__in=[one.pk for one in sessions], name=name)
    further = set(members.values_list("session", flat=True))
    there = [one for one in sessions if name == one.channel_name or one.pk in further]
    members.delete()
    _note([one for one in there if one.channel_name != name], Kind.LEFT, name)
    _note([one for one in there if one.channel_name == name], Kind.LEFT, name, channel_name="")
    _tell(left, there, name)
    gone = {one.pk for one in there}
    return [Change.CHANGED if one.pk in gone else Change.ALREADY for one in sessions]


def change(session: WebSocketSession, name: str) -> None:
    """Move a session from its first channel to another; it stays in the others."""
    before = session.channel_name
    _note([session], Kind.MOVED, name, channel_name=name)
    if before and before != name:
        _tell(left, [session], before)
    if name and before != name:
        _tell(joined, [session], name)


def names(session: WebSocketSession) -> tuple[str, ...]:
    """Return the channels of a session, open or closed: the first one, then others in order of joining."""
    further = session.memberships.values_list("name", flat=True)
    return tuple(dict.fromkeys(filter(None, (session.channel_name, *further))))


def _where(sessions: Sequence[WebSocketSession]) -> dict[int, set[str]]:
    """The channels that each session is in; one query."""
    where = {one.pk: {one.channel_name} - {""} for one in sessions}
    for key, name in ChannelMembership.objects.filter(session__in=where).values_list("session", "name"):
        where[key].add(name)
    return where


def _joining(there: Collection[str], name: str, most: int | None) -> Change:
    if name in there:
        return Change.ALREADY
    return Change.FULL if most is not None and len(there) >= most else Change.CHANGED


def _note(sessions: Sequence[WebSocketSession], kind: Kind, name: str, **fields: str) -> None:
    """One UPDATE, which puts it on the timelines, too."""
    if not sessions:
        return
    now = timezone.now()
    noted = timeline.noting(timeline.channel(kind, name))
    WebSocketSession.objects.filter(pk__in=[one.pk for one in sessions]).update(
        **fields, **noted, updated_on=now
    )
    for session in sessions:
        session.updated_on = now
        for field, value in fields.items():
            setattr(session, field, value)


def _tell(signal: Signal, sessions: Sequence[WebSocketSession], name: str) -> None:
    for session in sessions:
        signal.send_robust(WebSocketSession, session=session, channel=name)
