"""client.js in a browser, against the emulator: what API Gateway does to a connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.tabs import Tab, eventually
from tests.emulator.backend import Backend, Recorded, Reply, recording_backend
from tests.emulator.serving import running_emulator

pytestmark = pytest.mark.browser

QUICK = {"backoffBase": 20, "backoffCap": 100}


def echo(request: Recorded) -> Reply:
    return Reply(body=request.body)


@pytest.fixture
def backend() -> Iterator[Backend]:
    with recording_backend(echo) as running:
        yield running


def test_a_message_goes_to_the_backend_and_its_answer_back(tab: Tab, backend: Backend) -> None:
    with running_emulator() as aws:
        api = aws.create_api(backend.url, two_way=["$default"])
        tab.start(f"{api.socket_url}?channel=lobby")

        assert tab.run("() => socket.request('echo', { text: 'Hello' })")["text"] == "Hello"
        tab.run("() => socket.close()")
        assert backend.requests[0].path == "/connect?channel=lobby"
        assert backend.wait(1, path="/disconnect")


def test_a_frame_of_the_gateway_is_an_error(tab: Tab, backend: Backend) -> None:
    with running_emulator() as aws:
        api = aws.create_api(backend.url, ["$connect"])
        tab.start(api.socket_url)
        tab.run("() => socket.send({ action: 'anything' })")
        [error] = tab.wait_for("error")

    assert (error["code"], error["message"]) == ("gateway", "Forbidden")


def test_a_connection_that_an_operator_closed_comes_back(tab: Tab, backend: Backend) -> None:
    with running_emulator() as aws:
        api = aws.create_api(backend.url)
        tab.start(api.socket_url, **QUICK)
        tab.wait_for("open")
        first = backend.requests[0].header("connectionId")
        api.management.delete_connection(ConnectionId=first)
        tab.wait_for("open", 2)
        second = backend.wait(2, path="/connect")[1].header("connectionId")
        api.management.post_to_connection(ConnectionId=second, Data=b'{"welcome": "back"}')
        tab.wait_for("message")

    assert tab.messages() == [{"welcome": "back"}]
    assert tab.events("close")[0]["code"] == 1000


def test_it_finds_a_gateway_that_was_restarted(tab: Tab, backend: Backend, tmp_path: Path) -> None:
    with running_emulator(tmp_path / "state.json") as aws:
        api = aws.create_api(backend.url, two_way=["$default"])
        port = int(aws.url.rpartition(":")[2])
        tab.start(api.socket_url, **QUICK)
        tab.wait_for("open")
    tab.wait("socket.state !== 'open'")
    tab.ask("socket.request('echo', { text: 'while you were out' })")
    with running_emulator(tmp_path / "state.json", port):
        assert tab.run("asked")["text"] == "while you were out"
        tab.run("() => socket.close()")


def test_an_idle_connection_is_cut_and_comes_back(tab: Tab, backend: Backend) -> None:
    with running_emulator() as aws:
        api = aws.create_api(backend.url)
        tab.start(api.socket_url, **QUICK)
        tab.wait_for("open")
        aws.backstage("POST", "clock", {"advance": 600})
        tab.wait_for("open", 2)

    assert tab.events("close")[0] | {"type": ""} == {"type": "", "code": 1001, "reason": "Going away"}


def test_with_its_defaults_it_outlasts_the_limits_of_api_gateway(tab: Tab, backend: Backend) -> None:
    """Four hours in steps of eight minutes, on the clocks of the page and of the emulator."""
    tab.stop_the_clock()
    with running_emulator() as aws:
        assert aws.emulator is not None
        clock, registry = aws.emulator.clock, aws.emulator.registry
        tab.start(aws.create_api(backend.url).socket_url, connectTimeout=86_400_000)
        for minutes in range(0, 240, 8):
            tab.wait_for("open", 1 + minutes // 110)
            clock.advance(480)
            now = clock.time()
            tab.pass_time(minutes=8)
            eventually(lambda now=now: any(connection.active_at >= now for connection in registry))

        assert [event["renewed"] for event in tab.events("open")] == [False, True, True]
        assert tab.events("close") == []


def test_a_refused_connect_is_tried_until_it_is_let_in(tab: Tab, backend: Backend) -> None:
    backend.answer = lambda request: Reply(status=403)
    with running_emulator() as aws:
        api = aws.create_api(backend.url)
        tab.start(api.socket_url, **QUICK)
        tab.wait_for("reconnecting", 3)
        backend.answer = echo
        tab.wait_for("open")

    assert {error["code"] for error in tab.events("error")} == {"connect"}
