"""The demo as a stranger meets it: one command, four lines, a console and a live gateway."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.demo.running import Demo, ask, cookie_of, eventually, get, refused, running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo") / "state"
    with running(folder, "--port", "0", "--gateway-port", "0", "--visitors", "2") as demo:
        yield demo
        code, seconds, errors = demo.stop(signal.SIGINT)
        assert (code, errors) == (0, "")
        assert seconds < 2


@pytest.fixture(scope="module")
def cookie(demo: Demo) -> str:
    """What the sign-in link gives a browser."""
    return cookie_of(get(demo.lines["Sign in"])[0])


def page(demo: Demo, path: str, cookie: str) -> str:
    response, text = get(demo.lines["Console"] + path, {"Cookie": cookie})
    assert response.status == 200
    return text


def test_it_prints_one_line_each_for_a_person_and_a_script(demo: Demo) -> None:
    assert demo.lines["Console"].startswith("http://127.0.0.1:")
    assert demo.lines["Sign in"].startswith("http://127.0.0.1:")
    assert demo.lines["Gateway"].startswith("ws://127.0.0.1:")
    assert demo.lines["Try"] == f"wscat -c {demo.gateway}"
    assert "password" in demo.lines["Operator"]


def test_the_link_signs_the_operator_in_to_the_console(demo: Demo) -> None:
    response, _ = get(demo.lines["Sign in"])

    assert (response.status, response.headers["Location"]) == (302, "/admin/")
    assert "operator" in page(demo, "", cookie_of(response))


def test_the_link_does_nothing_under_another_name_of_the_machine(demo: Demo) -> None:
    response, _ = get(demo.lines["Sign in"], {"Host": "rebound.example.com"})

    assert response.status == 400


def test_the_link_does_nothing_through_a_proxy(demo: Demo) -> None:
    response, _ = get(demo.lines["Sign in"], {"X-Forwarded-For": "192.0.2.1"})

    assert response.status == 403
    assert not cookie_of(response)


def test_a_message_gets_the_reply_of_the_django_view(demo: Demo) -> None:
    reply = ask(demo.gateway, {"action": "say", "text": "Hello", "request_id": 7}, compression=None)

    assert (reply["type"], reply["text"], reply["channel"], reply["request_id"]) == (
        "said",
        "Hello",
        "lobby",
        7,
    )


def test_a_message_reaches_everybody_in_the_channel(demo: Demo) -> None:
    async def talk() -> str:
        room = f"{demo.gateway}?channel=attic"
        async with connect(room, proxy=None) as hears, connect(room, proxy=None) as speaks:
            await speaks.send(json.dumps({"action": "say", "text": "Anybody here?"}))
            return str(await asyncio.wait_for(hears.recv(), 10))

    assert json.loads(asyncio.run(talk()))["text"] == "Anybody here?"


def test_the_additional_route_calls_the_second_view(demo: Demo) -> None:
    assert ask(demo.gateway, {"action": "time"})["type"] == "time"


def test_a_handler_changes_the_channel(demo: Demo) -> None:
    joined = ask(demo.gateway, {"action": "join", "channel": "cellar"})

    assert joined == {"type": "joined", "channel": "cellar", "members": 1}


def test_an_unknown_action_is_answered_with_what_there_is(demo: Demo) -> None:
    assert ask(demo.gateway, {"action": "sing"})["type"] == "error"


def test_a_browser_that_is_signed_in_talks_under_its_name(demo: Demo, cookie: str) -> None:
    headers = {"Cookie": cookie, "Origin": demo.lines["Chat"].rstrip("/")}
    reply = ask(f"{demo.gateway}?channel=cellar2", {"action": "who"}, additional_headers=headers)

    assert reply["members"] == ["operator"]


def test_the_session_is_in_the_console(demo: Demo, cookie: str) -> None:
    ask(f"{demo.gateway}?channel=balcony", {"action": "who"})

    assert "balcony" in page(demo, "apigw_ws/websocketsession/?state=all", cookie)


def test_visitors_come_and_talk(demo: Demo, cookie: str) -> None:
    eventually(
        lambda: "ada" in page(demo, "apigw_ws/websocketsession/?q=ada", cookie).partition("result_list")[2]
    )


def test_the_chat_page_knows_the_gateway_by_the_name_that_the_page_has(demo: Demo) -> None:
    chat = demo.lines["Chat"].replace("127.0.0.1", "localhost")
    response, text = get(chat.replace("localhost", "127.0.0.1"), {"Host": chat.split("/")[2]})

    assert response.status == 200
    assert demo.gateway.replace("127.0.0.1", "localhost") in text


def test_the_run_of_the_worker_is_in_the_console(demo: Demo, cookie: str) -> None:
    assert "Create the route “time”" in page(demo, "apigw_ws/run/1/change/", cookie)


def test_static_files_are_there(demo: Demo) -> None:
    response, _ = get(f"{demo.lines['Chat']}static/unfold/css/styles.css")

    assert response.status == 200


def test_only_its_owner_can_read_the_state(demo: Demo) -> None:
    files = [demo.state, *demo.state.rglob("*")]

    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files} == {0}


def test_no_secret_is_on_a_command_line_that_others_can_read(demo: Demo) -> None:
    keys = json.loads((demo.state / "keys.json").read_text())
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in demo.children()]

    assert lines
    assert not [line for line in lines if keys["secret_key"] in line or keys["django"] in line]


def test_a_second_demo_on_the_same_state_is_refused(demo: Demo) -> None:
    assert "Another apigw-ws demo is using" in refused(demo.state)
