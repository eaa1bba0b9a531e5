"""What an operator does to sessions, a batch at a time; for each, in their order, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apigw_ws.aws import connections
from apigw_ws.conf import conf
from apigw_ws.delivery import Result as Delivered
from apigw_ws.exceptions import ApigwWsError, ConnectionGone
from apigw_ws.models import Act, ActOutcome, ChannelVerb, WebSocketSession
from apigw_ws.services import bans, calls, channels, closing, messages, rollups, rules, sessions
from apigw_ws.services.channels import Change
from apigw_ws.services.closing import Result as Closed

Deed, Result = Act.Deed, ActOutcome.Result
Batch = Sequence[WebSocketSession]
What = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    result: ActOutcome.Result
    #: Why not, in a sentence; of a message, why the client was not told.
    error: str = ""


GONE: Final = Done(result=Result.GONE)
_CLOSED: Final = {Closed.CLOSED: Result.DONE, Closed.GONE: Result.GONE, Closed.FAILED: Result.FAILED}


def _disconnect(batch: Batch, what: What, ways: calls.Ways) -> list[Done]:
    message = what.get("message")
    payload = None if message is None else messages.encode(message)
    outcomes = closing.close_now(batch, ways, payload, what.get("reason", ""))
    return [Done(result=_CLOSED[one.result], error=str(one.error or "")) for one in outcomes]


def _message(batch: Batch, what: What, ways: calls.Ways) -> list[Done]:
    errors = _post(batch, what["message"], ways)
    return [_of_post(session, errors.get(session.pk)) for session in batch]


def _join(batch: Batch, what: What, ways: calls.Ways) -> list[Done]:
    """By the rules, bans and limit that hold for a client, unless the operator has set them aside."""
    name, override = what["channel"], what.get("override", False)
    kept_out = {} if override else {one.pk: why for one in batch if (why := _objection(one, name))}
    open_ones = [one for one in batch if one.connected and one.pk not in kept_out]
    changes = channels.join_all(open_ones, name, most=None if override else conf.channels_per_connection)
    return _moved(batch, open_ones, changes, what, ways, kept_out)


def _leave(batch: Batch, what: What, ways: calls.Ways) -> list[Done]:
    open_ones = [one for one in batch if one.connected]
    return _moved(batch, open_ones, channels.leave_all(open_ones, what["channel"]), what, ways, {})


DEEDS: Final[Mapping[str, Callable[[Batch, What, calls.Ways], list[Done]]]] = {
    Deed.DISCONNECT: _disconnect,
    Deed.MESSAGE: _message,
    Deed.JOIN: _join,
    Deed.LEAVE: _leave,
}


def _post(batch: Batch, message: Any, ways: calls.Ways) -> dict[int, ApigwWsError]:
    """Send it to those that are connected, and count it; why not, by session."""
    payload = messages.encode(message)
    there = [session for session in batch if session.connected]
    answers = calls.call_each(
        there, lambda client, connection_id: connections.post(client, connection_id, payload), ways=ways
    )
    paired = list(zip(there, answers, strict=True))
    if sent := [session.connection_id for session, error in paired if error is None]:
        sessions.count_sent(sent, payload)
    if gone := [session.connection_id for session, error in paired if isinstance(error, ConnectionGone)]:
        sessions.mark_gone(gone)
    rollups.count_sent((session.api_gateway_id, _result(error)) for session, error in paired)
    return {session.pk: error for session, error in paired if error is not None}


def _result(error: ApigwWsError | None) -> Delivered:
    if error is None:
        return Delivered.SENT
    return Delivered.GONE if isinstance(error, ConnectionGone) else Delivered.FAILED


def _of_post(session: WebSocketSession, error: ApigwWsError | None) -> Done:
    if not session.connected or isinstance(error, ConnectionGone):
        return GONE
    return Done(result=Result.FAILED, error=str(error)) if error else Done(result=Result.DONE)


def _moved(
    batch: Batch,
    open_ones: Batch,
    changes: Sequence[Change],
    what: What,
    ways: calls.Ways,
    kept_out: Mapping[int, str],
) -> list[Done]:
    """What came of joining or leaving; those that moved are told, if there is something to tell."""
    moved = {one.pk: change for one, change in zip(open_ones, changes, strict=True)}
    message = what.get("message")
    told = [one for one in open_ones if message is not None and moved[one.pk] is Change.CHANGED]
    errors = _post(told, message, ways) if told else {}
    return [_of_move(one, moved.get(one.pk), kept_out.get(one.pk), errors.get(one.pk)) for one in batch]


def _of_move(
    session: WebSocketSession, change: Change | None, objection: str | None, untold: ApigwWsError | None
) -> Done:
    if not session.connected or isinstance(untold, ConnectionGone):
        return GONE
    if objection:
        return Done(result=Result.REFUSED, error=objection)
    if change is Change.FULL:
        text = _("It is in as many channels as a connection may be (CHANNELS_PER_CONNECTION: %d).")
        return Done(result=Result.REFUSED, error=text % conf.channels_per_connection)
    if change is Change.ALREADY:
        return Done(result=Result.ALREADY)
    return Done(result=Result.DONE, error=_("Its client was not told: %s") % untold if untold else "")


def _objection(session: WebSocketSession, channel: str) -> str:
    """Why a client like this may not be in the channel; empty if it may."""
    user: Any = session.user or AnonymousUser()
    agent, address = session.user_agent, session.ip_address
    if ban := bans.find(user=user, ip_address=address, user_agent=agent, channel=channel):
        return _("Ban %d keeps it out of this channel.") % ban.pk
    if rules.may(user, channel, ChannelVerb.JOIN):
        return ""
    if rule := rules.deciding(channel):
        return _("The channel permission “%s” does not let this user in.") % rule
    return _("No channel permission names this channel, and ALLOW_UNLISTED_CHANNELS is off.")
