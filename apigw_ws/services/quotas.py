"""Tells how much of AWS's quotas a gateway uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway

#: Seconds after which AWS closes a connection, so there are never more than the connects of that time.
LONGEST: Final = 7200
#: The share from which on a quota deserves a warning.
WARNING: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    name: str
    #: None if it is not known.
    used: float | None
    limit: int
    note: str

    @property
    def share(self) -> float:
        return (self.used or 0) / self.limit

    @property
    def tight(self) -> bool:
        return self.share >= WARNING


def quotas(gateway: ApiGateway, *, peak: float | None, seconds: int) -> list[Quota]:
    """Return routes, connects and connections; ``peak`` is connects per second, averaged over ``seconds``.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
    """
    return [_routes(gateway), _connects(peak, seconds), _connections(gateway)]


def _routes(gateway: ApiGateway) -> Quota:
    own = gateway.additional_routes.filter(enabled=True).count()
    return Quota(
        name=_("Routes"),
        used=3 + own,
        limit=conf.routes_quota,
        note=_(
            "Of the record, $connect, $disconnect and the fallback included. Each has an integration, of "
            "which AWS allows as many."
        ),
    )


def _connects(peak: float | None, seconds: int) -> Quota:
    return Quota(
        name=_("Connects per second"),
        used=peak,
        limit=conf.connects_quota,
        note=_(
            "The most there were, on average over %(seconds)d seconds: a shorter peak is not seen. "
            "All WebSocket APIs of the account and region share this quota."
        )
        % {"seconds": seconds},
    )


def _connections(gateway: ApiGateway) -> Quota:
    return Quota(
        name=_("Open connections"),
        used=gateway.sessions.filter(connected=True).count(),
        limit=conf.connects_quota * LONGEST,
        note=_(
            "As our sessions have it. AWS has no quota of its own for them: connects per second, for the two "
            "hours that a connection lasts."
        ),
    )
