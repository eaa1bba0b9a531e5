"""Values in XML, read and written by their botocore shape."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from botocore.model import ListShape, MapShape, Shape, StructureShape

from apigw_ws.emulator.wire.json_values import wire_name
from apigw_ws.emulator.wire.scalars import Malformed, read_text, write_text

_ILLEGAL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def parse(body: bytes) -> Element:
    """The root of a document, tags without their namespaces."""
    try:
        # Python's expat stops entity bombs by itself, and no external entity is ever fetched.
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        raise Malformed("The request body is not valid XML.") from error
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def read(shape: Shape, node: Element) -> Any:
    if isinstance(shape, StructureShape):
        found = ((name, member, node.find(wire_name(name, member))) for name, member in shape.members.items())
        return {name: read(member, child) for name, member, child in found if child is not None}
    if isinstance(shape, ListShape):
        return [read(shape.member, item) for item in node]
    if isinstance(shape, MapShape):
        return {entry.findtext("key", ""): read(shape.value, entry[-1]) for entry in node if len(entry)}
    return read_text(shape, node.text or "")


def write(shape: Shape, value: Any, parent: Element, name: str) -> None:
    """Add the value to its parent under this name."""
    node = SubElement(parent, name)
    if isinstance(shape, StructureShape):
        write_members(shape, value, node)
    elif isinstance(shape, ListShape):
        for item in value:
            write(shape.member, item, node, wire_name("member", shape.member))
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            entry = SubElement(node, "entry")
            write(shape.key, key, entry, "key")
            write(shape.value, item, entry, "value")
    else:
        node.text = write_text(shape, value)


def write_members(shape: StructureShape, value: dict[str, Any], node: Element) -> None:
    for name, member in shape.members.items():
        if value.get(name) is not None and "location" not in member.serialization:
            write(member, value[name], node, wire_name(name, member))


def render(root: Element) -> bytes:
    """The document; what XML cannot say (a client's control characters) becomes U+FFFD."""
    text = _ILLEGAL.sub("\ufffd", ElementTree.tostring(root, encoding="unicode"))
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + text.encode()
