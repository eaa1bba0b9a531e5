"""Scalars as text and back: times, blobs, booleans and numbers in the formats of AWS's protocols."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from botocore.model import Shape


class Malformed(ValueError):
    """The request does not have the form that its operation's model asks for."""


def read_time(value: Any) -> datetime:
    """Seconds since 1970, ISO 8601 or an HTTP date; the answer is in UTC."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = parsedate_to_datetime(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def write_time(value: datetime | float, style: str) -> str | float:
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    moment = moment.astimezone(UTC)
    if style == "unixTimestamp":
        seconds = round(moment.timestamp(), 3)
        return int(seconds) if seconds.is_integer() else seconds
    if style == "rfc822":
        return format_datetime(moment, usegmt=True)
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond >= 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def read_text(shape: Shape, text: str) -> Any:
    """The value of a scalar that came as text: in a path, a query string, a header or XML.

    Raises:
        Malformed: the text is no value of this shape.
    """
    try:
        match shape.type_name:
            case "boolean":
                return text == "true"
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "timestamp":
                return read_time(text)
            case "blob":
                return base64.b64decode(text, validate=True)
            case _:
                return text
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise Malformed(f"{text!r} is not a {shape.type_name}") from error


def write_text(shape: Shape, value: Any, time_style: str = "iso8601") -> str:
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "float" | "double":
            return write_float(value) if isinstance(value, float) else str(value)
        case "timestamp":
            return str(write_time(value, str(shape.serialization.get("timestampFormat", time_style))))
        case "blob":
            return base64.b64encode(value).decode()
        case _:
            return str(value)


def write_float(value: float) -> str:
    """AWS spells the special numbers NaN, Infinity and -Infinity."""
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value))
