"""The browser's own WebSocket, without client.js, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.emulator.backend import Backend, Recorded, Reply, recording_backend
from tests.emulator.serving import Api, Served

pytestmark = pytest.mark.browser

#: Opens a socket, sends what it is given, and tells everything that happened until ``enough`` things have.
SCRIPT = """
([url, protocols, send, enough]) => new Promise(resolve => {
  const seen = [];
  const ws = new WebSocket(url, protocols);
  const note = (...what) => { seen.push(what); if (seen.length >= enough) { ws.close(); resolve(seen); } };
  ws.onopen = () => { note("open", ws.protocol, ws.extensions); send.forEach(data => ws.send(data)); };
  ws.onmessage = event => note("message", event.data);
  ws.onerror = () => note("error");
  ws.onclose = event => note("close", event.code, event.reason, event.wasClean);
})
"""


def chat(request: Recorded) -> Reply:
    """Refuses ``?refuse``, echoes messages and agrees to a subprotocol."""
    if request.path.startswith("/connect"):
        agreed = (("Sec-WebSocket-Protocol", "chat"),) if request.header("Sec-WebSocket-Protocol") else ()
        return Reply(status=401 if "refuse" in request.path else 200, headers=agreed)
    return Reply(body=b"echo " + request.body)


@pytest.fixture
def backend() -> Iterator[Backend]:
    with recording_backend(chat) as running:
        yield running


@pytest.fixture
def api(emulator: Served, backend: Backend) -> Api:
    return emulator.create_api(backend.url, two_way=["$default"])


@pytest.fixture
def page(page: Any, site: Site) -> Any:
    page.goto(site.url)
    return page


def test_it_talks(api: Api, backend: Backend, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url + "?channel=a", ["chat"], ["hello", "Grüße 🎈"], 3])

    assert seen[0] == ["open", "chat", ""]
    assert sorted(seen[1:]) == [["message", "echo Grüße 🎈"], ["message", "echo hello"]]
    handshake = backend.requests[0]
    assert handshake.path == "/connect?channel=a"
    assert "Chrome" in str(handshake.header("User-Agent"))
    assert str(handshake.header("Origin")).startswith("http://127.0.0.1:")
    assert backend.wait(path="/disconnect")


def test_it_is_refused_without_being_told_why(api: Api, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url + "?refuse", [], [], 2])

    assert seen == [["error"], ["close", 1006, "", False]]


def test_it_may_send_32_kilobytes(api: Api, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url, [], ["x" * 32_768], 2])

    assert seen[1] == ["message", "echo " + "x" * 32_768]


def test_it_learns_that_its_frame_was_too_long(api: Api, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url, [], ["x" * 32_769], 2])

    assert seen[1][:2] == ["close", 1009]
    assert seen[1][3] is True


def test_it_reaches_an_api_by_its_host_name(emulator: Served, api: Api, page: Any) -> None:
    url = f"ws://{api.api_id}.execute-api.localhost:{emulator.url.rpartition(':')[2]}/{api.stage}"

    assert page.evaluate(SCRIPT, [url, [], ["hi"], 2])[1] == ["message", "echo hi"]


def test_a_page_can_neither_create_an_api_nor_set_faults(emulator: Served, api: Api, page: Any) -> None:
    script = """async urls => Promise.all(urls.map(url =>
        fetch(url, {method: "POST", mode: "no-cors", body: "{}"}).then(r => r.type, e => "failed")))"""
    urls = [f"{emulator.url}/v2/apis", f"{emulator.url}/_emulator/faults"]
    before = len(emulator.client("apigatewayv2").get_apis()["Items"])

    assert page.evaluate(script, urls) == ["opaque", "opaque"]
    assert len(emulator.client("apigatewayv2").get_apis()["Items"]) == before
    assert emulator.backstage("GET", "faults") == (200, {})
