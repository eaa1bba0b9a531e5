"""The demo's state folder: keys, database, what the emulator holds, logs. Only its owner can read it."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path

KEYS = "keys.json"


class DemoError(Exception):
    """The demo cannot go on. The message says why and what to do, for the person who typed the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Made at the first start and kept: sessions, gateway secrets and signatures outlive a restart."""

    django: str = field(repr=False)
    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class State:
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "console.sqlite3"

    @property
    def emulator(self) -> Path:
        return self.folder / "emulator.json"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def keys(self) -> Keys:
        """The keys of an earlier start. Raises DemoError where they cannot be read."""
        path = self.folder / KEYS
        try:
            keys = Keys(**json.loads(path.read_text()))
            if not all(isinstance(key, str) for key in astuple(keys)):
                raise TypeError("keys are text")
            return keys
        except OSError as error:
            raise DemoError(
                f"{path} cannot be read: {error.strerror}. Start apigw-ws demo first, or pass its --state."
            ) from error
        except (ValueError, TypeError) as error:
            raise DemoError(
                f"{path} is damaged. Move {self.folder} away to start afresh, or pass another --state."
            ) from error

    def make_keys(self) -> Keys:
        """New keys, written so that a cut-off start leaves either all of them or none."""
        keys = Keys(
            django=secrets.token_urlsafe(48),
            access_key="AKIADEMO" + secrets.token_hex(6).upper(),
            secret_key=secrets.token_urlsafe(30),
        )
        unfinished = self.folder / f"{KEYS}.new"
        unfinished.write_text(json.dumps(asdict(keys)))
        unfinished.replace(self.folder / KEYS)
        return keys


def default_folder() -> Path:
    """Where state belongs: https://specifications.freedesktop.org/basedir-spec/latest/."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "apigw-ws-demo"


def state_in(folder: Path) -> State:
    """The state in ``folder``, which may begin with “~”. Raises DemoError for a home that is nobody's."""
    try:
        return State(folder.expanduser().absolute())
    except RuntimeError as error:
        raise DemoError(f"There is no folder {folder}: {error}") from error


@contextmanager
def opened(folder: Path) -> Iterator[tuple[State, Keys]]:
    """The state in ``folder``, made at the first start; for this process alone while the context lasts."""
    state = state_in(folder)
    with _explained(state.folder):
        state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(state.folder)
        state.folder.chmod(0o700)
        state.logs.mkdir(exist_ok=True)
    with _locked(state.folder / "lock.sqlite3"):
        with _explained(state.folder):
            keys = state.keys() if (state.folder / KEYS).exists() else state.make_keys()
        yield state, keys


def _refuse_foreign(folder: Path) -> None:
    """A folder with other things in it was typed by mistake."""
    names = {path.name for path in folder.iterdir()} - {"lock.sqlite3", "logs", f"{KEYS}.new"}
    if names and KEYS not in names:
        raise DemoError(
            f"{folder} holds {min(names)} but no {KEYS}: it is not a demo's state folder, or half of one. "
            "Pass another --state."
        )


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DemoError(f"The state folder {folder} cannot be used: {error.strerror}.") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """SQLite's lock: it works on every system, no child inherits it, and it ends with the process."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorname == "SQLITE_BUSY":
                reason = f"Another apigw-ws demo is using {path.parent}. Stop it, or pass another --state."
            else:
                reason = f"The state folder {path.parent} cannot be used: {error}."
            raise DemoError(reason) from error
        yield
