"""Test connections: operators open them from the console, in their own browser and as themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from apigw_ws.models import ApiGateway, AuditEvent, Refusal
from apigw_ws.services import audit, tokens

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a browser needs to connect, and to find out why it was refused."""

    #: A connect token, good once; empty if none is needed.
    token: str = field(repr=False)
    #: The primary key of the newest refusal before: only higher ones can be this connection's.
    after: int


def begin(
    gateway: ApiGateway,
    *,
    session_key: str,
    with_token: bool,
    by: AbstractBaseUser,
    ip: str | None = None,
) -> Trial:
    """Audit that ``by`` opens a connection, and return what their browser needs for it.

    A view that asks for no token leaves it unused, so twenty connections would soon reach the limit of
    unused ones: the oldest give way.
    """
    token = tokens.issue_anyway(session_key, by) if with_token else ""
    audit.record(AuditEvent.Verb.TEST, gateway, by=by, ip=ip)
    newest = Refusal.objects.order_by("-pk").values_list("pk", flat=True).first()
    return Trial(token=token, after=newest or 0)


def refusal_of(gateway: ApiGateway, *, after: int, by: AbstractBaseUser, origin: str) -> Refusal | None:
    """Return the newest refusal of a connect that may be ``by``'s from a page of ``origin``, else None.

    Without a session cookie, only the page's origin tells whose connect it was, and one that was
    refused early has no gateway.
    """
    theirs = Q(user=by) | Q(user=None, origin=origin)
    here = Q(api_gateway=gateway) | Q(api_gateway=None)
    found = Refusal.objects.filter(theirs, here, pk__gt=after, phase__in=("connect", ""))
    return found.order_by("-pk").first()
