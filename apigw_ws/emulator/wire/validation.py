"""What botocore's client does not check before it sends: enums, patterns, lengths and ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

_NAMED_LIMITS = re.compile(r"Between(\d+)And(\d+)(K?)")


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """One sentence in AWS's words for each constraint of the model that the value does not satisfy."""
    if isinstance(shape, StructureShape):
        yield from _members(shape, value, path)
    elif isinstance(shape, ListShape | MapShape):
        yield from _length(shape, value, path)
        yield from _items(shape, value, path)
    elif shape.type_name in ("string", "integer", "long", "float", "double"):
        yield from _scalar(shape, value, path)


def _members(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield _sentence(None, _join(path, name), "Member must not be null")
    for name in value:
        yield from violations(shape.members[name], value[name], _join(path, name))


def _items(shape: ListShape | MapShape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
        return
    for key, item in value.items():
        yield from violations(shape.key, key, f"{path}.key")
        if item != "":  # which removes an entry of RequestParameters or StageVariables
            yield from violations(shape.value, item, f"{path}.{key}.member")


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        low, high = _limits(shape)
        if low is not None and value < low:
            yield _sentence(value, path, f"Member must have value greater than or equal to {low}")
        if high is not None and value > high:
            yield _sentence(value, path, f"Member must have value less than or equal to {high}")
        return
    yield from _length(shape, value, path)
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        wanted = ", ".join(shape.enum)
        yield _sentence(value, path, f"Member must satisfy enum value set: [{wanted}]")
    pattern = _pattern(str(shape.metadata.get("pattern", "")))
    if pattern is not None and not pattern.fullmatch(value):
        yield _sentence(value, path, f"Member must satisfy regular expression pattern: {pattern.pattern}")


def _length(shape: Shape, value: Any, path: str) -> Iterator[str]:
    low, high = _limits(shape)
    if low is not None and len(value) < low:
        yield _sentence(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and len(value) > high:
        yield _sentence(value, path, f"Member must have length less than or equal to {high}")


def _limits(shape: Shape) -> tuple[float | None, float | None]:
    """API Gateway's model has no min and max on its strings; the shapes' names say them."""
    if named := _NAMED_LIMITS.search(shape.name):
        low, high, thousands = named.groups()
        return int(low), int(high) * (1024 if thousands else 1)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    return (None if low is None else float(low)), (None if high is None else float(high))


@cache
def _pattern(source: str) -> re.Pattern[str] | None:
    """A few models use Java's syntax (``\\p{L}``); those patterns are left unchecked."""
    try:
        return re.compile(source) if source else None
    except re.error:
        return None


def _join(path: str, name: str) -> str:
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def _sentence(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:200]}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
