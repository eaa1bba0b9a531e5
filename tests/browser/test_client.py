"""client.js in a browser, against a small WebSocket server."""

from __future__ import annotations

import socket

import pytest

from tests.browser.conftest import Site
from tests.browser.tabs import Peer, Tab, listening
from tests.demo.running import eventually

pytestmark = pytest.mark.browser

QUICK = {"backoffBase": 20, "backoffCap": 50}


def test_a_message_goes_out_and_its_reply_comes_back(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)
    tab.wait_for("open")

    assert tab.run("() => socket.send({ action: 'echo', text: 'Grüße 🦀' })") is True
    tab.wait_for("message")
    assert tab.messages() == [{"action": "echo", "text": "Grüße 🦀"}]
    assert tab.run("events.map((e) => e.state).filter(Boolean)") == ["connecting", "open"]


def test_text_that_is_no_json_arrives_as_text(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)
    tab.wait_for("open")
    peer.send("just text")
    tab.wait_for("message")

    assert tab.messages() == ["just text"]


def test_a_request_is_answered_by_the_reply_with_its_number(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)
    replies = tab.run("() => Promise.all([1, 2, 3].map((n) => socket.request('echo', { n })))")

    assert [reply["n"] for reply in replies] == [1, 2, 3]
    assert len({reply["request_id"] for reply in replies}) == 3


def test_a_request_without_a_reply_times_out(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)

    assert tab.outcome("socket.request('silence', {}, { timeout: 100 })") == "timeout"


def test_a_request_ends_with_the_connection_that_carried_it(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url, **QUICK)
    tab.wait_for("open")
    tab.ask("socket.request('silence')")
    peer.drop()

    assert tab.outcome("asked") == "lost"


def test_it_comes_back_after_a_drop_and_says_so(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url, **QUICK)
    tab.wait_for("open")
    peer.drop("Going away")
    opened = tab.wait_for("open", 2)

    assert tab.events("close")[0] | {"type": ""} == {"type": "", "code": 1001, "reason": "Going away"}
    assert [event["reconnected"] for event in opened] == [False, True]
    states = tab.run("events.map((e) => e.state).filter(Boolean)")
    assert states == ["connecting", "open", "waiting", "connecting", "open"]


def test_messages_wait_while_there_is_no_connection(tab: Tab) -> None:
    peer = Peer()
    with listening(peer):
        port = int(peer.url.rpartition(":")[2])
        tab.start(peer.url, **QUICK)
        tab.wait_for("open")
    tab.wait("socket.state !== 'open'")

    assert tab.run("() => [1, 2].map((n) => socket.send({ action: 'say', n }))") == [False, False]
    with listening(peer, port):
        tab.wait_for("open", 2)
        assert tab.run("() => socket.request('echo', { n: 3 })")["n"] == 3
    assert [message["n"] for message in peer.received] == [1, 2, 3]


def test_a_request_that_timed_out_in_the_queue_is_never_sent(tab: Tab, peer: Peer) -> None:
    peer.refuse = True
    tab.start(peer.url, backoffBase=300, backoffCap=300)
    assert tab.outcome("socket.request('late', {}, { timeout: 50 })") == "timeout"
    peer.refuse = False
    tab.wait_for("open")
    tab.run("() => socket.request('echo')")

    assert peer.actions() == ["echo"]


def test_the_queue_is_bounded(tab: Tab, peer: Peer) -> None:
    peer.refuse = True
    tab.start(peer.url, queueLimit=2)
    codes = "() => [1, 2, 3].map((n) => { try { return socket.send({ n }) } catch (e) { return e.code } })"

    assert tab.run(codes) == [False, False, "queue_full"]
    assert tab.outcome("socket.request('echo')") == "queue_full"


def test_what_api_gateway_would_close_the_connection_for_is_not_sent(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)
    tab.wait_for("open")
    around = len('{"action":"say","text":""}')
    message = """text => {
      try { return socket.send({ action: "say", text }) } catch (error) { return error.message }
    }"""

    assert tab.run(message, "x" * (32_768 - around)) is True
    assert "32769 bytes" in tab.run(message, "x" * (32_769 - around))
    assert "32770 bytes" in tab.run(message, "€" + "x" * (32_767 - around))
    assert tab.outcome("socket.request('echo', { text: 'x'.repeat(32768) })") == "too_large"
    assert tab.run("socket.state") == "open"


