from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from apigw_ws.models import ApiGateway, Broadcast, WebSocketSession
from apigw_ws.services import broadcasts
from tests.app.factories import new_user
from tests.broadcasts.conftest import new_sessions
from tests.broadcasts.stub import Stub

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("ws_broadcast", "--data", '{"text": "Hello"}', *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_a_dry_run_says_who_would_get_it(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 3)

    said = run("--channel", "news", "--dry-run")

    assert said.splitlines() == [
        "To: Channel news",
        "Connected: 3",
        "Message: 70 bytes, 1 AWS message units each",
    ]
    assert not Broadcast.objects.exists()


def test_it_is_handed_to_the_workers(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 1)

    said = run("--channel", "news", "--reason", "Maintenance", "--rate", "5")

    broadcast = Broadcast.objects.get()
    assert said.endswith(f"Broadcast {broadcast.pk} is handed to the workers.\n")
    assert (broadcast.state, broadcast.reason, broadcast.rate) == ("queued", "Maintenance", 5)


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits does what a worker would meanwhile."""

    def work(seconds: float) -> None:
        broadcast = Broadcast.objects.get()
        broadcasts.begin(broadcast)
        broadcasts.run(broadcast)

    monkeypatch.setattr("apigw_ws.management.commands.ws_broadcast.time.sleep", work)


@pytest.mark.usefixtures("at_work")
def test_whoever_waits_sees_it_end(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 2)

    assert run("--gateway", str(at_stub.pk), "--wait").splitlines()[-3:] == [
        "0 of ?",
        "2 of 2",
        "Done: 2 sent.",
    ]


@pytest.mark.usefixtures("at_work")
def test_who_did_not_get_it_is_an_exit_code(at_stub: ApiGateway, stub: Stub) -> None:
    new_sessions(at_stub, 2)
    stub.answer = lambda connection_id: 403

    with pytest.raises(SystemExit) as ended:
        run("--channel", "news", "--wait")

    assert ended.value.code == 3


@pytest.mark.usefixtures("at_work")
def test_a_terminal_gets_a_bar(at_stub: ApiGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    new_sessions(at_stub, 2)
    monkeypatch.setattr("django.core.management.base.OutputWrapper.isatty", lambda self: True)

    said = run("--channel", "news", "--live", "--wait")

    assert "[##############################] 100% 2 (" in said
    assert said.endswith("Done: 2 sent.\n")


def test_users_groups_and_a_csv_are_audiences(at_stub: ApiGateway, tmp_path: Path) -> None:
    ada = new_user("ada")
    Group.objects.create(name="staff").user_set.add(ada)
    (session,) = new_sessions(at_stub, 1, user=ada)
    listed = tmp_path / "ids.csv"
    listed.write_text(f"connection_id,name\n{session.connection_id},Ada\nc3RyYW5nZXI=,\n")

    assert "Connected: 1" in run("--user", "ada", "--dry-run")
    assert "Connected: 1" in run("--group", "staff", "--dry-run")
    said = run("--csv", str(listed), "--dry-run")
    assert "To: 2 connection IDs\nConnected: 1\nWithout a session: 1\n" in said


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "Say to whom, in one way"),
        (["--channel", "a", "--user", "b"], "Say to whom, in one way"),
        (["--user", "nobody"], "There is no user “nobody”"),
        (["--group", "none"], "There is no group “none”"),
        (["--csv", "/nowhere.csv"], "/nowhere.csv cannot be read"),
        (["--channel", "empty"], "Nobody is there to get it: Channel empty"),
        (["--channel", "a", "--data", "{"], "The message is not JSON"),
        (["--channel", "a", "--gateway", "999"], "There is no gateway 999"),
    ],
)
def test_what_cannot_be_sent_ends_with_a_sentence(arguments: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run(*arguments)

    assert not Broadcast.objects.exists()
    assert not WebSocketSession.objects.exists()


def test_standard_input_may_be_the_list(at_stub: ApiGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    (session,) = new_sessions(at_stub, 1)
    monkeypatch.setattr("sys.stdin", StringIO(f"{session.connection_id}\n"))

    assert "Connected: 1" in run("--csv", "-", "--dry-run")
