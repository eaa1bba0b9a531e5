"""Closes sessions when the login under which they were opened ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop

from apigw_ws.models import WebSocketSession
from apigw_ws.services import tokens
from apigw_ws.services.sessions import ClosedBy, close_all

#: The user's fields whose change ends a login.
_FIELDS: Final = frozenset({"password", "is_active"})


def close_of_login(session_key: str | None) -> int:
    """Close the sessions that a browser session opened, and void its tokens; return how many were open."""
    if not session_key:
        return 0
    tokens.revoke(session_key)
    sessions = WebSocketSession.objects.filter(session_key_hash=tokens.digest(session_key))
    return _end(sessions, gettext_noop("Logged out"))


def close_of_others(session_key: str | None, user: AbstractBaseUser) -> int:
    """Close the sessions that other users opened from a browser session that is now ``user``'s."""
    if not session_key:
        return 0
    sessions = WebSocketSession.objects.filter(session_key_hash=tokens.digest(session_key))
    return _end(sessions.exclude(user=None).exclude(user_id=user.pk), gettext_noop("Logged out"))


def close_of_changed_user(user: AbstractBaseUser, update_fields: Iterable[str] | None = None) -> int:
    """Close the sessions of a user who was deactivated or has a new password; return how many."""
    if update_fields is not None and _FIELDS.isdisjoint(update_fields):
        return 0
    sessions = WebSocketSession.objects.filter(user_id=user.pk).exclude(auth_hash="")
    if user.is_active:
        sessions = sessions.exclude(auth_hash__in=_auth_hashes(user))
    return _end(sessions, gettext_noop("Login ended"))


def close_of_deleted_user(user: AbstractBaseUser) -> int:
    """Close the sessions of a user who is about to be deleted; return how many. They become nobody's."""
    return _end(WebSocketSession.objects.filter(user_id=user.pk), gettext_noop("User deleted"))


def holds(session: WebSocketSession) -> bool:
    """Whether the login that the session was opened under is still good: active user, unchanged password."""
    if session.user is None:  # a hash means that the user was deleted while the session was being opened
        return not session.auth_hash
    hashes = _auth_hashes(session.user)
    unchanged = not session.auth_hash or any(constant_time_compare(session.auth_hash, one) for one in hashes)
    return session.user.is_active and unchanged


def auth_hash(user: AbstractBaseUser) -> str:
    """Return a value that changes with the password, hashed again so that it is useless for signing in."""
    return next(iter(_auth_hashes(user)), "")


def _end(sessions: QuerySet[WebSocketSession], reason: str) -> int:
    return close_all(sessions, by=ClosedBy.SIGN_OUT, reason=reason, at_aws=True)


def _auth_hashes(user: Any) -> list[str]:
    if not hasattr(user, "get_session_auth_hash"):
        return []
    fallbacks = (
        user.get_session_auth_fallback_hash() if hasattr(user, "get_session_auth_fallback_hash") else ()
    )
    return [
        hashlib.sha256(value.encode()).hexdigest() for value in (user.get_session_auth_hash(), *fallbacks)
    ]