def test_a_frame_of_the_gateway_itself_is_an_error(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)
    tab.run("() => socket.send({ action: 'fail' })")
    [error] = tab.wait_for("error")

    assert (error["code"], error["message"]) == ("gateway", "Internal server error")
    assert error["frame"]["connectionId"] == "abc="
    assert tab.messages() == []


def test_a_refusal_is_retried_with_growing_random_waits(tab: Tab, peer: Peer) -> None:
    peer.refuse = True
    tab.start(peer.url, backoffBase=10, backoffCap=80)
    waits = tab.wait_for("reconnecting", 6)

    assert [wait["attempt"] for wait in waits[:6]] == [1, 2, 3, 4, 5, 6]
    assert all(0 <= wait["delay"] <= min(80, 10 * 2**n) for n, wait in enumerate(waits))
    assert tab.events("error")[0]["code"] == "connect"


def test_a_handshake_that_hangs_is_given_up(tab: Tab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        tab.start(f"ws://127.0.0.1:{deaf.getsockname()[1]}", connectTimeout=50, **QUICK)
        errors = tab.wait_for("error", 2)
        tab.run("() => socket.close()")

    assert "50 ms" in errors[0]["message"]


def test_every_connect_has_a_token_of_its_own(tab: Tab, peer: Peer, site: Site) -> None:
    tab.start(f"{peer.url}?channel=lobby", token="/token", **QUICK)
    tab.wait_for("open")
    peer.drop()
    tab.wait_for("open", 2)

    eventually(lambda: len(peer.tokens()) == 2)  # the peer notes a handshake after the browser has its answer
    assert site.asked == ["from-the-cookie", "from-the-cookie"]
    assert peer.tokens() == ["token-1", "token-2"]
    assert "channel=lobby" in peer.handshakes[1]


def test_the_csrf_token_can_be_given(tab: Tab, peer: Peer, site: Site) -> None:
    tab.start(peer.url, token="/token", csrfToken="given")
    tab.wait_for("open")

    assert site.asked == ["given"]


def test_a_refused_token_is_an_error_and_tried_again(tab: Tab, peer: Peer, site: Site) -> None:
    site.token_status = 403
    tab.start(peer.url, token="/token", **QUICK)
    [error, *_] = tab.wait_for("error")
    site.token_status = 200
    tab.wait_for("open")

    assert (error["code"], error["status"]) == ("token", 403)


def test_it_notices_that_the_network_went_and_came_back(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url, backoffBase=60_000, backoffCap=60_000)
    tab.wait_for("open")
    tab.page.context.set_offline(True)
    tab.wait("socket.state === 'waiting'")
    tab.run("() => socket.send({ action: 'echo', text: 'written in a tunnel' })")
    tab.page.context.set_offline(False)
    tab.wait_for("message")

    assert tab.messages()[0]["text"] == "written in a tunnel"


def test_a_page_that_is_looked_at_again_does_not_wait(tab: Tab, peer: Peer) -> None:
    peer.refuse = True
    tab.start(peer.url, backoffBase=600_000, backoffCap=600_000)
    tab.wait_for("reconnecting")
    peer.refuse = False
    tab.run("() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    tab.wait_for("open")


def test_a_connection_found_dead_after_a_long_sleep_is_replaced(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url, **QUICK)
    tab.wait_for("open")
    tab.run("() => { const now = Date.now; Date.now = () => now() + 700_000 }")
    tab.run("() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    tab.wait_for("open", 2)

    assert tab.events("close")[0]["reason"] == "idle"
    assert peer.actions() == []


def test_close_is_for_good(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url, **QUICK)
    tab.wait_for("open")
    tab.ask("socket.request('silence')")
    tab.run("() => socket.close(4001, 'bye')")

    assert tab.outcome("asked") == "closed"
    assert tab.run("socket.state") == "closed"
    assert tab.events("close")[0]["code"] == 4001
    peer.until(0)
    assert tab.outcome("socket.request('echo')") == "closed"
    assert tab.events("reconnecting") == []


def test_a_closed_socket_can_connect_again(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url)
    tab.run("() => { socket.close(); socket.connect() }")
    tab.wait_for("open")

    assert tab.run("() => socket.request('echo', { n: 1 })")["n"] == 1
    peer.until(1)
