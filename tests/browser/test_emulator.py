"""client.js in a browser, against the emulator: what API Gateway does to a connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from tests.browser.tabs import Tab
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


def test_an_idle_connection_is_closed_unless_it_is_kept_alive(tab: Tab, backend: Backend) -> None:
    with running_emulator(clock_speed=600) as aws:  # idle after a second
        api = aws.create_api(backend.url)
        tab.start(api.socket_url, keepAlive=inf, **QUICK)
        closed = tab.wait_for("close")
        tab.run("() => socket.close()")
        tab.start(api.socket_url, keepAlive=300, **QUICK)
        tab.wait_for("open")
        tab.page.wait_for_timeout(2_500)

        assert closed[0]["code"] == 1001
        assert tab.events("close") == []


def test_no_connection_grows_too_old(tab: Tab, backend: Backend) -> None:
    with running_emulator(clock_speed=3600) as aws:  # cut after two seconds
        api = aws.create_api(backend.url, two_way=["$default"])
        tab.start(api.socket_url, keepAlive=50, maxAge=1_000, requestTimeout=300, **QUICK)
        answered, end = 0, time.monotonic() + 3.5
        while time.monotonic() < end:
            answered += tab.run("n => socket.request('echo', { n })", answered)["n"] == answered
            tab.page.wait_for_timeout(20)

        assert len(backend.wait(3, path="/connect")) >= 3
        assert tab.events("close") == []
        assert answered > 30
        tab.run("() => socket.close()")


def test_a_refused_connect_is_tried_until_it_is_let_in(tab: Tab, backend: Backend) -> None:
    backend.answer = lambda request: Reply(status=403)
    with running_emulator() as aws:
        api = aws.create_api(backend.url)
        tab.start(api.socket_url, **QUICK)
        tab.wait_for("reconnecting", 3)
        backend.answer = echo
        tab.wait_for("open")

    assert {error["code"] for error in tab.events("error")} == {"connect"}


def test_a_browsers_own_websocket_works_too_and_is_cut_above_32_kilobytes(tab: Tab, backend: Backend) -> None:
    with running_emulator() as aws:
        api = aws.create_api(backend.url, two_way=["$default"])
        code = tab.run(
            """url => new Promise((resolve) => {
              const socket = new WebSocket(url);
              socket.onopen = () => socket.send("x".repeat(32768));
              socket.onmessage = () => socket.send("x".repeat(32769));
              socket.onclose = ({ code }) => resolve(code);
            })""",
            api.socket_url,
        )

    assert code == 1009
