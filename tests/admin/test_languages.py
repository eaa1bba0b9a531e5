"""The console in German: every screen, the switch, and what stays the same in every language."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polib
import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

import apigw_ws
from apigw_ws.models import Refusal, Rollup, Trace, WebSocketSession
from apigw_ws.services import bans, broadcasts, traces
from apigw_ws_admin.project import settings as project
from tests.admin.rows import fill
from tests.emulator.serving import Served
from tests.screens import every_screen

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

HOME: Final = "/admin/apigw_ws/apigateway/home/"
#: What holds code, or what somebody wrote.
VERBATIM: Final = re.compile(r"<(script|style|code|pre|textarea|option|data)\b.*?</\1>", re.S)
ATTRIBUTES: Final = re.compile(r'\b(?:title|aria-label|placeholder|data-text-[\w-]+)="([^"]+)"')
#: Numbers for browsers, which know no comma.
NUMBERS: Final = re.compile(
    r'\s(?:x|y|d|r|[xy][12]|width|height|value|max|min|low|high|viewBox|style)="[^"]*\d,\d[^"]*"'
)
DRAWN: Final = re.compile(r'\s(?:d|viewBox|data-values|data-from|data-step)="([^"]*)"')
FILLED_IN: Final = re.compile(r"%\(\w+\)[sd]|%[sd]")


@pytest.fixture(autouse=True)
def languages(settings: Any) -> None:
    """Those of the standalone console."""
    settings.LANGUAGES = project.LANGUAGES
    settings.LANGUAGE_COOKIE_NAME = project.LANGUAGE_COOKIE_NAME


@pytest.fixture
def german(operator: Client) -> Client:
    operator.cookies[project.LANGUAGE_COOKIE_NAME] = "de"
    return operator


def furnish() -> None:
    """Rows of each kind, so that there are pages about them."""
    fill(0)
    Group.objects.create(name="Viewers")
    bans.ban(network="203.0.113.0/24", reason="Floods.")
    traces.start(Trace(channel_name="lobby", reason="Ticket 7"), minutes=10)
    broadcasts.start(broadcasts.prepare(audience={"kind": "channels", "channels": ["lobby"]}, payload="{}"))


def sentences(response: HttpResponse) -> Iterator[str]:
    """What people read on the page, and have read to them."""
    page = VERBATIM.sub(" ", response.text)
    for text in (*re.split(r"<[^>]+>", page), *ATTRIBUTES.findall(page)):
        yield " ".join(html.unescape(text).split())


def english() -> re.Pattern[str]:
    """Sentences of the source, of three words or more, that are others in German."""
    catalogue = polib.pofile(str(Path(apigw_ws.__file__).with_name("locale") / "de/LC_MESSAGES/django.po"))
    texts = [entry.msgid for entry in catalogue if entry.msgid != entry.msgstr]
    long = [text for text in texts if len(re.findall(r"[A-Za-z]{2,}", FILLED_IN.sub("", text))) > 2]
    return re.compile("|".join(".+".join(map(re.escape, FILLED_IN.split(text))) for text in long))


def test_every_screen_is_in_german(german: Client, aws: Served) -> None:
    with translation.override("de"):  # some sentences are kept in the language of whoever acted
        furnish()
    draft = german.get(reverse("admin:apigw_ws_apigateway_wizard")).headers["Location"].split("/")[-3]
    german.raise_request_exception = False
    seen, said, problems = set(), {}, []
    for screen in (each for each in every_screen() if not each.query):
        try:
            response = german.get(screen.url(draft))
        except IndexError:  # there is no such row
            continue
        if response.streaming or "html" not in response.headers.get("Content-Type", ""):
            continue
        seen.add(screen.view)
        said |= dict.fromkeys(sentences(response), screen)
        wrong = [
            *([response.status_code] if response.status_code >= 500 else []),
            *NUMBERS.findall(response.text),
        ]
        problems += [f"{screen}: {each}" for each in wrong]
    in_english = english()
    problems += [f"{screen}: {text}" for text, screen in said.items() if in_english.fullmatch(text)]
    assert "\n".join(problems) == ""
    assert len(seen) > 60


def test_the_switch_is_in_the_frame_and_is_remembered(operator: Client) -> None:
    page = operator.get(HOME).text
    assert '<html lang="en"' in page
    assert "Deutsch" in page

    response = operator.post(reverse("set_language"), {"language": "de", "next": HOME})
    assert response.headers["Location"] == HOME

    page = operator.get(HOME).text
    assert '<html lang="de"' in page
    assert "Aktive Sitzungen" in page


def test_a_refresh_comes_in_the_language_of_its_page(german: Client) -> None:
    part = german.get(HOME, headers={"HX-Request": "true"})

    assert part.headers["Content-Language"] == "de"
    assert "<html" not in part.text
    assert "Aktive Sitzungen" in part.text


def test_charts_are_the_same_in_all_languages(operator: Client) -> None:
    """A decimal comma would tear apart a path, or a list of values."""
    minute = int(time.time() // 60)
    for ago in range(1, 10):
        Rollup.objects.create(minute=minute - ago, messages_in=1234 * ago, took_5=3 * ago, took_2000=ago)

    def drawn(language: str) -> list[str]:
        operator.cookies[project.LANGUAGE_COOKIE_NAME] = language
        return DRAWN.findall(operator.get(HOME).text)

    before, german, after = drawn("en"), drawn("de"), drawn("en")
    assert len(german) > 20
    assert german in (before, after)  # a minute may end in between


def test_a_reason_is_kept_as_the_source_has_it_and_read_in_the_language_of_the_reader(
    operator: Client,
) -> None:
    refusal = Refusal.objects.create(
        guard="ban", phase="connect", status=403, reason="A ban keeps the client out."
    )
    session = WebSocketSession(close_reason="Logged out", closed_by="sign_out")
    theirs = WebSocketSession(close_reason="Logged out", closed_by="client")

    with translation.override("de"):
        assert refusal.why == "Eine Sperre hält den Client fern."
        assert (session.why_closed, theirs.why_closed) == ("Abgemeldet", "Logged out")
    assert (refusal.why, session.why_closed) == ("A ban keeps the client out.", "Logged out")
