"""How the routes stand, for the chips and for what stands around them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import ApiGateway
from apigw_ws.services import observation, route_states
from apigw_ws.services.observation import Observation, Sight
from apigw_ws.services.route_states import Standing, State


def chips(gateway: ApiGateway, work: dict[str, Any] | None) -> dict[str, Any]:
    """For ``routes/_states.html``; AWS is looked at where nothing is at work that changes it."""
    (sight,) = (Sight(),) if work else observation.observe([gateway])
    found = standings(gateway, sight.observation)
    own = [standing for standing in found if standing.pk is None]
    saved = [standing for standing in found if standing.pk is not None]
    return {"sight": sight, "own": own, "saved": saved, "undone": _undone(found), **(work or {})}


def standings(gateway: ApiGateway, seen: Observation | None) -> list[Standing]:
    """None where the record cannot be applied; the form says what is missing."""
    try:
        return list(route_states.states(gateway, seen).values())
    except ConfigurationError:
        return []


def _undone(found: list[Standing]) -> str:
    """A count of the routes that an apply would bring in sync, as "1 failed, 2 pending"."""
    counts = Counter(standing.state for standing in found)
    states = (state for state in (State.FAILED, State.DRIFT, State.PENDING) if counts[state])
    return ", ".join(f"{counts[state]} {str(state.label).lower()}" for state in states)
