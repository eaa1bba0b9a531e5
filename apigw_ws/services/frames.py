"""Keeps frames for test connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from apigw_ws.models import ApiGateway, AuditEvent, SavedFrame
from apigw_ws.services import audit

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def of(gateway: ApiGateway) -> QuerySet[SavedFrame]:
    """Return the frames of this gateway, and those for all gateways."""
    return SavedFrame.objects.filter(Q(gateway=gateway) | Q(gateway=None)).select_related("saved_by")


def keep(
    gateway: ApiGateway | None, name: str, payload: str, *, by: AbstractBaseUser, ip: str | None = None
) -> SavedFrame:
    """Save a frame for the gateway, or without one for all; it replaces one of the same name.

    The audit trail has its name and size, not its content.
    """
    frame, added = SavedFrame.objects.update_or_create(
        gateway=gateway, name=name, defaults={"payload": payload, "saved_by_id": by.pk}
    )
    verb = AuditEvent.Verb.ADD if added else AuditEvent.Verb.CHANGE
    audit.record(verb, gateway, what=_called(frame), by=by, ip=ip, after={"bytes": len(payload.encode())})
    return frame


def forget(frame: SavedFrame, *, by: AbstractBaseUser, ip: str | None = None) -> None:
    """Delete the frame."""
    with audit.recorded(AuditEvent.Verb.DELETE, frame.gateway, what=_called(frame), by=by, ip=ip):
        frame.delete()


def _called(frame: SavedFrame) -> str:
    return f"{frame._meta.verbose_name} {frame}"
