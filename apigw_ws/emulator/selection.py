"""Which route a message takes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any, Final

from apigw_ws.emulator.context import Event

_LIFECYCLE: Final = frozenset({"$connect", "$disconnect"})
_VARIABLE = re.compile(
    r"""\\(?P<escaped>\$)
      | \$\{(?P<braced>[^}]*)\}
      | \$(?P<bare>[A-Za-z](?:[\w-]|\.(?=[\w*\[.$])|\[[^\]]*\]|(?<=\.)[*$])*)
    """,
    re.VERBOSE,
)


def evaluate(expression: str, event: Event) -> str:
    """The text that ``expression`` makes of ``event``: one pass, unresolved variables become nothing."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        return "".join(stringified(found) for found in event.values(match["braced"] or match["bare"] or ""))

    return _VARIABLE.sub(value, expression)


def route_key(expression: str, event: Event, routes: Container[str]) -> str:
    """The key of the route that ``event``'s message takes; ``$default`` where none has the evaluated key.

    A message that is no JSON object takes ``$default`` whatever the expression, a constant one included.
    ``$default`` need not exist, and the lifecycle's routes cannot be reached by a message.
    """
    try:
        key = evaluate(expression, event) if isinstance(event.body, dict) else "$default"
    except RecursionError:  # the value is nested hundreds deep: the name of no route
        key = "$default"
    return key if key in routes and key not in _LIFECYCLE else "$default"


def stringified(value: Any) -> str:
    """A JSON value as Java's ``toString`` writes it: ``[item1, item2]``, ``{a=1}``, ``true``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(stringified, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={stringified(member)}' for key, member in value.items())}}}"
    return "null" if value is None else str(value)
