"""A request becomes an event; every value of a client is made harmless on the way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apigw_ws import headers
from apigw_ws.events import Event, Mapped, Phase, parse, parse_body, storable
from apigw_ws.exceptions import Refused

CONNECTION = {headers.CONNECTION_ID: "XDmENcnwIE0CFEQ="}


def event(route: str = "default", query: str = "", **given_headers: str) -> Event:
    named = {name.replace("_", "-"): value for name, value in given_headers.items()}
    request = RequestFactory().post(f"/ws/{route}{query}", headers={**CONNECTION, **named})
    return parse(request, route)


@pytest.mark.parametrize(
    ("route", "phase"),
    [
        ("connect", Phase.CONNECT),
        ("disconnect", Phase.DISCONNECT),
        ("default", Phase.MESSAGE),
        ("message", Phase.MESSAGE),
        ("chat", Phase.MESSAGE),
    ],
)
def test_the_route_of_the_url_says_which_event_it_is(route: str, phase: Phase) -> None:
    assert event(route).phase is phase


def test_what_integrations_map_is_a_claim() -> None:
    claimed = event(
        X_Apigw_Event_Type="MESSAGE",
        X_Apigw_Route_Key="chat",
        X_Apigw_Stage="live",
        X_Apigw_Request_Id="r1",
        X_Apigw_Source_Ip="2001:DB8::1",
        X_Apigw_User_Agent="Firefox",
        X_Apigw_Connected_At="1700000000123",
        X_Apigw_Two_Way="1",
        X_Apigw_Close_Code="1001",
        X_Apigw_Close_Reason="Going away",
    ).claimed

    assert claimed == Mapped(
        event_type="MESSAGE",
        route_key="chat",
        stage="live",
        request_id="r1",
        source_ip="2001:db8::1",
        user_agent="Firefox",
        connected_on=dt.datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=dt.UTC),
        two_way=True,
        close_code=1001,
        close_reason="Going away",
    )


def test_what_is_not_mapped_is_empty() -> None:
    assert event().claimed == Mapped()


@pytest.mark.parametrize("junk", ["x", "1" * 30, "nan", "-1" * 20, ""])
def test_junk_in_numbers_and_addresses_is_nothing(junk: str) -> None:
    values = {"HTTP_X_APIGW_SOURCE_IP": junk, "HTTP_X_APIGW_CONNECTED_AT": junk}
    request = RequestFactory().post(
        "/",
        headers=CONNECTION,
        **{**values, "HTTP_X_APIGW_CLOSE_CODE": junk},  # type: ignore[arg-type]
    )

    claimed = parse(request, "default").claimed
    assert (claimed.source_ip, claimed.connected_on, claimed.close_code) == (None, None, None)


def test_a_static_value_may_come_in_its_quotes() -> None:
    """AWS's guide: single quotes are part of a static value."""
    quoted = event(X_Apigw_Secret="'abc'", X_Apigw_Two_Way="'1'")

    assert (quoted.secret, quoted.claimed.two_way) == ("abc", True)


def test_the_secret_and_the_token_do_not_show() -> None:
    assert "hush" not in repr(event("connect", "?ws_token=hush", X_Apigw_Secret="hush"))


@pytest.mark.parametrize(
    ("header", "proxies", "address"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7", 1, "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7, 10.0.0.1", 2, "203.0.113.7"),
        ("6.6.6.6,203.0.113.7,10.0.0.1", 3, "6.6.6.6"),
        ("203.0.113.7", 2, None),
        ("203.0.113.7", 0, None),
        ("unknown", 1, None),
        ("fe80::1%eth0", 1, "fe80::1"),
        ("", 1, None),
    ],
)
def test_a_forwarded_address_is_counted_from_the_right(
    header: str, proxies: int, address: str | None
) -> None:
    assert event(X_Forwarded_For=header).forwarded_address(proxies) == address


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"hello",
        b"[1]",
        b'"text"',
        b"1",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": ' * 20_000,
        b"NaN",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
    ],
)
def test_what_is_no_json_object_is_an_empty_one_and_the_text_is_kept(raw: bytes) -> None:
    body = parse_body(raw)

    assert (body.data, body.text) == ({}, raw.decode(errors="replace"))


def test_numbers_of_a_message_are_pythons() -> None:
    assert parse_body(b'{"a": 1.5, "b": -2, "c": 1e3}').data == {"a": 1.5, "b": -2, "c": 1000.0}


def test_a_message_over_128_kb_is_refused() -> None:
    assert parse_body(b"x" * 131_072).text == "x" * 131_072
    with pytest.raises(Refused) as refused:
        parse_body(b"x" * 131_073)
    assert (refused.value.guard, refused.value.status) == ("size", 413)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message(raw: bytes) -> None:
    assert isinstance(parse_body(raw).data, dict)


@given(st.text(st.characters(exclude_categories=[])), st.integers(0, 20))
def test_stored_texts_are_short_and_can_be_encoded(text: str, length: int) -> None:
    stored = storable(text, length)

    assert len(stored) <= length
    assert "\0" not in stored
    stored.encode()


@given(
    st.dictionaries(st.sampled_from([*headers.FROM_CONTEXT, *headers.ON_DISCONNECT]), st.text(max_size=40))
)
def test_any_headers_are_an_event_or_refused(values: dict[str, str]) -> None:
    meta: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in values.items()}
    try:
        found = parse(RequestFactory().post("/", **meta), "connect")
    except Refused as refused:
        assert refused.guard == "request"
    else:
        assert len(found.claimed.close_reason) <= 255
