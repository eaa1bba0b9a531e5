"""The only writer of ``AuditEvent``: who did what to which gateway, from where, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from apigw_ws.models import ApiGateway, AuditEvent, Run

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

Values = Mapping[str, Any]


#: Who acts if no user does.
_actor: Final[ContextVar[str]] = ContextVar("apigw_ws_actor", default="")


@contextmanager
def acting_as(who: str) -> Iterator[None]:
    """In the block, what is done without a user is recorded as done by ``who``."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the block of ``recorded`` finds out while it works."""

    run: Run | None = None
    after: Values | None = None
    #: It failed, at least in part, and the block went on.
    error: BaseException | None = None


def record(
    verb: AuditEvent.Verb,
    gateway: ApiGateway | None,
    *,
    what: str = "",
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    before: Values | None = None,
    after: Values | None = None,
    error: BaseException | None = None,
    run: Run | None = None,
) -> AuditEvent:
    """Store what happened; with ``error``, that it failed. ``before`` and ``after`` must hold no secret.

    ``what`` names what it happened to, if not the gateway.
    """
    return AuditEvent.objects.create(
        verb=verb,
        gateway=gateway if gateway and gateway.pk else None,
        object_text=(what or str(gateway))[:255],
        user_id=by.pk if by else None,
        who=(by.get_username() if by else _actor.get() or _("A command or task"))[:255],
        ip_address=ip,
        before=before,
        after=after,
        result=AuditEvent.Result.FAILED if error else AuditEvent.Result.DONE,
        error_text=(str(error) or type(error).__name__) if error else "",
        run=run if run and run.pk else None,
    )


@contextmanager
def recorded(
    verb: AuditEvent.Verb,
    gateway: ApiGateway | None,
    *,
    what: str = "",
    by: AbstractBaseUser | None,
    ip: str | None = None,
    before: Values | None = None,
) -> Iterator[Outcome]:
    """Record what the block does when it ends, in whatever way; the block fills in the outcome.

    An exception of the block is recorded and raised on.
    """
    outcome = Outcome()
    note = partial(record, verb, gateway, what=what, by=by, ip=ip, before=before)
    try:
        yield outcome
    except BaseException as error:
        note(error=error, run=outcome.run)
        raise
    note(after=outcome.after, error=outcome.error, run=outcome.run)
