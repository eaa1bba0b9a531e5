"""What the emulator remembers: restarts, kills, damaged files, keys."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.keys import access_keys, account_id
from apigw_ws.emulator.state import State, StateError
from apigw_ws.emulator.values import HttpRequest
from tests.emulator.conftest import Clock, plane_on

#: Writes sections as fast as it can, and says so after each; killed from outside.
WRITER = """
import sys
from apigw_ws.emulator.state import State
state = State(sys.argv[1])
for number in range(10**6):
    state.section("tables")["Api"] = {str(number): {"n": number, "pad": "x" * 20_000}}
    state.save()
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "emulator.json"


def post(plane: ControlPlane, path: str, **members: object) -> dict[str, object]:
    request = HttpRequest(method="POST", raw_path=path, body=json.dumps(members).encode())
    answer = plane.handle(request)
    assert answer.status == 201, answer
    found: dict[str, object] = json.loads(answer.body)
    return found


def make(plane: ControlPlane) -> str:
    made = post(
        plane, "/v2/apis", name="a", protocolType="WEBSOCKET", routeSelectionExpression="$request.body.a"
    )
    api_id = str(made["apiId"])
    post(plane, f"/v2/apis/{api_id}/routes", routeKey="$default")
    post(plane, f"/v2/apis/{api_id}/stages", stageName="prod")
    post(plane, f"/v2/apis/{api_id}/deployments", stageName="prod")
    return api_id


def test_a_gateway_survives_a_restart(path: Path, clock: Clock) -> None:
    before = plane_on(State(path), clock)
    api_id = make(before)

    after = plane_on(State(path), clock)

    assert after.deployed(api_id, "prod") == before.deployed(api_id, "prod") is not None


def test_the_hosted_zone_is_the_same_after_a_restart(path: Path, clock: Clock) -> None:
    zones = []
    for _ in range(2):
        request = HttpRequest(method="GET", raw_path="/2013-04-01/hostedzone")
        zones.append(plane_on(State(path), clock).handle(request).body)

    assert zones[0] == zones[1]
    assert b"example.com." in zones[0]


def test_only_its_owner_may_read_the_file(path: Path) -> None:
    State(path).save()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_process_killed_while_it_saves_leaves_a_whole_document(path: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) >= 5:
                    break
            time.sleep(0.003)
            os.kill(process.pid, signal.SIGKILL)

        (record,) = State(path).section("tables")["Api"].values()

        assert record["n"] >= 5
        assert len(record["pad"]) == 20_000


def test_a_save_that_fails_leaves_the_old_document_and_no_litter(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(path)
    state.section("account")["id"] = "1"
    state.save()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    state.section("account")["id"] = "2"
    with pytest.raises(StateError, match="Cannot write the emulator's state to"):
        state.save()

    assert State(path).section("account") == {"id": "1"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"format": "apigw-ws emula', "is damaged: it is not JSON"),
        ("", "is damaged: it is not JSON"),
        ("\x00\xff", "is damaged: it is not JSON"),
        ("[]", "is not a state file of the emulator"),
        ('{"DEBUG": true}', "is not a state file of the emulator"),
        ('{"format": "apigw-ws emulator state", "version": 99}', "written by another version"),
        ('{"format": "apigw-ws emulator state", "version": 1, "tables": []}', "is not an object"),
        ('{"format": "apigw-ws emulator state", "version": 1, "tables": {"Api": []}}', "is damaged"),
    ],
)
def test_a_file_that_is_no_state_gets_a_sentence(path: Path, content: str, says: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(StateError, match=says) as caught:
        State(path)

    assert "Move it away to start afresh" in str(caught.value)
    assert path.read_bytes() == content.encode("latin-1")


def test_a_folder_in_place_of_the_file_gets_a_sentence(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(StateError, match="Cannot read the emulator's state"):
        State(path)


def test_a_failure_to_save_is_answered_as_aws_does_and_logged(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plane = plane_on(State(path), clock)

    def full() -> None:
        raise StateError("Cannot write the emulator's state: no space.")

    monkeypatch.setattr(plane.state, "save", full)
    body = b'{"name": "a", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.a"}'
    answer = plane.handle(HttpRequest(method="POST", raw_path="/v2/apis", body=body))

    assert answer.status == 500
    assert "no space" in caplog.text


def test_keys_are_made_once_and_kept(path: Path) -> None:
    first, second = access_keys(State(path)), access_keys(State(path))

    ((key, secret),) = first.items()
    assert first == second
    assert len(key) == 20 and key.startswith("AKIA")
    assert len(secret) == 40


def test_given_keys_are_the_only_ones_and_are_not_kept(path: Path) -> None:
    given = access_keys(State(path), "AKIAMINE", "secret")

    assert given == {"AKIAMINE": "secret"}
    assert not path.exists()


def test_the_account_is_decided_at_the_first_start(path: Path) -> None:
    assert account_id(State(path), "210987654321") == "210987654321"
    assert account_id(State(path)) == "210987654321"
    assert account_id(State()) == "123456789012"


def test_questions_do_not_write_the_file(path: Path, clock: Clock) -> None:
    plane = plane_on(State(path), clock)
    make(plane)
    written = path.stat().st_mtime_ns

    for body in (b"Action=GetCallerIdentity&Version=2011-06-15", b"Action=ListMetrics&Version=2010-08-01"):
        assert plane.handle(HttpRequest(method="POST", raw_path="/", body=body)).status == 200
    assert plane.handle(HttpRequest(method="GET", raw_path="/v2/apis")).status == 200
    assert plane.handle(HttpRequest(method="DELETE", raw_path="/v2/apis/nope")).status == 404

    assert path.stat().st_mtime_ns == written
