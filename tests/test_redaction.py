"""What a trace keeps of a message, and what it does not."""

from __future__ import annotations

import json
import time

import pytest

from apigw_ws.conf import SETTINGS
from apigw_ws.services.redaction import BEGINNING, Kept, keep

KEYS = SETTINGS["TRACE_REDACTED_KEYS"].default


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ('{"a": 1, "b": [true, null]}', '{"a":1,"b":[true,null]}'),
        ('{"password": "hunter2"}', '{"password":"[redacted]"}'),
        ('{"new-Password": "hunter2"}', '{"new-Password":"[redacted]"}'),
        ('{"accessToken": {"deep": 1}}', '{"accessToken":"[redacted]"}'),
        ('{"API Key": [1, 2]}', '{"API Key":"[redacted]"}'),
        ('[{"a": [{"secret": 1}]}]', '[{"a":[{"secret":"[redacted]"}]}]'),
        ('{"body": "{\\"token\\": \\"t\\"}"}', '{"body":"{\\"token\\":\\"[redacted]\\"}"}'),
        ('{"body": "{not JSON"}', '{"body":"{not JSON"}'),
        ('"text"', '"text"'),
        ("12", "12"),
        ('{"half": "\\ud83d", "nul": "\\u0000"}', '{"half":"?","nul":"\\u0000"}'),
        ("", ""),
    ],
)
def test_json_is_kept_without_what_its_keys_give_away(message: str, kept: str) -> None:
    assert keep(message.encode(), KEYS) == Kept(text=kept, is_cut=False)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("password=hunter2 and more", "password=[redacted] and more"),
        ("Authorization: Bearer abc.def x", "Authorization: [redacted] x"),
        ('{"password": "with \\" quote", oops', '{"password": [redacted], oops'),
        ("{'api_key': 'it is', oops", "{'api_key': [redacted], oops"),
        ("token=abc&page=2", "token=[redacted]&page=2"),
    ],
)
def test_a_text_is_redacted_as_well_as_can_be_told(message: str, kept: str) -> None:
    assert keep(message.encode(), KEYS).text == kept


def test_of_a_text_its_beginning_is_kept_unless_all_is_asked_for() -> None:
    text = "x" * (BEGINNING + 1)

    assert keep(text.encode(), KEYS) == Kept(text="x" * BEGINNING, is_cut=True)
    assert keep(text.encode(), KEYS, whole_texts=True) == Kept(text=text, is_cut=False)
    assert keep(b"\xff\x00", ()).text == "��"


def test_a_secret_at_the_cut_is_not_half_kept() -> None:
    text = "x" * (BEGINNING - 12) + " password=hunter2"

    assert "hunter" not in keep(text.encode(), KEYS).text


@pytest.mark.parametrize("message", [b"[" * 100_000, b"9" * 5000, b'{"a":' * 90_000])
def test_what_cannot_be_read_is_a_text(message: bytes) -> None:
    assert keep(message, KEYS).is_cut


def test_json_in_json_in_json_is_followed_so_far_and_no_further() -> None:
    message: object = {"token": "t"}
    for _ in range(6):
        message = {"body": json.dumps(message)}

    assert keep(json.dumps(message).encode(), KEYS).text.count("redacted") == 0


@pytest.mark.parametrize(
    "message", [b"password" * 16_000, b"p_a_s_s" * 18_000, b'token: "' + b"\\" * 120_000]
)
def test_no_message_takes_long(message: bytes) -> None:
    begun = time.process_time()

    keep(message, KEYS, whole_texts=True)

    assert time.process_time() - begun < 1
