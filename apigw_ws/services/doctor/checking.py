"""Turns this package's system checks into findings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.core.checks import ERROR, CheckMessage
from django.core.checks.registry import registry
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from apigw_ws.models import ApiGateway
from apigw_ws.services.doctor.findings import Finding, Level


def of_gateway(gateway: ApiGateway) -> list[Finding]:
    """Return the findings about this gateway."""
    return [_finding(message) for message in _messages() if message.obj == gateway]


def of_project() -> list[Finding]:
    """Return the findings about the project: its settings, views and URLs."""
    return [_finding(message) for message in _messages() if not isinstance(message.obj, ApiGateway)]


def _messages() -> Iterator[CheckMessage]:
    """The messages of our checks now, without those that the project silences."""
    ours = (check for check in registry.get_checks() if check.__module__.startswith("apigw_ws"))
    found = chain.from_iterable(check(app_configs=None, databases=[DEFAULT_DB_ALIAS]) for check in ours)
    return (message for message in found if not message.is_silenced())


def _finding(message: CheckMessage) -> Finding:
    return Finding(
        key=str(message.id),
        title=_("System check %s") % message.id,
        level=Level.RED if message.level >= ERROR else Level.AMBER,
        why=str(message.msg),
        what_to_do=str(message.hint or ""),
    )
