"""What a broadcast says, and what is said about it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apigw_ws.exceptions import BroadcastError, PayloadTooLarge
from apigw_ws.models import AuditEvent, Broadcast, BroadcastTemplate
from apigw_ws.services import broadcasts
from apigw_ws.services.broadcasts import payloads, templates
from tests.app.factories import new_user


def test_json_goes_out_compact_and_is_read_at_ease() -> None:
    checked = payloads.check(' {"text": "é",\n "n": [1, 2]} ')

    assert checked.data == checked.text.encode() == '{"text":"é","n":[1,2]}'.encode()
    assert checked.pretty.splitlines()[:2] == ["{", '  "text": "é",']
    assert (checked.size, checked.frames, checked.units) == (23, 1, 1)


def test_an_object_can_have_the_id_and_nothing_else_can() -> None:
    uid = UUID(int=7)

    assert json.loads(payloads.check("{}", True, uid).data) == {"broadcast_id": str(uid)}
    assert payloads.check("{}", True).text == "{}"
    assert payloads.check('"Hello"', True).data == b'"Hello"'


@pytest.mark.parametrize(("size", "frames"), [(32_768, 1), (32_769, 2), (131_072, 4)])
def test_each_32_kilobytes_are_a_frame_and_a_unit(size: int, frames: int) -> None:
    assert payloads.check(json.dumps("x" * (size - 2))).units == frames


def test_128_kilobytes_and_a_byte_are_too_many_with_the_id() -> None:
    room = 131_072 - len('{"t":""}')
    assert payloads.check(json.dumps({"t": "x" * room})).size == 131_072

    with pytest.raises(PayloadTooLarge, match="has 131073 bytes"):
        payloads.check(json.dumps("x" * 131_071))
    with pytest.raises(PayloadTooLarge):
        payloads.check(json.dumps({"t": "x" * room}), True)


@pytest.mark.parametrize(
    ("text", "line", "column"), [("", 1, 1), ('{"a": 1,\n}', 2, 1), ("[NaN]", 1, 1), ("[" * 100_000, 1, 1)]
)
def test_what_is_no_json_is_said_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(payloads.InvalidPayload) as error:
        payloads.check(text)

    assert (error.value.line, error.value.column) in {(line, column), (1, 8)}


def test_a_number_that_nobody_can_read_is_a_sentence() -> None:
    with pytest.raises(payloads.InvalidPayload, match="nobody can read"):
        payloads.check("9" * 5000)


def test_half_a_letter_becomes_a_question_mark_that_can_be_stored() -> None:
    assert payloads.check('"\\ud83d"').text == '"?"'


def test_variables_are_filled_in_as_json_has_them() -> None:
    text = '{"to": "Dear {{ name }}", "n": {{ n }}, "who": {{name}}, "ok": {{ ok }}, "x": {{ x }}}'
    assert templates.variables(text) == ["name", "n", "ok", "x"]

    filled = templates.fill(text, {"name": 'A", "admin": "1', "n": "5", "ok": True, "x": "[1]"})

    assert json.loads(filled) == {
        "to": 'Dear A", "admin": "1',
        "n": 5,
        "who": 'A", "admin": "1',
        "ok": True,
        "x": "[1]",
    }


def test_a_value_cannot_write_json_outside_of_a_text_either() -> None:
    filled = templates.fill('{"n": {{ n }}}', {"n": '1, "admin": true'})

    assert json.loads(filled) == {"n": '1, "admin": true'}
    assert json.loads(templates.fill('{"n": {{ n }}}', {"n": "NaN"})) == {"n": "NaN"}


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(BroadcastError, match="needs a value for “a”, “b”"):
        templates.fill('{"x": "{{ a }} {{ b }} {{ c }}"}', {"c": ""})


@pytest.mark.django_db
def test_a_template_is_kept_under_a_name_of_its_own() -> None:
    ada = new_user("ada")

    template = templates.save(name=" Noon ", payload='{"at": "{{ at }}"}', by=ada)

    assert (BroadcastTemplate.objects.get(), template.name) == (template, "Noon")
    assert AuditEvent.objects.get().who == "ada"
    for name in ("Noon", "", "x" * 129):
        with pytest.raises(BroadcastError):
            templates.save(name=name, payload="{}")
    assert BroadcastTemplate.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("GoneException", "the client has left"),
        ("410", "the client has left"),
        ("429", "AWS limited the rate"),
        ("throttled", "AWS limited the rate"),
        ("403", "execute-api:ManageConnections"),
        ("AccessDeniedException", "execute-api:ManageConnections"),
        ("ExpiredTokenException", "execute-api:ManageConnections"),
        ("500", "AWS itself failed"),
        ("EndpointConnectionError", "AWS did not answer"),
        ("cancelled", "before it was their turn"),
        ("too_large", "128 KB"),
    ],
)
def test_a_code_is_explained(code: str, words: str) -> None:
    assert words in broadcasts.explain(code)


@pytest.mark.parametrize(
    ("code", "result", "words"),
    [
        ("InternalFailure", "forbidden", "execute-api:ManageConnections"),
        ("InternalFailure", "throttled", "AWS limited the rate"),
        ("InternalFailure", "failed", "AWS itself failed"),
        ("ReadTimeoutError", "failed", "AWS did not answer"),
        ("", "cancelled", "before it was their turn"),
    ],
)
def test_where_the_code_says_nothing_the_result_does(code: str, result: str, words: str) -> None:
    assert words in broadcasts.explain(code, result)


@pytest.fixture
def broadcast(db: None) -> Broadcast:
    return Broadcast.objects.create(payload="{}", state="sending", total=100, sent=40, failed=10)


def sample(broadcast: Broadcast, ago: float, *, now: dt.datetime | None = None, **counts: Any) -> None:
    second = (now or timezone.now()).replace(microsecond=0)
    broadcast.samples.create(at=second - dt.timedelta(seconds=ago), **counts)


def test_progress_says_the_rate_and_what_is_left(broadcast: Broadcast) -> None:
    assert broadcasts.progress(broadcast).seconds_left is None
    for ago in (1, 2, 3, 4, 5, 60):
        sample(broadcast, ago, sent=4, failed=1)
    before = broadcasts.progress(broadcast)

    assert (before.done, before.total, before.state) == (50, 100, "sending")
    assert 3 <= before.rate_now <= 5
    assert before.seconds_left == 50 / before.rate_now
    Broadcast.objects.update(sent=41)
    assert broadcasts.progress(broadcast).version != before.version
    Broadcast.objects.update(started_on=timezone.now() - dt.timedelta(seconds=2), state="done")
    assert broadcasts.progress(broadcast).rate_now == 0


def test_just_begun_the_rate_is_that_of_the_first_seconds(broadcast: Broadcast) -> None:
    Broadcast.objects.update(started_on=timezone.now() - dt.timedelta(seconds=2))
    sample(broadcast, 1, sent=20)

    assert broadcasts.progress(broadcast).rate_now >= 10


def test_the_rate_over_time_has_as_many_points_as_are_drawn(broadcast: Broadcast) -> None:
    now = timezone.now()  # the same second for all of them
    assert broadcasts.series(broadcast) == []
    sample(broadcast, 10, now=now, sent=1)
    sample(broadcast, 10, now=now, sent=2, failed=1)  # another worker's
    sample(broadcast, 1, now=now, sent=5)

    every = broadcasts.series(broadcast)
    few = broadcasts.series(broadcast, points=3)

    assert [point.sent for point in every] == [3, 0, 0, 0, 0, 0, 0, 0, 0, 5]
    assert every[0].failed == 1
    assert [(point.seconds, point.sent) for point in few] == [(4, 3), (4, 0), (4, 5)]
