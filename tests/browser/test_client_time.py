"""client.js over minutes and hours: keep-alive, and the move to a new connection."""

from __future__ import annotations

import json

import pytest

from tests.browser.tabs import Peer, Tab

pytestmark = pytest.mark.browser

#: The stopped clock leaps, and a handshake takes real time.
PATIENT = {"connectTimeout": 86_400_000}


def test_a_silent_connection_is_kept_alive(tab: Tab, peer: Peer) -> None:
    tab.stop_the_clock()
    tab.start(peer.url, **PATIENT)
    tab.wait_for("open")
    for count in (1, 2, 3):
        tab.pass_time(minutes=8)
        assert peer.heard(count) == ["ping"] * count


def test_traffic_spares_the_keep_alive(tab: Tab, peer: Peer) -> None:
    tab.stop_the_clock()
    tab.start(peer.url, **PATIENT, keepAliveMessage={"action": "still-here"})
    tab.wait_for("open")
    for count in (1, 2):
        tab.pass_time(minutes=7)
        peer.send("news")
        tab.wait_for("message", count)
    assert peer.actions() == []
    tab.pass_time(minutes=8)

    assert peer.heard(1) == ["still-here"]


def test_it_moves_to_a_new_connection_before_the_old_one_is_too_old(tab: Tab, peer: Peer) -> None:
    tab.stop_the_clock()
    tab.start(peer.url, **PATIENT)
    tab.wait_for("open")
    tab.pass_time(minutes=109)
    assert len(peer.handshakes) == 1
    tab.pass_time(minutes=1)
    opened = tab.wait_for("open", 2)
    peer.until(2)
    tab.pass_time(minutes=0.5)
    peer.until(1)

    assert [event["renewed"] for event in opened] == [False, True]
    assert tab.events("close") == []
    assert tab.run("events.map((e) => e.state).filter(Boolean)") == ["connecting", "open"]


def test_nothing_is_lost_or_doubled_while_it_moves(tab: Tab, peer: Peer) -> None:
    tab.stop_the_clock()
    tab.start(peer.url, **PATIENT, maxAge=60_000)
    for moves in range(3):
        tab.wait_for("open", moves + 1)
        for _ in range(3):
            peer.send("the same again")
            peer.send(json.dumps({"moves": moves}))
        tab.wait_for("message", 6 * (moves + 1))
        tab.pass_time(minutes=0.5)  # the older of two is closed
        peer.until(1)
        tab.pass_time(minutes=0.5)

    assert len(tab.messages()) == 18


def test_a_move_that_fails_is_tried_again_while_the_old_connection_lasts(tab: Tab, peer: Peer) -> None:
    tab.stop_the_clock()
    tab.start(peer.url, **PATIENT)
    tab.wait_for("open")
    peer.refuse = True
    tab.pass_time(minutes=110)
    tab.wait_for("reconnecting")
    peer.send("still here")
    tab.wait_for("message")
    peer.refuse = False
    tab.pass_time(minutes=0.1)

    assert tab.wait_for("open", 2)[1]["renewed"] is True
    assert tab.events("close") == []


def test_the_reply_to_a_request_comes_by_the_connection_that_was_replaced(tab: Tab, peer: Peer) -> None:
    tab.start(peer.url, maxAge=500)
    tab.wait_for("open")
    tab.ask("socket.request('silence', {}, { timeout: 20_000 })")
    peer.heard(1)
    [old] = peer.connections
    tab.wait_for("open", 2)
    old.send(json.dumps(peer.received[0] | {"late": True}))

    assert tab.run("asked")["late"] is True


def test_only_a_connection_that_lasted_starts_the_back_off_afresh(tab: Tab, peer: Peer) -> None:
    tab.stop_the_clock()
    tab.start(peer.url, **PATIENT, stableAfter=60_000)
    for drops, minutes in enumerate((0, 0.5, 1), start=1):
        tab.wait_for("open", drops)
        tab.pass_time(minutes=minutes)
        peer.drop()
        waits = tab.wait_for("reconnecting", drops)
        tab.pass_time(minutes=0.01)

    assert [wait["attempt"] for wait in waits] == [1, 2, 1]
