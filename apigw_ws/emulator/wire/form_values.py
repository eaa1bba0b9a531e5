"""Values in the query protocol: a form whose names are paths (``Dimensions.member.1.Name``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from apigw_ws.emulator.wire.json_values import wire_name
from apigw_ws.emulator.wire.scalars import read_text

Tree = dict[str, Any]


def tree(fields: Mapping[str, str]) -> Tree:
    """The form as nested dicts; the value of a path is under the empty key of its dict."""
    root: Tree = {}
    for path, text in fields.items():
        node = root
        for part in filter(None, path.split(".")):
            node = node.setdefault(part, {})
        node[""] = text
    return root


def read(shape: Shape, node: Tree) -> Any:
    if isinstance(shape, StructureShape):
        return {
            name: read(member, node[wire_name(name, member)])
            for name, member in shape.members.items()
            if wire_name(name, member) in node
        }
    if isinstance(shape, ListShape):
        items = _in_order(node.get(wire_name("member", shape.member), {}))
        return [read(shape.member, item) for item in items]
    if isinstance(shape, MapShape):
        entries = _in_order(node.get("entry", {}))
        return {
            read(shape.key, entry.get("key", {})): read(shape.value, entry.get("value", {}))
            for entry in entries
        }
    return read_text(shape, node.get("", ""))


def _in_order(node: Tree) -> Iterator[Tree]:
    return (node[key] for key in sorted(filter(str.isdecimal, node), key=int))
