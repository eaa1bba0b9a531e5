"""Connect tokens: proof that a page of ours, which passed the CSRF check, asked to connect. Used once."""

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

#: Unused tokens that a browser session may hold at a time.
MAX_WAITING: Final = 20


def digest(value: str) -> str:
    """Return what is stored in place of a token or a session key.

    Both are long and random: no salt is needed.
    """
    return hashlib.sha256(value.encode()).hexdigest()


def issue(session_key: str, user: AbstractBaseUser | AnonymousUser) -> str | None:
    """Return a token for this browser session; None while twenty of its tokens wait unused.

    Only a hash is kept.
    """
    waiting = WebSocketToken.objects.filter(
        session_key_hash=digest(session_key), used_on=None, created_on__gt=_oldest()
    )
    if waiting.count() >= MAX_WAITING:
        return None
    token = secrets.token_urlsafe(32)
    WebSocketToken.objects.create(
        token_hash=digest(token),
        session_key_hash=digest(session_key),
        user_id=user.pk if user.is_authenticated else None,
    )
    return token


def consume(token: str, session_key: str, connection_id: str) -> bool:
    """Whether the token was issued to this browser session, is young, and is now used by this connection.

    One UPDATE decides, so of two connections that race only one gets it; the same $connect delivered twice
    gets it twice, because it is one connection.
    """
    mine = Q(used_on=None) | Q(connection_id=connection_id)
    tokens = WebSocketToken.objects.filter(
        mine, token_hash=digest(token), session_key_hash=digest(session_key), created_on__gt=_oldest()
    )
    return tokens.update(used_on=timezone.now(), connection_id=connection_id) == 1


def revoke(session_key: str) -> None:
    """Make the tokens of a browser session that ended worthless."""
    WebSocketToken.objects.filter(session_key_hash=digest(session_key)).delete()


def delete_expired(age: int) -> int:
    """Delete the tokens that are older than ``age`` seconds and past their time; return how many."""
    return batches.delete(over().filter(created_on__lte=timezone.now() - dt.timedelta(seconds=age)))


def over() -> QuerySet[WebSocketToken]:
    """Those past their time."""
    return WebSocketToken.objects.filter(created_on__lte=_oldest())


def _oldest() -> dt.datetime:
    return timezone.now() - dt.timedelta(seconds=conf.token_max_age)
