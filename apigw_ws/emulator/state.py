"""What the emulator remembers between two runs: one JSON document, in a file if there is a path."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

FORMAT = "apigw-ws emulator state"
VERSION = 1


class StateError(Exception):
    """The state file cannot be used; the message says why and what to do."""


class State:
    """Named sections of plain JSON values, kept whole: a reader never sees half a change.

    A save writes a new file beside the old one, forces it to the disk and renames it, so a process
    that is killed at any moment leaves either the old document or the new one. The file holds
    secret keys, so only its owner may read it.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        """Read the file, or start empty if there is none.

        Raises:
            StateError: the file is unreadable, damaged, or was not written by the emulator.
        """
        self.path = Path(path) if path else None
        self._document: dict[str, Any] = {"format": FORMAT, "version": VERSION}
        if self.path is not None and self.path.exists():
            self._document = _read(self.path)

    def section(self, name: str) -> dict[str, Any]:
        """The section itself, not a copy: change it, then save."""
        section: dict[str, Any] = self._document.setdefault(name, {})
        return section

    def save(self) -> None:
        """Everything is on the disk.

        Raises:
            StateError: the file cannot be written.
        """
        if self.path is None:
            return
        try:
            _replace(self.path, json.dumps(self._document).encode())
        except OSError as error:
            raise StateError(
                f"Cannot write the emulator's state to {self.path}: {error.strerror}."
            ) from error


def _read(path: Path) -> dict[str, Any]:
    advice = "Move it away to start afresh, or name another file."
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise StateError(f"Cannot read the emulator's state from {path}: {error.strerror}.") from error
    except ValueError as error:
        raise StateError(f"The state file {path} is damaged: it is not JSON. {advice}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise StateError(f"The file {path} is not a state file of the emulator. {advice}")
    if document.get("version") != VERSION:
        raise StateError(f"The state file {path} was written by another version. {advice}")
    if not _is_whole(document):
        raise StateError(f"The state file {path} is damaged: a section is not an object. {advice}")
    return document


def _is_whole(document: dict[str, Any]) -> bool:
    sections = [value for name, value in document.items() if name not in ("format", "version")]
    tables = document.get("tables", {})
    return all(isinstance(part, dict) for part in sections) and all(
        isinstance(table, dict) for table in tables.values()
    )


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The rename itself survives a power cut only once the folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
