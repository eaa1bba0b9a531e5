from __future__ import annotations

from pathlib import Path

import pytest

from apigw_ws_admin.demo import schema
from apigw_ws_admin.demo.state import State

HELD = b"SQLite format 3\0 and so on"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """One whose database was made by one migration."""
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
    schema.MIGRATIONS.mkdir()
    migration("0001_initial.py", "made")
    state = State(tmp_path / "state")
    state.folder.mkdir()
    assert schema.set_aside(state) is None
    for path in (state.database, state.emulator):
        path.write_bytes(HELD)
    return state


def migration(name: str, text: str) -> None:
    (schema.MIGRATIONS / name).write_text(text)


def test_what_a_further_migration_brings_up_to_date_stays(state: State) -> None:
    migration("0002_more.py", "more")

    assert schema.set_aside(state) is None
    assert state.database.read_bytes() == HELD


def test_what_a_rewritten_migration_had_made_is_kept_elsewhere(state: State) -> None:
    for number, text in enumerate(("rewritten", "and again"), start=1):
        state.database.write_bytes(HELD + bytes([number]))
        migration("0001_initial.py", text)

        assert schema.set_aside(state) == state.folder / f"earlier-{number}"
        assert not state.database.exists()
        assert (state.folder / f"earlier-{number}/console.sqlite3").read_bytes() == HELD + bytes([number])
    assert (state.folder / "earlier-1/emulator.json").read_bytes() == HELD


@pytest.mark.parametrize("text", ["", "7", "{}"])
def test_a_database_of_which_nothing_is_known_is_not_trusted(state: State, text: str) -> None:
    (state.folder / "migrations.json").write_text(text)

    assert schema.set_aside(state) == state.folder / "earlier-1"
