"""What becomes of each target, whatever the server does: with pycurl, and with boto3."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from apigw_ws.delivery import Endpoint, Outcome, Rate, Result, Target, curl, deliver, engine, feed, multi
from apigw_ws.exceptions import AwsUnreachable
from tests.delivery.conftest import endpoint_at
from tests.delivery.server import (
    BROKEN,
    FORBIDDEN,
    GONE,
    RESET,
    SENT,
    THROTTLED,
    Reply,
    Request,
    Server,
)

Start = Callable[..., Server]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_FIRST_PAUSE", 0.002)


def ids(number: int) -> list[str]:
    return [f"L0SM9c{number:03d}=" for number in range(number)]


def send(endpoint: Endpoint, names: Sequence[str], **options: Any) -> dict[str, Outcome]:
    """The outcomes by connection ID; fails unless there is one of each."""
    targets = (Target(connection_id=name, ref=place) for place, name in enumerate(names))
    outcomes = list(deliver(targets, b"hello", endpoint=endpoint, **options))
    found = {outcome.target.connection_id: outcome for outcome in outcomes}
    assert len(found) == len(outcomes) == len(names)
    assert all(names[outcome.target.ref] == name for name, outcome in found.items())
    return found


def results(outcomes: dict[str, Outcome]) -> dict[tuple[Result, str], int]:
    return Counter((outcome.result, outcome.code) for outcome in outcomes.values())


@pytest.mark.parametrize(
    ("reply", "result", "code", "attempts"),
    [
        (SENT, Result.SENT, "", 1),
        (GONE, Result.GONE, "GoneException", 1),
        (FORBIDDEN, Result.FORBIDDEN, "ForbiddenException", 1),
        (THROTTLED, Result.THROTTLED, "LimitExceededException", 8),
        (Reply(status=413, code="PayloadTooLargeException"), Result.TOO_LARGE, "PayloadTooLargeException", 1),
        (Reply(status=400, code="BadRequestException"), Result.FAILED, "BadRequestException", 1),
        (Reply(status=404), Result.FAILED, "404", 1),
        (BROKEN, Result.FAILED, "ServiceUnavailableException", 4),
        (RESET, Result.FAILED, "ConnectionClosedError", 4),
        (Reply(cut=5), Result.FAILED, "ConnectionClosedError", 4),
    ],
)
def test_an_answer_becomes_an_outcome(
    server: Start, either_engine: str, reply: Reply, result: Result, code: str, attempts: int
) -> None:
    served = server(lambda request: reply)

    (outcome,) = send(endpoint_at(served.url), ["L0SM9c="]).values()

    assert (outcome.result, outcome.code, outcome.attempts) == (result, code, attempts)
    assert ("r-1" in outcome.said) == (reply.cut is None and reply not in (SENT, GONE)) or reply == GONE


def test_the_message_arrives_signed_and_whole(server: Start, either_engine: str) -> None:
    seen: list[Request] = []
    served = server(lambda request: seen.append(request) or SENT)  # type: ignore[func-returns-value]
    payload = bytes(range(256)) * 512

    assert [
        o.result for o in deliver([Target(connection_id="a=")], payload, endpoint=endpoint_at(served.url))
    ]

    assert seen[0].body == payload
    assert seen[0].headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIA")
    assert seen[0].headers["host"] == served.url.split("/")[2]
    assert not {"expect", "content-type"} & set(seen[0].headers)


def test_what_fails_now_and_then_is_tried_again(server: Start, either_engine: str) -> None:
    failures = {0: BROKEN, 1: RESET, 2: THROTTLED, 3: Reply(cut=5)}
    served = server(lambda request: failures.get(request.number % 11, SENT) if request.earlier < 3 else SENT)

    outcomes = send(endpoint_at(served.url), ids(120), concurrency=16)

    assert results(outcomes) == {(Result.SENT, ""): 120}
    assert set(served.sent) == set(ids(120))
    assert max(outcome.attempts for outcome in outcomes.values()) > 1


def test_only_what_is_gone_is_gone(server: Start, either_engine: str) -> None:
    names = ids(100)
    served = server(lambda request: GONE if request.connection_id in names[::7] else SENT)

    outcomes = send(endpoint_at(served.url), names, concurrency=16)

    assert [name for name in names if outcomes[name].result is Result.GONE] == names[::7]
    assert sorted(served.asked) == names


def test_where_everything_is_forbidden_most_are_not_tried(server: Start, either_engine: str) -> None:
    served = server(lambda request: FORBIDDEN)

    outcomes = send(endpoint_at(served.url), ids(900), concurrency=16)

    assert results(outcomes) == {(Result.FORBIDDEN, "ForbiddenException"): 900}
    assert len(served.asked) <= feed.HOPELESS + 16
    untried = [outcome for outcome in outcomes.values() if outcome.attempts == 0]
    assert len(untried) == 900 - len(served.asked)
    assert all("Forbidden" in outcome.said for outcome in untried)


def test_credentials_that_expire_on_the_way_end_it(server: Start, either_engine: str) -> None:
    expired = Reply(status=403, code="ExpiredTokenException")
    served = server(lambda request: SENT if request.number < 100 else expired)

    outcomes = send(endpoint_at(served.url), ids(900), concurrency=16)

    assert results(outcomes) == {(Result.SENT, ""): 100, (Result.FORBIDDEN, "ExpiredTokenException"): 800}
    assert len(served.asked) < 160


def test_a_few_that_are_forbidden_stop_nobody(server: Start, either_engine: str) -> None:
    served = server(lambda request: FORBIDDEN if request.number % 2 else SENT)

    outcomes = send(endpoint_at(served.url), ids(100), concurrency=8)

    assert results(outcomes) == {(Result.SENT, ""): 50, (Result.FORBIDDEN, "ForbiddenException"): 50}


def test_where_nobody_answers_it_ends_soon(either_engine: str) -> None:
    started = time.monotonic()

    outcomes = send(endpoint_at("http://127.0.0.1:9/prod"), ids(900))

    assert results(outcomes) == {(Result.FAILED, "EndpointConnectionError"): 900}
    assert sum(outcome.attempts == 0 for outcome in outcomes.values()) > 500
    assert time.monotonic() - started < 20


def test_a_server_that_says_nothing_is_given_up(
    server: Start, either_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multi, "_CALL", 300)
    monkeypatch.setattr(feed, "_TRIES", {Result.FAILED: 2, Result.THROTTLED: 2})
    served = server(lambda request: Reply(after=2) if request.connection_id == "slow=" else SENT)

    outcomes = send(endpoint_at(served.url, timeout=1), ["slow=", "a=", "b="], concurrency=3)

    assert results(outcomes) == {(Result.SENT, ""): 2, (Result.FAILED, "ReadTimeoutError"): 1}
    assert outcomes["slow="].attempts == 2


def test_where_everything_is_throttled_patience_ends(server: Start, either_engine: str) -> None:
    served = server(lambda request: THROTTLED)

    outcomes = send(endpoint_at(served.url), ids(300), concurrency=8, patience=0.3)

    assert results(outcomes) == {(Result.THROTTLED, "LimitExceededException"): 300}


def test_it_can_be_stopped_at_any_moment(server: Start, either_engine: str) -> None:
    served, stopped = server(lambda request: SENT), threading.Event()
    outcomes = []
    targets = (Target(connection_id=name) for name in ids(900))

    delivery = deliver(
        targets, b"x", endpoint=endpoint_at(served.url), rate=Rate(200), should_stop=stopped.is_set
    )
    for outcome in delivery:
        outcomes.append(outcome)
        if len(outcomes) == 20:
            stopped.set()

    counts = Counter(outcome.result for outcome in outcomes)
    assert set(counts) == {Result.SENT, Result.CANCELLED}
    assert counts.total() == 900
    assert counts[Result.SENT] == len(served.sent) < 400


def test_stopped_it_waits_for_nobody_for_long(
    server: Start, either_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_GRACE", 0.2)
    served = server(lambda request: Reply(after=20))
    started = time.monotonic()

    outcomes = send(endpoint_at(served.url, timeout=20), ids(40), should_stop=lambda: bool(served.asked))

    assert time.monotonic() - started < 20
    assert results(outcomes) == {(Result.CANCELLED, ""): 40}
    assert {outcome.attempts for outcome in outcomes.values()} == {0, 1}


def test_stopped_before_it_began_it_asks_nobody(server: Start, either_engine: str) -> None:
    served = server(lambda request: SENT)

    assert results(send(endpoint_at(served.url), ids(5), should_stop=lambda: True)) == {
        (Result.CANCELLED, ""): 5
    }
    assert served.asked == []


def test_whoever_stops_listening_ends_it(server: Start, either_engine: str) -> None:
    served = server(lambda request: Reply(after=0.01))
    taken = iter(ids(900))
    delivery = deliver((Target(connection_id=name) for name in taken), b"x", endpoint=endpoint_at(served.url))

    next(delivery)
    delivery.close()

    assert len(list(taken)) > 700
    assert results(send(endpoint_at(served.url), ids(30))) == {(Result.SENT, ""): 30}


def test_no_more_targets_are_held_than_a_few_times_the_concurrency(server: Start, either_engine: str) -> None:
    served, taken = server(lambda request: BROKEN if request.number % 3 == 0 else SENT), 0

    def targets() -> Iterator[Target]:
        nonlocal taken
        for name in ids(300):
            taken += 1
            yield Target(connection_id=name)

    held = [
        taken - done
        for done, _ in enumerate(deliver(targets(), b"x", endpoint=endpoint_at(served.url), concurrency=10))
    ]

    assert len(held) == 300
    assert max(held) <= 10 + 2 * 10 + 1


def test_what_breaks_the_targets_breaks_the_delivery(server: Start, either_engine: str) -> None:
    served = server(lambda request: SENT)

    def targets() -> Iterator[Target]:
        yield Target(connection_id="a=")
        raise LookupError("the database is gone")

    with pytest.raises(LookupError, match="the database is gone"):
        list(deliver(targets(), b"x", endpoint=endpoint_at(served.url)))


def test_the_rate_is_kept_and_may_change(server: Start, either_engine: str) -> None:
    served, rate = server(lambda request: SENT), Rate(100)
    targets = (Target(connection_id=name) for name in ids(150))
    started = time.monotonic()

    for number, _ in enumerate(deliver(targets, b"x", endpoint=endpoint_at(served.url), rate=rate)):
        if number == 50:
            took, rate.limit = time.monotonic() - started, math.inf

    assert took > 0.4
    assert len(served.sent) == 150


def test_a_rate_of_zero_waits(server: Start) -> None:
    served, rate = server(lambda request: SENT), Rate(0)
    threading.Timer(0.3, lambda: setattr(rate, "limit", math.inf)).start()
    started = time.monotonic()

    assert results(send(endpoint_at(served.url), ids(3), rate=rate)) == {(Result.SENT, ""): 3}
    assert time.monotonic() - started > 0.25


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_is_no_connection_id_is_not_asked_for(server: Start, either_engine: str, name: str) -> None:
    served = server(lambda request: SENT)

    outcomes = send(endpoint_at(served.url), [name, "a="])

    assert outcomes[name].code == "BadRequestException"
    assert served.asked == ["a="]


def test_without_credentials_nobody_is_asked(server: Start) -> None:
    served = server(lambda request: SENT)

    def credentials() -> Any:
        raise AwsUnreachable("The role's credentials cannot be renewed.", code="CredentialRetrievalError")

    outcomes = send(replace(endpoint_at(served.url), credentials=credentials), ids(100))

    assert results(outcomes) == {(Result.FAILED, "CredentialRetrievalError"): 100}
    assert served.asked == []


def test_boto3_that_breaks_is_a_failure(monkeypatch: pytest.MonkeyPatch, server: Start) -> None:
    monkeypatch.setattr(engine, "CurlLine", None)

    def post(connection_id: str, payload: bytes) -> Any:
        raise RuntimeError("cannot schedule new futures")

    broken = replace(endpoint_at(server(lambda request: SENT).url), post=post)

    assert results(send(broken, ["a="])) == {(Result.FAILED, "RuntimeError"): 1}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message":"No.\\n\\nThe canonical string: secret"}', "No. (request ID r-1)"),
        (b'{"Message":"No."}', "No. (request ID r-1)"),
        (b'["message"]', "(request ID r-1)"),
        (b'{"message":{}}', "(request ID r-1)"),
        (b"<html>", "(request ID r-1)"),
        (b"x" * 100_000, "(request ID r-1)"),
    ],
)
def test_what_aws_says_is_kept_in_short(server: Start, body: bytes, said: str) -> None:
    served = server(lambda request: Reply(status=400, body=body))

    assert send(endpoint_at(served.url), ["a="])["a="].said == said


def test_connections_are_few_for_few_and_kept_for_the_next_delivery(server: Start) -> None:
    served = server(lambda request: SENT)
    endpoint = endpoint_at(served.url)

    send(endpoint, ids(200))
    first = served.accepted
    send(endpoint, ids(200))

    assert first <= 16 + 200 / 4
    assert served.accepted < first + 40
    curl.close_idle()


def test_more_hosts_than_are_kept_close_the_oldest(server: Start) -> None:
    for _ in range(6):
        served = server(lambda request: SENT)
        send(endpoint_at(served.url), ids(2))

    assert len(curl._idle) == 4


def test_several_threads_deliver_at_once(server: Start, either_engine: str) -> None:
    served, found = server(lambda request: SENT), []
    endpoint = endpoint_at(served.url)
    names = [[f"t{thread}{name}" for name in ids(50)] for thread in range(4)]
    threads = [
        threading.Thread(target=lambda its=its: found.append(results(send(endpoint, its)))) for its in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [{(Result.SENT, ""): 50}] * 4
    assert len(set(served.sent)) == 200
