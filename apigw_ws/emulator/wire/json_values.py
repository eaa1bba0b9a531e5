"""Values in JSON, read and written by their botocore shape."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from apigw_ws.emulator.wire.scalars import Malformed, read_text, write_float, write_time

_PYTHON = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float, str),
    "double": (int, float, str),
    "timestamp": (int, float, str),
    "blob": (str,),
}


def wire_name(member: str, shape: Shape) -> str:
    return str(shape.serialization.get("name", member))


def parse(body: bytes) -> Any:
    """The JSON value of a body; an empty body is an empty object."""
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Malformed("The request body is not valid JSON.") from error


def read(shape: Shape, value: Any) -> Any:
    """The value in Python, members by their botocore names, nulls and unknown members left out."""
    if isinstance(shape, StructureShape):
        fields = _expect(dict, value)
        return {
            name: read(member, fields[wire_name(name, member)])
            for name, member in shape.members.items()
            if fields.get(wire_name(name, member)) is not None
        }
    if isinstance(shape, ListShape):
        return [read(shape.member, item) for item in _expect(list, value)]
    if isinstance(shape, MapShape):
        return {key: read(shape.value, item) for key, item in _expect(dict, value).items()}
    return _read_scalar(shape, value)


def _read_scalar(shape: Shape, value: Any) -> Any:
    kinds = _PYTHON.get(shape.type_name, (str,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise Malformed(f"Expected a {shape.type_name}, found {json.dumps(value)[:60]}")
    match shape.type_name:
        case "timestamp" | "blob" | "float" | "double":
            return read_text(shape, str(value))
        case _:
            return value


def _expect(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise Malformed(f"Expected a JSON {'object' if kind is dict else 'array'}")
    return value


def write(shape: Shape, value: Any, time_style: str) -> Any:
    """What `json.dumps` needs; members that the shape does not have, and those that are None, stay behind."""
    if isinstance(shape, StructureShape):
        return {
            wire_name(name, member): write(member, value[name], time_style)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [write(shape.member, item, time_style) for item in value]
    if isinstance(shape, MapShape):
        return {key: write(shape.value, item, time_style) for key, item in value.items()}
    return _write_scalar(shape, value, time_style)


def _write_scalar(shape: Shape, value: Any, time_style: str) -> Any:
    match shape.type_name:
        case "timestamp":
            return write_time(value, str(shape.serialization.get("timestampFormat", time_style)))
        case "blob":
            return base64.b64encode(value).decode()
        case "float" | "double" if not math.isfinite(value):
            return write_float(value)
        case _:
            return value
