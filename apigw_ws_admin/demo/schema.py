"""Sets aside a database whose migration was rewritten since, which happens until the first release."""

from __future__ import annotations

import json
from hashlib import blake2b
from itertools import count
from pathlib import Path

from apigw_ws_admin.demo.state import State

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "apigw_ws" / "migrations"


def set_aside(state: State) -> Path | None:
    """Keep the state's database only if today's migrations can bring it up to date.

    Otherwise move it, with the emulator's APIs, to the folder that is returned.
    """
    written = state.folder / "migrations.json"
    now = {path.name: _digest(path) for path in sorted(MIGRATIONS.glob("0*.py"))}
    made_by = _read(written)
    aside = None
    if _is_database(state.database) and not (made_by and made_by.items() <= now.items()):
        aside = _new_folder(state.folder)
        for path in (*state.folder.glob("console.sqlite3*"), *state.folder.glob("emulator.json*")):
            path.rename(aside / path.name)
    written.write_text(json.dumps(now))
    return aside


def _read(path: Path) -> dict[str, str]:
    """What the file holds; nothing if it is missing or damaged, so that the database is not trusted."""
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def _is_database(path: Path) -> bool:
    """Anything else was put there by somebody, and is theirs to remove."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _new_folder(folder: Path) -> Path:
    new = next(path for number in count(1) if not (path := folder / f"earlier-{number}").exists())
    new.mkdir(mode=0o700)
    return new
