"""The facts about a broadcast, besides its progress; and who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apigw_ws.models import Broadcast
from apigw_ws.services.broadcasts import audiences
from apigw_ws_admin.identifiers import identifier
from apigw_ws_admin.moments import at_length
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import VIEW_PAYLOAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    name: str | Promise
    value: object
    wide: bool = False


def who(request: HttpRequest) -> dict[str, Any]:
    """Return the user and address for audit events."""
    return {"by": request.user, "ip": address_of(request)}


def may_read(request: HttpRequest, broadcast: Broadcast) -> bool:
    """Whether the user may see the message."""
    return broadcast.created_by_id == request.user.pk or request.user.has_perm(VIEW_PAYLOAD)


def facts(broadcast: Broadcast) -> list[Fact]:
    return [fact for fact in _facts(broadcast) if fact.value]


def _facts(broadcast: Broadcast) -> Iterator[Fact]:
    yield Fact(name=_("To"), value=audiences.describe(broadcast.audience), wide=True)
    yield Fact(name=_("Why"), value=broadcast.reason, wide=True)
    if broadcast.state == Broadcast.State.DRAFT:  # afterwards the title is the page's heading
        yield Fact(name=_("Name"), value=broadcast.title)
    yield Fact(name=_("By"), value=broadcast.created_by)
    yield Fact(name=_("Send at"), value=_moment(broadcast.scheduled_for))
    yield Fact(name=_("Not after"), value=_moment(broadcast.expires_on))
    yield Fact(name=_("Began"), value=_moment(broadcast.started_on))
    yield Fact(name=_("Ended"), value=_moment(broadcast.finished_on))
    live = "" if broadcast.snapshot else _("Whoever is there when their turn comes")
    yield Fact(name=_("Who gets it"), value=live)
    rate = _("%(rate)d a second") % {"rate": broadcast.rate} if broadcast.rate else ""
    yield Fact(name=_("At most"), value=rate)
    yield Fact(name=_("Broadcast ID"), value=identifier(str(broadcast.uid)) if broadcast.with_id else "")


def _moment(when: datetime | None) -> SafeString | None:
    return at_length(when) if when else None
