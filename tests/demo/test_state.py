from __future__ import annotations

import stat
from pathlib import Path

import pytest

from apigw_ws_admin.demo.state import DemoError, default_folder, opened, state_in


def test_a_new_folder_gets_keys_that_the_next_start_finds(tmp_path: Path) -> None:
    with opened(tmp_path / "a/b") as (state, first):
        assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    with opened(tmp_path / "a/b") as (_, second):
        assert second == first

    assert first.secret_key not in repr(first)


def test_two_starts_in_different_folders_share_no_key(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as (_, first), opened(tmp_path / "b") as (_, second):
        assert not {first.django, first.access_key, first.secret_key} & {
            second.django,
            second.access_key,
            second.secret_key,
        }


def test_a_home_that_is_nobodys_is_told() -> None:
    with pytest.raises(DemoError, match="There is no folder ~nobody-of-this-name/x"):
        state_in(Path("~nobody-of-this-name/x"))


def test_a_folder_is_for_one_process_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(DemoError, match="Another apigw-ws demo is using"), opened(tmp_path):
        pass


@pytest.mark.parametrize(
    "text", ["", '{"django": "x"', "[]", '{"django": "x"}', '{"django": 1, "access_key": 2, "secret_key": 3}']
)
def test_damaged_keys_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)

    with pytest.raises(DemoError, match=r"keys\.json is damaged. Move .* away"), opened(tmp_path):
        pass


def test_a_start_that_was_cut_off_before_its_keys_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "keys.json.new").write_text("{")
    (tmp_path / "lock.sqlite3").touch()

    with opened(tmp_path) as (_, keys):
        assert keys.django


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()

    with pytest.raises(DemoError, match=r"holds letters but no keys\.json"), opened(tmp_path):
        pass

    assert [path.name for path in tmp_path.iterdir()] == ["letters"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DemoError, match="cannot be used: Not a directory"), opened(tmp_path / "file/state"):
        pass


def test_a_lock_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "lock.sqlite3").write_bytes(b"not a database" * 100)

    with pytest.raises(DemoError, match="cannot be used: file is not a database"), opened(tmp_path):
        pass


def test_state_belongs_where_the_system_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/state")
    assert default_folder() == Path("/srv/state/apigw-ws-demo")

    monkeypatch.delenv("XDG_STATE_HOME")
    assert default_folder() == Path.home() / ".local/state/apigw-ws-demo"
