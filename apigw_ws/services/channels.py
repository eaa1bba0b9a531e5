"""The only writer of which channels a session is in. Whether it may be is for ``services.rules`` to say."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from apigw_ws.exceptions import Refused
from apigw_ws.models import ChannelMembership, WebSocketSession


def enter(session: WebSocketSession, names: Collection[str]) -> None:
    """Put a new session into further channels; one INSERT for all, none for none."""
    if names:
        ChannelMembership.objects.bulk_create(ChannelMembership(session=session, name=name) for name in names)


def join(session: WebSocketSession, name: str, *, most: int | None = None) -> bool:
    """Put a session into one more channel; return whether it was not there yet.

    Raises Refused (guard ``channel``, 403) where it would be in more than ``most`` channels.
    """
    if name == session.channel_name:
        return False
    membership, is_new = ChannelMembership.objects.get_or_create(session=session, name=name)
    # Counted afterwards: two joins at the same time do not pass the limit together.
    if is_new and most is not None and (count := len(names(session))) > most:
        membership.delete()
        facts = {"channel": name, "channels": count - 1, "limit": most}
        raise Refused("channel", 403, "The connection is in as many channels as it may be.", facts)
    return is_new


def leave(session: WebSocketSession, name: str) -> bool:
    """Take a session out of a channel; return whether it was there. No other becomes its first."""
    deleted, _ = ChannelMembership.objects.filter(session=session, name=name).delete()
    if name != session.channel_name:
        return bool(deleted)
    change(session, "")
    return True


def change(session: WebSocketSession, name: str) -> None:
    """Move a session from its first channel to another; it stays in the others."""
    now = timezone.now()
    WebSocketSession.objects.filter(pk=session.pk).update(channel_name=name, updated_on=now)
    session.channel_name, session.updated_on = name, now


def names(session: WebSocketSession) -> tuple[str, ...]:
    """The channels that a session is in, or was in when it ended: the first, then in order of joining."""
    further = session.memberships.values_list("name", flat=True)
    return tuple(dict.fromkeys(filter(None, (session.channel_name, *further))))
