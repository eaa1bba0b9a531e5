"""What an operator's act does to a batch of sessions; each deed returns an outcome for each session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.exceptions import ApigwWsError, ConnectionGone
from apigw_ws.models import Act, ActOutcome, ChannelVerb, WebSocketSession
from apigw_ws.services import bans, calls, channels, closing, messages, rules
from apigw_ws.services.channels import Change
from apigw_ws.services.closing import Result as Closed

Deed, Result = Act.Deed, ActOutcome.Result
Batch = Sequence[WebSocketSession]
What = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    result: ActOutcome.Result
    #: A sentence: why it was not done or, after a move, why the client was not told of it.
    error: str = ""


GONE: Final = Done(result=Result.GONE)
_CLOSED: Final = {Closed.CLOSED: Result.DONE, Closed.GONE: Result.GONE, Closed.FAILED: Result.FAILED}


def _disconnect(batch: Batch, what: What, clients: calls.Clients) -> list[Done]:
    message = what.get("message")
    payload = None if message is None else messages.encode(message)
    outcomes = closing.close_now(batch, clients, payload, what.get("reason", ""))
    return [Done(result=_CLOSED[one.result], error=str(one.error or "")) for one in outcomes]


def _message(batch: Batch, what: What, clients: calls.Clients) -> list[Done]:
    errors = messages.send_to_each(batch, what["message"], clients)
    return [_of_post(session, errors.get(session.pk)) for session in batch]


def _join(batch: Batch, what: What, clients: calls.Clients) -> list[Done]:
    """Apply the rules, bans and limit that hold for clients, unless the operator overrides them."""
    name, override = what["channel"], what.get("override", False)
    kept_out = {} if override else {one.pk: why for one in batch if (why := _objection(one, name))}
    open_ones = [one for one in batch if one.connected and one.pk not in kept_out]
    changes = channels.join_all(open_ones, name, most=None if override else conf.channels_per_connection)
    return _moved(batch, open_ones, changes, what, clients, kept_out)


def _leave(batch: Batch, what: What, clients: calls.Clients) -> list[Done]:
    open_ones = [one for one in batch if one.connected]
    return _moved(batch, open_ones, channels.leave_all(open_ones, what["channel"]), what, clients, {})


DEEDS: Final[Mapping[str, Callable[[Batch, What, calls.Clients], list[Done]]]] = {
    Deed.DISCONNECT: _disconnect,
    Deed.MESSAGE: _message,
    Deed.JOIN: _join,
    Deed.LEAVE: _leave,
}


def _of_post(session: WebSocketSession, error: ApigwWsError | None) -> Done:
    if not session.connected or isinstance(error, ConnectionGone):
        return GONE
    return Done(result=Result.FAILED, error=str(error)) if error else Done(result=Result.DONE)


def _moved(
    batch: Batch,
    open_ones: Batch,
    changes: Sequence[Change],
    what: What,
    clients: calls.Clients,
    kept_out: Mapping[int, str],
) -> list[Done]:
    """The outcomes of joining or leaving. Those that moved are sent the message, if there is one."""
    moved = {one.pk: change for one, change in zip(open_ones, changes, strict=True)}
    message = what.get("message")
    told = [one for one in open_ones if message is not None and moved[one.pk] is Change.CHANGED]
    errors = messages.send_to_each(told, message, clients) if told else {}
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
