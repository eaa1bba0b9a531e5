"""Connect tokens: proof, good once, that a page of ours that passed the CSRF check asked to connect."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import WebSocketToken
from apigw_ws.services import batches

#: The most unused tokens of a browser session at a time.
MAX_WAITING: Final = 20


def digest(value: str) -> str:
    """Return what is stored instead of a token or a session key.

    Both are long and random, so they need no salt.
    """
    return hashlib.sha256(value.encode()).hexdigest()


def issue(session_key: str, user: AbstractBaseUser | AnonymousUser) -> str | None:
    """Return a token for this browser session; None while twenty of its tokens are unused.

    Only a hash is kept.
    """
    return None if _waiting(session_key).count() >= MAX_WAITING else _issued(session_key, user)


def issue_anyway(session_key: str, user: AbstractBaseUser | AnonymousUser) -> str:
    """Return a token for this browser session; of twenty that are unused the oldest is good no more."""
    newest = _waiting(session_key).order_by("-pk")
    kept = [*newest.values_list("pk", flat=True)[: MAX_WAITING - 1]]
    newest.exclude(pk__in=kept).delete()
    return _issued(session_key, user)


def _waiting(session_key: str) -> QuerySet[WebSocketToken]:
    """Tokens that are good, and were not used."""
    mine = WebSocketToken.objects.filter(session_key_hash=digest(session_key), used_on=None)
    return mine.filter(created_on__gt=_oldest())


def _issued(session_key: str, user: AbstractBaseUser | AnonymousUser) -> str:
    token = secrets.token_urlsafe(32)
    WebSocketToken.objects.create(
        token_hash=digest(token),
        session_key_hash=digest(session_key),
        user_id=user.pk if user.is_authenticated else None,
    )
    return token


def consume(token: str, session_key: str, connection_id: str) -> bool:
    """Use the token for this connection; return whether it was issued to this browser session and is valid.

    One UPDATE decides, so that of two racing connections only one gets it; a $connect delivered twice
    gets it both times, because it is the same connection.
    """
    mine = Q(used_on=None) | Q(connection_id=connection_id)
    tokens = WebSocketToken.objects.filter(
        mine, token_hash=digest(token), session_key_hash=digest(session_key), created_on__gt=_oldest()
    )
    return tokens.update(used_on=timezone.now(), connection_id=connection_id) == 1


def revoke(session_key: str) -> None:
    """Invalidate the tokens of a browser session that ended."""
    WebSocketToken.objects.filter(session_key_hash=digest(session_key)).delete()


def delete_expired(age: int) -> int:
    """Delete the tokens that are older than ``age`` seconds and past their time; return how many."""
    return batches.delete(over().filter(created_on__lte=timezone.now() - dt.timedelta(seconds=age)))


def over() -> QuerySet[WebSocketToken]:
    """Return the expired tokens."""
    return WebSocketToken.objects.filter(created_on__lte=_oldest())


def _oldest() -> dt.datetime:
    return timezone.now() - dt.timedelta(seconds=conf.token_max_age)
