"""The control plane's records: plain dicts with botocore's member names, by kind and path of ids."""

from __future__ import annotations

import copy
from typing import Any

from apigw_ws.emulator.state import State

Record = dict[str, Any]
Path = tuple[str, ...]

#: What disappears with what. A child's path begins with its parent's.
CHILDREN: dict[str, tuple[str, ...]] = {
    "Api": ("Route", "Integration", "Stage", "Deployment", "Authorizer", "Model"),
    "Route": ("RouteResponse",),
    "Integration": ("IntegrationResponse",),
    "Deployment": ("Snapshot",),
    "DomainName": ("ApiMapping",),
}


class Tables:
    """Reads and writes records; removing one removes everything under it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, kind: str, *path: str) -> Record | None:
        record: Record | None = self._table(kind).get("/".join(path))
        return record

    def under(self, kind: str, *parent: str) -> list[Record]:
        """The records below a path, oldest first."""
        return [record for _, record in self.items(kind, *parent)]

    def items(self, kind: str, *parent: str) -> list[tuple[Path, Record]]:
        """The records below a path with their own paths, oldest first."""
        prefix = "".join(f"{part}/" for part in parent)
        found = self._table(kind).items()
        return [(tuple(key.split("/")), record) for key, record in found if key.startswith(prefix)]

    def put(self, kind: str, path: Path, record: Record) -> None:
        self._table(kind)["/".join(path)] = copy.deepcopy(record)

    def remove(self, kind: str, *path: str) -> None:
        self._table(kind).pop("/".join(path), None)
        self._clear_under(kind, path)

    def _clear_under(self, kind: str, path: Path) -> None:
        for child in CHILDREN.get(kind, ()):
            for found, _ in self.items(child, *path):
                self.remove(child, *found)

    def _table(self, kind: str) -> dict[str, Record]:
        table: dict[str, Record] = self._state.section("tables").setdefault(kind, {})
        return table
