"""The JSONPath after ``request.body``: names, indexes, slices, wildcards and descent; no filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

#: What a path that leads nowhere finds.
MISSING: Final = object()

Step: TypeAlias = Callable[[Any], Iterable[Any]]

_TOKEN = re.compile(
    r"""(?P<deep>\.(?=\.))
      | \.?(?P<all>\*|\[\*\])
      | \[\s*(?P<index>-?\d+)\s*\]
      | \[\s*(?P<slice>-?\d*\s*:\s*-?\d*)\s*\]
      | \.?\[\s*'(?P<single>[^']*)'\s*\]
      | \.?\[\s*"(?P<double>[^"]*)"\s*\]
      | \.?(?P<name>[\w$-]+)
    """,
    re.VERBOSE,
)


def find(document: Any, path: str) -> Any:
    """What ``path`` (such as ``.items[0].name``) leads to in ``document``; ``MISSING`` if nowhere.

    A path that can lead to several places (``*``, ``..``, a slice) gives a list of them.
    """
    if (compiled := _compile(path)) is None:
        return MISSING
    steps, several = compiled
    found = [document]
    for step in steps:
        found = [value for node in found for value in step(node)]
    if several and found:
        return found
    return found[0] if found else MISSING


@lru_cache(maxsize=1024)
def _compile(path: str) -> tuple[tuple[Step, ...], bool] | None:
    """The steps of a path and whether it can lead to several places; ``None`` if it is not one."""
    steps: list[Step] = []
    kinds = set()
    position = 0
    while position < len(path):
        if (token := _TOKEN.match(path, position)) is None:
            return None
        kind = str(token.lastgroup)
        steps.append(_STEPS[kind](token[kind]))
        kinds.add(kind)
        position = token.end()
    return tuple(steps), bool(kinds & {"deep", "all", "slice"})


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _descendants(node: Any) -> Iterable[Any]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(_children(node))))


def _member(name: str, node: Any) -> Iterable[Any]:
    return (node[name],) if isinstance(node, dict) and name in node else ()


def _item(index: int, node: Any) -> Iterable[Any]:
    return (node[index],) if isinstance(node, list) and -len(node) <= index < len(node) else ()


def _part(bounds: slice, node: Any) -> Iterable[Any]:
    return node[bounds] if isinstance(node, list) else ()


def _bounds(text: str) -> slice:
    start, stop = (int(part) if part.strip() else None for part in text.split(":"))
    return slice(start, stop)


_STEPS: Final[dict[str, Callable[[str], Step]]] = {
    "deep": lambda text: _descendants,
    "all": lambda text: _children,
    "index": lambda text: partial(_item, int(text)),
    "slice": lambda text: partial(_part, _bounds(text)),
    "single": lambda text: partial(_member, text),
    "double": lambda text: partial(_member, text),
    "name": lambda text: partial(_member, text),
}
