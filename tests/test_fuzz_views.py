"""Whatever comes in, the view answers with a status; a stranger reaches no handler and writes a row at most.

That row is the refusal. Every hundredth also deletes the oldest, and a hundred a minute are all, see
tests/test_refusals.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as conf
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apigw_ws import headers, signals
from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import refusals, secrets
from tests.app.factories import new_gateway

pytestmark = pytest.mark.django_db

fuzzed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CONNECTION_ID = "XDmENcnwIE0CFEQ="
VIEWS = ("ws", "rooms", "tokened", "staff", "strict")
ANSWERS = {200, 400, 403, 405, 413, 418, 429}

#: Octets as WSGI gives them.
OCTETS = st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
HOSTS = st.text("abcxyz0189.-:[]%@/_é", max_size=20)
TELLING = st.sampled_from(
    ["", "0", "-1", "1" * 5000, "null", "fe80::1%eth0", "::ffff:1.2.3.4", "CONNECT", "sessionid=0123456789"]
)
#: A quoted value can hold any octet, also one that no header can.
COOKIES = st.dictionaries(
    st.sampled_from(["sessionid", "csrftoken", "messages"]),
    st.lists(st.integers(0, 0o777).map("\\{:03o}".format) | st.text("abc019-:;, ", max_size=12), max_size=6),
    max_size=3,
).map(lambda jar: "; ".join(f'{name}="{"".join(parts)}"' for name, parts in jar.items()))
OURS = (*headers.FROM_CONTEXT, *headers.ON_DISCONNECT, headers.SECRET, headers.API_ID)
HEADER_NAMES = st.sampled_from(
    [*OURS, "Cookie", "Host", "Origin", "User-Agent", "X-Forwarded-For", "X-Office"]
)
HEADER_VALUES = st.one_of(
    OCTETS,
    TELLING,
    COOKIES,
    HOSTS,
    HOSTS.map("https://{}.example.com".format),
    HOSTS.map("https://{}".format),
)
HEADERS = st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=5)

#: Without those that fail on purpose, and that which sends through AWS.
HANDLERS = st.sampled_from(
    ["say", "chat.send", "many", "hush", "teapot", "join", "leave", "change_channel", "default"]
)
NO_HANDLERS = st.sampled_from(["connect", "dispatch", "_private", "__class__", "send", "chat.send\0"])
#: JSON can write lone surrogates and NUL, too.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=200)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | NO_HANDLERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
KEYS = st.sampled_from(["action", "handler", "channel", "text"])
MESSAGES = st.one_of(
    st.dictionaries(KEYS, HANDLERS | VALUES).map(json.dumps).map(str.encode),
    VALUES.map(json.dumps).map(str.encode),
    st.binary(max_size=200),
    st.sampled_from([b"x" * 200_000, b"[" * 100_000, b'{"text":' * 20_000, b"\xff\xfe", b'{"text": 1e999}']),
    st.integers(1, 6000).map(lambda digits: b'{"action": "join", "channel": ' + b"9" * digits + b"}"),
)
NAMES = st.text("abc*[]?.:/-_ \0é", max_size=140)
QUERIES = st.one_of(
    OCTETS,
    st.lists(NAMES.map("channel={}".format), max_size=5).map("&".join),
    st.sampled_from(["channel=%00", "channel=%ff%fe", "ws_token=%ed%a0%80", "a&" * 2000]),
)
ROUTES = st.sampled_from(["connect", "disconnect", "default", "say"]) | st.text(
    "abcXYZ09_-", min_size=1, max_size=40
)


@pytest.fixture(autouse=True)
def nobody_asks_before_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """LoginRequiredMiddleware looks for the browser session even where a view needs no login."""
    asking = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    monkeypatch.setattr(conf, "MIDDLEWARE", [each for each in conf.MIDDLEWARE if each != asking])


@pytest.fixture
def gateway() -> ApiGateway:
    return new_gateway()


@contextmanager
def example() -> Iterator[None]:
    """Nothing is left for the next one."""
    refusals._tallies.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def arrival(gateway: ApiGateway, route: str) -> dict[str, str]:
    """What the gateway's integrations send, and a browser's Origin; replies need no call to AWS."""
    return {
        headers.CONNECTION_ID: CONNECTION_ID,
        headers.API_ID: gateway.api_id,
        headers.SECRET: secrets.derive(gateway),
        headers.EVENT_TYPE: route.upper() if route in ("connect", "disconnect") else "MESSAGE",
        headers.TWO_WAY: "1",
        "Origin": "https://www.example.com",
        "Host": "www.example.com",
    }


def call(
    path: str,
    sent: dict[str, str],
    body: bytes = b"",
    query: str = "",
    method: str = "POST",
    kind: str = "application/json",
) -> HttpResponse:
    """What Django answers; what a view raises is raised here."""
    response: Any = Client(enforce_csrf_checks=True).generic(
        method, f"/{path}", body, kind, secure=True, headers=sent, QUERY_STRING=query
    )
    return response  # type: ignore[no-any-return]


def opened(gateway: ApiGateway) -> None:
    WebSocketSession.objects.create(connection_id=CONNECTION_ID, api_gateway=gateway)


@given(
    view=st.sampled_from(VIEWS),
    route=ROUTES,
    changes=HEADERS,
    body=MESSAGES,
    query=QUERIES,
    is_open=st.booleans(),
)
@fuzzed
def test_nothing_that_comes_through_a_gateway_is_a_500(
    gateway: ApiGateway,
    view: str,
    route: str,
    changes: dict[str, str],
    body: bytes,
    query: str,
    is_open: bool,
) -> None:
    with example():
        if is_open:
            opened(gateway)
        response = call(f"{view}/{route}", arrival(gateway, route) | changes, body, query)

    assert response.status_code in ANSWERS


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "PROPFIND"]),
    route=ROUTES,
    body=MESSAGES,
)
@fuzzed
def test_a_method_other_than_post_is_told_so(
    gateway: ApiGateway, method: str, route: str, body: bytes
) -> None:
    response = call(f"ws/{route}", arrival(gateway, route), body, method=method)

    assert (response.status_code, response.content) == (405, b"")


TOKEN_HEADERS = st.fixed_dictionaries(
    {"Cookie": COOKIES | OCTETS},
    optional={"Origin": HEADER_VALUES, "Referer": HEADER_VALUES, "X-CSRFToken": st.just("a" * 32) | OCTETS},
)
SIGNED = {"Cookie": "csrftoken=" + "a" * 32, "X-CSRFToken": "a" * 32, "Referer": "https://www.example.com/"}


@given(
    sent=TOKEN_HEADERS
    | TOKEN_HEADERS.map(lambda sent: SIGNED | {"Cookie": f"{SIGNED['Cookie']}; {sent['Cookie']}"}),
    body=MESSAGES,
    query=QUERIES,
    kind=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
    ),
)
@fuzzed
def test_who_asks_for_a_token_gets_one_or_a_sentence(
    sent: dict[str, str], body: bytes, query: str, kind: str
) -> None:
    with example():
        response = call("ws-token/", sent | {"Host": "www.example.com"}, body, query, kind=kind)

    assert response.status_code in {200, 400, 403}
    assert response.status_code == 400 or json.loads(response.content).keys() <= {
        "token",
        "expires_in",
        "error",
    }


@pytest.mark.parametrize(
    ("path", "status"), [("ws/connect", 200), ("tokened/connect", 403), ("ws-token/", 200)]
)
def test_a_browser_session_that_postgresql_cannot_look_for_is_nobodys(
    gateway: ApiGateway, path: str, status: int
) -> None:
    """Django unquotes octal numbers in cookies, and PostgreSQL takes no NUL."""
    cookie = SIGNED["Cookie"] + r'; sessionid="0123456789\000"'
    sent = arrival(gateway, "connect") | SIGNED | {"Cookie": cookie}

    assert call(path, sent).status_code == status


@given(view=st.sampled_from(["ws", "rooms"]), body=MESSAGES)
@fuzzed
def test_every_message_of_an_open_connection_is_answered(gateway: ApiGateway, view: str, body: bytes) -> None:
    with example():
        opened(gateway)
        response = call(f"{view}/default", arrival(gateway, "default"), body)

    assert response.status_code in ANSWERS
    assert response.status_code == 200 or not response.content


@pytest.mark.parametrize("action", ["say", "join"])
def test_a_message_of_any_depth_is_answered(gateway: ApiGateway, action: str) -> None:
    """Python's stack ends somewhere: what can be read there may be too deep for the handler's reply."""
    opened(gateway)
    for depth in (*range(97, 102), *range(450, 1000, 50)):
        message = f'{{"action": "{action}", "text": {"[" * depth}1{"]" * depth}, "channel": [{{}}]}}'
        response = call("rooms/default", arrival(gateway, "default"), message.encode())
        understood = b"default" not in response.content
        assert (response.status_code < 500, understood) == (True, depth < 100), depth


def forged(gateway: ApiGateway, other: ApiGateway) -> st.SearchStrategy[dict[str, str]]:
    """Everything that a stranger can know or guess, without the secret of the gateway that is named."""
    secret = secrets.derive(gateway)
    wrong = st.sampled_from(
        [secrets.derive(other), secret[:-1], secret + "=", secret.swapcase(), str(gateway.uid), "", "''"]
    )
    no_secret = st.fixed_dictionaries(
        {headers.SECRET: wrong | OCTETS.filter(lambda octets: octets != secret)}
    )
    unknown = NAMES.filter(lambda name: name not in (gateway.api_id, other.api_id))
    nowhere = st.fixed_dictionaries({headers.API_ID: unknown | st.just(other.api_id)})
    guessed = HEADERS.map(
        lambda found: {k: v for k, v in found.items() if k not in (headers.API_ID, headers.SECRET)}
    )
    return st.builds(lambda one, more: more | one, no_secret | nowhere, guessed)


def test_a_forged_request_reaches_no_handler_and_writes_its_refusal_at_most(gateway: ApiGateway) -> None:
    other = new_gateway("rooms", api_id="other123")

    @given(
        view=st.sampled_from(VIEWS), route=ROUTES, claims=forged(gateway, other), body=MESSAGES, query=QUERIES
    )
    @fuzzed
    def check(view: str, route: str, claims: dict[str, str], body: bytes, query: str) -> None:
        with example():
            opened(gateway)
            with watched() as (heard, written):
                response = call(f"{view}/{route}", arrival(gateway, route) | claims, body, query)

        assert response.status_code in (400, 403)
        assert not response.content or "Host" in claims  # Django itself answers a host that is not allowed
        assert not heard
        assert all('"apigw_ws_refusal"' in statement for statement in written)
        assert len([statement for statement in written if statement.startswith("INSERT")]) <= 1

    check()


@contextmanager
def watched() -> Iterator[tuple[list[object], list[str]]]:
    """The signals that are sent, and the statements that write."""
    heard: list[object] = []
    written: list[str] = []

    def listen(sender: object, signal: object, **_: object) -> None:
        heard.append(signal)

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE")):
            written.append(sql)
        return execute(sql, *rest)

    told = (signals.connected, signals.disconnected, signals.message_received)
    for signal in told:
        signal.connect(listen)
    try:
        with connection.execute_wrapper(note):
            yield heard, written
    finally:
        for signal in told:
            signal.disconnect(listen)
