"""Models: JSON schemas that a route may ask of its messages."""

from __future__ import annotations

import json
import re
from typing import Any

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request, conflict

_SAMPLE = {"string": '"foo"', "integer": "42", "number": "42.0", "boolean": "true"}


def rule(world: World, path: Path, model: Record, before: Record | None) -> None:
    name = model["Name"]
    if not re.fullmatch(r"[a-zA-Z0-9]+", name):
        raise bad_request("Model name must be alphanumeric")
    if not isinstance(_schema(model), dict):
        raise bad_request("Invalid model specified: the schema is not a JSON object")
    others = world.tables.items("Model", path[0])
    if any(where != path and other["Name"] == name for where, other in others):
        raise conflict(f"Model with name {name} already exists for this API")


def _schema(model: Record) -> Any:
    try:
        return json.loads(model["Schema"])
    except ValueError:
        return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sample(kind: Any) -> str:
    return _SAMPLE.get(kind, "{}") if isinstance(kind, str) else "{}"


def template(model: Record) -> str:
    """A mapping template with a sample value for each property of the schema."""
    properties = _object(_schema(model).get("properties"))
    lines = (f'  "{name}" : {_sample(_object(spec).get("type"))}' for name, spec in properties.items())
    return "#set($inputRoot = $input.path('$'))\n{\n" + ",\n".join(lines) + "\n}"
