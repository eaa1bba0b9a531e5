"""The states of routes, for the chips and what surrounds them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import observation, route_states
from apigw_ws.services.observation import Observation, Sight
from apigw_ws.services.route_states import Standing, State
from apigw_ws_admin.moments import age


def chips(gateway: ApiGateway, work: dict[str, Any] | None) -> dict[str, Any]:
    """Return the context of ``routes/_states.html``; calls AWS unless a run is changing it."""
    (sight,) = (Sight(),) if work else observation.observe([gateway])
    found = standings_of(gateway, sight.observation)
    last = gateway.runs.first()
    return {
        "sight": sight,
        "age": age(sight.observation.seen_on) if sight.observation else "",
        "own": [standing for standing in found if standing.pk is None],
        "saved": [standing for standing in found if standing.pk is not None],
        "undone": _undone(found),
        "drifted": any(standing.state == State.DRIFT for standing in found),
        "failure": last.error_text if last and last.state == Run.State.FAILED else "",
        **(work or {}),
    }


def standings_of(gateway: ApiGateway, seen: Observation | None) -> list[Standing]:
    """Return the states; None if the record cannot be applied: the form says what is missing."""
    try:
        return list(route_states.states(gateway, seen).values())
    except ConfigurationError:
        return []


def _undone(found: list[Standing]) -> str:
    """The number of routes that an apply would bring in sync, as "1 failed, 2 pending"."""
    counts = Counter(standing.state for standing in found)
    states = (state for state in (State.FAILED, State.DRIFT, State.PENDING) if counts[state])
    return ", ".join(f"{counts[state]} {str(state.label).lower()}" for state in states)
