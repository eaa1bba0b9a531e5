"""Prepares and starts broadcasts, and moves them on. Every step is a compare-and-set on the state."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import ApiGateway, AuditEvent, Broadcast
from apigw_ws.models.broadcasts import COUNTS
from apigw_ws.services import audit, transactions
from apigw_ws.services.broadcasts import audiences, payloads, permits, queue
from apigw_ws.signals import broadcast_finished

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

State = Broadcast.State
Verb = AuditEvent.Verb


def prepare(
    *,
    audience: audiences.Audience,
    payload: str,
    title: str = "",
    reason: str = "",
    with_id: bool = True,
    snapshot: bool = True,
    rate: int = 0,
    scheduled_for: dt.datetime | None = None,
    expires_on: dt.datetime | None = None,
    by: AbstractBaseUser | None = None,
    retry_of: Broadcast | None = None,
    replaces: Broadcast | None = None,
) -> Broadcast:
    """Return a draft, which is not sent until it is started; the draft that it ``replaces`` is deleted.

    Raises BroadcastError for an audience or times that make no sense, if ``by`` may not broadcast to
    them, or nobody is there to get it now and it is not scheduled; ``payloads.InvalidPayload`` and
    PayloadTooLarge for the message.
    """
    text = _checked(audience, payload, with_id, scheduled_for, expires_on)
    permits.demand(audience, by)
    with transactions.atomic():
        broadcast = Broadcast.objects.create(
            title=title,
            audience=dict(audience),
            payload=text,
            with_id=with_id,
            snapshot=snapshot,
            reason=reason,
            rate=rate,
            scheduled_for=scheduled_for,
            expires_on=expires_on,
            created_by_id=by.pk if by else None,
            retry_of=retry_of,
        )
        if replaces:
            discard(replaces)
    return broadcast


def discard(broadcast: Broadcast) -> bool:
    """Delete a draft, without an audit event; return False if it is no longer a draft."""
    return bool(Broadcast.objects.filter(pk=broadcast.pk, state=State.DRAFT).delete()[0])


def start(broadcast: Broadcast, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> bool:
    """Have a draft sent, now or when it is scheduled; return False if it has been started already.

    ``broadcast`` is updated. An AuditEvent holds why and to whom, not the message. Raises
    BroadcastError if channel permissions no longer allow ``by``; no other permission is checked.
    """
    permits.demand(broadcast.audience, by)
    is_later = broadcast.scheduled_for is not None and broadcast.scheduled_for > timezone.now()
    state = State.SCHEDULED if is_later else State.QUEUED
    if not move(broadcast, (State.DRAFT,), state, error_text=""):
        return False
    _note(Verb.BROADCAST, broadcast, by=by, ip=ip)
    queue.begin(broadcast)
    return True


def pause(broadcast: Broadcast, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> bool:
    """Stop sending within a second, until it is resumed; return False if it was not being sent."""
    done = move(broadcast, (State.SENDING,), State.PAUSED, error_text="")
    return done and _note(Verb.PAUSE_BROADCAST, broadcast, by=by, ip=ip)


def resume(broadcast: Broadcast, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> bool:
    """Continue a paused broadcast; return False if it was not paused."""
    if not move(broadcast, (State.PAUSED,), State.SENDING, error_text=""):
        return False
    queue.send(broadcast, broadcast.shards.filter(is_done=False).count())
    return _note(Verb.RESUME_BROADCAST, broadcast, by=by, ip=ip)


def cancel(broadcast: Broadcast, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> bool:
    """Stop sending for good; the rest is counted as cancelled. Return False if it is over."""
    at_once = move(
        broadcast, (State.DRAFT, State.SCHEDULED), State.CANCELLED, total=0, finished_on=timezone.now()
    )
    begun = (State.QUEUED, State.SENDING, State.PAUSED)
    if not (at_once or move(broadcast, begun, State.CANCELLING, error_text="")):
        return False
    if not at_once:
        queue.begin(broadcast) if broadcast.total is None else queue.send(broadcast)
    return _note(Verb.CANCEL_BROADCAST, broadcast, by=by, ip=ip)


def retry(broadcast: Broadcast, *, by: AbstractBaseUser | None = None) -> Broadcast:
    """Return a draft of the same for those who were not reached and are still connected.

    Raises BroadcastError if this one is not over, or none of them is still connected.
    """
    broadcast.refresh_from_db()
    if not broadcast.is_over:
        raise BroadcastError(_("The broadcast is not over yet. Wait for its end, or cancel it."))
    return prepare(
        audience={"kind": "not_reached", "broadcast": broadcast.pk},
        payload=broadcast.payload,
        title=broadcast.title,
        reason=broadcast.reason,
        with_id=broadcast.with_id,
        rate=broadcast.rate,
        by=by,
        retry_of=broadcast,
    )


def may_control(broadcast: Broadcast, user: Any) -> bool:
    """Whether the user may pause, resume and cancel it: it is theirs, or they have the permission."""
    if broadcast.created_by_id == user.pk and user.has_perm("apigw_ws.send_broadcast"):
        return True
    return bool(user.has_perm("apigw_ws.control_broadcast"))


def move(broadcast: Broadcast, out_of: tuple[State, ...], to: State, **values: Any) -> bool:
    """Move it to a state if it is still in one of those; return whether it was. ``broadcast`` is updated.

    For a final state, ``broadcast_finished`` is sent, and an AuditEvent has the result.
    """
    rows = Broadcast.objects.filter(pk=broadcast.pk, state__in=out_of)
    moved = rows.update(state=to, **values)
    broadcast.refresh_from_db()
    if moved and to in Broadcast.OVER:
        _note_end(broadcast)
        broadcast_finished.send_robust(Broadcast, broadcast=broadcast)
    return bool(moved)


def _checked(
    audience: audiences.Audience,
    payload: str,
    with_id: bool,
    scheduled_for: dt.datetime | None,
    expires_on: dt.datetime | None,
) -> str:
    """The message as it is stored."""
    audiences.validate(audience)
    if expires_on and expires_on <= (scheduled_for or timezone.now()):
        raise BroadcastError(_("It would be over before it begins. Let it expire later."))
    text = payloads.check(payload, with_id).text
    if not scheduled_for and not _anybody(audience):
        raise BroadcastError(_("Nobody is there to get it: %s.") % audiences.describe(audience))
    return text


def _anybody(audience: audiences.Audience) -> bool:
    if audiences.queryset(audience).exists():
        return True
    return audience.get("gateway") is not None and bool(audiences.strangers(audience))


def _note(
    verb: AuditEvent.Verb, broadcast: Broadcast, *, by: AbstractBaseUser | None, ip: str | None
) -> bool:
    audit.record(verb, _gateway(broadcast), what=str(broadcast), by=by, ip=ip, after=_facts(broadcast))
    return True


def _note_end(broadcast: Broadcast) -> None:
    counts = {name: number for name in COUNTS if (number := getattr(broadcast, name))}
    failed = BroadcastError(broadcast.error_text) if broadcast.state == State.FAILED else None
    audit.record(
        Verb.END_BROADCAST,
        _gateway(broadcast),
        what=str(broadcast),
        after={**_facts(broadcast), **counts},
        error=failed,
    )


def _gateway(broadcast: Broadcast) -> ApiGateway | None:
    return ApiGateway.objects.filter(pk=broadcast.audience.get("gateway") or 0).first()


def _facts(broadcast: Broadcast) -> dict[str, Any]:
    return {
        "broadcast": broadcast.pk,
        "to": audiences.describe(broadcast.audience),
        "reason": broadcast.reason,
        "bytes": len(broadcast.payload.encode()),
        "state": broadcast.state,
        "recipients": broadcast.total,
    }
