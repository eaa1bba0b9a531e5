"""Tells how far a user has come with the console's first steps, and remembers their dismissal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db.models import Exists

from apigw_ws.models import AuditEvent, Dismissal, WebSocketSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: The cache key for whether there are roles; and seconds.
ROLES: Final = "apigw_ws:first-steps:roles"
KEPT: Final = 30
_CARD: Final = "first-steps"
_SENT: Final = (AuditEvent.Verb.SEND, AuditEvent.Verb.BROADCAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    #: The user has dismissed the card.
    dismissed: bool
    #: A client has ever connected.
    connected: bool
    #: This user has sent a message, or a broadcast.
    sent: bool


def progress(user: AbstractBaseUser) -> Progress:
    """Return the user's progress. One query once a client has connected; until then two."""
    dismissed = Dismissal.objects.filter(user_id=user.pk, card=_CARD)
    sent = AuditEvent.objects.filter(user_id=user.pk, verb__in=_SENT).order_by()
    found = WebSocketSession.objects.order_by().values_list(Exists(dismissed), Exists(sent))[:1]
    for is_dismissed, has_sent in found:
        return Progress(dismissed=is_dismissed, connected=True, sent=has_sent)
    return Progress(dismissed=dismissed.exists(), connected=False, sent=False)


def have_roles() -> bool:
    """Whether some group holds permissions of ours, as those of ``ws_roles`` do; up to half a minute old."""
    groups = Group.objects.filter(permissions__content_type__app_label="apigw_ws").order_by()
    return bool(cache.get_or_set(ROLES, groups.exists, KEPT))


def dismiss(user: AbstractBaseUser) -> None:
    """Hide the card from the user, wherever they sign in. No audit event: it is their own view."""
    Dismissal.objects.get_or_create(user_id=user.pk, card=_CARD)


def bring_back(user: AbstractBaseUser) -> None:
    Dismissal.objects.filter(user_id=user.pk, card=_CARD).delete()
