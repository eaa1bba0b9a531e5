"""Which operation of a REST service a method and a path mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import unquote

from botocore.model import OperationModel


class Routes:
    """The request URIs of a service's operations; a literal segment wins over a label."""

    def __init__(self, operations: Iterable[OperationModel]) -> None:
        self._by_size: dict[tuple[str, int], list[tuple[list[str], OperationModel]]] = defaultdict(list)
        for operation in operations:
            template = _segments(operation.http["requestUri"])
            self._by_size[operation.http["method"], len(template)].append((template, operation))
        for candidates in self._by_size.values():
            candidates.sort(key=lambda pair: sum(map(_is_label, pair[0])))

    def match(self, method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]] | None:
        """The operation and its labels' values, percent-decoded."""
        path = _segments(raw_path)
        for template, operation in self._by_size.get((method, len(path)), ()):
            pairs = list(zip(template, path, strict=True))
            if all(want == got or (_is_label(want) and got) for want, got in pairs):
                return operation, {want[1:-1]: unquote(got) for want, got in pairs if _is_label(want)}
        return None


def _segments(path: str) -> list[str]:
    return path.rstrip("/").split("/")


def _is_label(segment: str) -> bool:
    return segment.startswith("{")
