"""What the gateway itself says to a client, byte for byte, and how long messages are cut into frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

#: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
MAX_FRAME: Final = 32 * 1024
MAX_MESSAGE: Final = 128 * 1024

FORBIDDEN: Final = "Forbidden"
INTERNAL_ERROR: Final = "Internal server error"


def error(message: str, context: Mapping[str, str]) -> str:
    """An error frame; the uneven spacing is AWS's."""
    return (
        f'{{"message": "{message}", "connectionId":"{context["connectionId"]}", '
        f'"requestId":"{context["requestId"]}"}}'
    )


def fragments(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """``data`` in pieces of at most one frame's size, each with whether it is the last."""
    for start in range(0, max(len(data), 1), MAX_FRAME):
        yield data[start : start + MAX_FRAME], start + MAX_FRAME >= len(data)
