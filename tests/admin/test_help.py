"""A page for each code, and what it says to whom."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import apigw_ws
from apigw_ws import exceptions
from apigw_ws.aws import errors
from apigw_ws.conf import SETTINGS
from apigw_ws.models import (
    Broadcast,
    BroadcastRecipient,
    Refusal,
    Run,
    Step,
    WebSocketSession,
)
from apigw_ws.services.broadcasts import ending, ledger
from apigw_ws.services.doctor.gateway import QUESTIONS
from apigw_ws_admin import commands
from apigw_ws_admin.help import catalogue, links
from apigw_ws_admin.help.values import Entry, Family
from apigw_ws_admin.hints import HINTS
from apigw_ws_admin.screens.help.places import PLACES
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

HELP = "/admin/apigw_ws/apigateway/help/"
ROOT = Path(apigw_ws.__file__).parent
PYTHON = (*ROOT.rglob("*.py"), *ROOT.parent.glob("apigw_ws_admin/**/*.py"))
SOURCE = {path: path.read_text() for path in PYTHON}
TEXTS = ROOT.parent / "templates/apigw_ws_admin/testing/_texts.html"


def written(pattern: str, *, inside: str = "") -> set[str]:
    """What the package's own source says, of a pattern with one group."""
    texts = (text for path, text in SOURCE.items() if inside in path.as_posix())
    return {found for text in texts for found in re.findall(pattern, text)}


def heirs(of: type[Any]) -> Iterator[type[Any]]:
    each: type[Any]
    for each in of.__subclasses__():
        if each.__module__.startswith("apigw_ws"):
            yield each
            yield from heirs(each)


CODES = {
    "our errors": {each.__name__ for each in heirs(exceptions.ApigwWsError)} | {"ApigwWsError"},
    "system checks": written(r'id="(apigw_ws\.[EW]\d+)"'),
    "guards": {f"guard.{name}" for name in HINTS} | {f"guard.{g}" for g in written(r'Refused\("(\w+)"')},
    "close codes": set(re.findall(r"data-code-(\d+)", TEXTS.read_text())),
    "outcomes of broadcasts": {*BroadcastRecipient.Result.values, ledger.CLOSED, ledger.UNKNOWN},
    "codes that broadcasts explain": {*ending._MEANINGS, *ending._SAME, *ending._THROTTLED, *ending._BROKEN},
    "codes that we word": {
        *errors.CREDENTIAL_ERRORS,
        *errors.SIGN_IN_ERRORS,
        *errors.NO_CREDENTIALS,
        *errors.CONFIGURATION_ERRORS,
        *errors.RATE_ERRORS,
    },
    "codes that we give": written(r'code="(\w+)"', inside="apigw_ws/aws/"),
    "codes of the delivery": written(r'"(\w+(?:Error|Exception))"', inside="apigw_ws/delivery/"),
    "codes of the emulator": written(r'AwsError\(\s*"(\w+)"', inside="/emulator/")
    | written(r'"(\w+(?:Exception|Failure|ChangeBatch|SuchHostedZone))"', inside="/emulator/"),
    "questions of the doctor": {f"doctor.{question.key}" for question in QUESTIONS}
    | {f"doctor.{key}" for key in ("target_url", "last_run", "rotation", "reaper", "checks")},
    "statuses": {"400", "403", "404", "410", "413", "429", "500", "502", "503", "504"},
}


@pytest.mark.parametrize("kind", CODES)
def test_there_is_a_page_about_each_of_the(kind: str) -> None:
    assert CODES[kind]
    assert {code for code in CODES[kind] if catalogue.known(code) is None} == set()


def test_the_codes_that_are_given_are_found_in_the_source() -> None:
    assert {"TooSlow", "NotAws", "NoCredentialsError"} <= CODES["codes that we give"]
    assert {"SSLError", "EndpointConnectionError"} <= CODES["codes of the delivery"]
    assert {"InternalFailure", "NoSuchHostedZone"} <= CODES["codes of the emulator"]


def test_no_code_has_two_pages() -> None:
    codes = Counter(code for entry in catalogue.ENTRIES for code in entry.codes)

    assert [code for code, number in codes.items() if number > 1] == []


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.code)
def test_a_page_says_what_a_code_means_and_what_to_do(operator: Client, entry: Entry) -> None:
    text = operator.get(f"{HELP}{entry.code}/").text

    assert all(f"<code>{other}</code>" in text for other in entry.codes[1:])
    assert "What to do next" in text
    assert entry.steps
    assert {*entry.settings} <= {*SETTINGS}
    assert all(document.href.startswith("https://") for document in entry.documents)
    assert all(catalogue.CODE.fullmatch(code) for code in entry.codes)
    assert [*entry.places] == [name for name in entry.places if name in PLACES]


def test_the_index_has_every_code_by_family(operator: Client) -> None:
    text = operator.get(HELP).text

    assert all(f'href="{HELP}{entry.code}/"' in text for entry in catalogue.ENTRIES)
    assert all(f'id="{family}"' in text for family in Family)


@pytest.mark.parametrize("words", ["1006", "w003", "AccessDenied", "another run"])
def test_the_index_is_searched_by_code_or_words(operator: Client, words: str) -> None:
    found = operator.get(HELP, {"q": words}, headers={"HX-Request": "true"}).text

    assert "<html" not in found
    assert found.count("<li>") == 1


def test_what_nothing_is_found_about_leads_to_what_is_known_of_it(operator: Client) -> None:
    assert f'href="{HELP}TeapotException/"' in operator.get(HELP, {"q": "TeapotException"}).text
    found = operator.get(HELP, {"q": "no & such"}, headers={"HX-Request": "true"}).text
    assert "No page is about that" in found
    assert "href" not in found


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("TeapotException", "AWS adds codes without notice"),
        ("guard.office_hours", "somebody added it to the guards of a view"),
        ("security.W004", "one of Django&#x27;s checks"),
    ],
)
def test_a_code_that_nobody_here_knows_has_an_honest_page(operator: Client, code: str, said: str) -> None:
    assert said in operator.get(f"{HELP}{code}/").text


@pytest.mark.parametrize("garbage", ["<script>", "a b", "x" * 65, "Ünknown"])
def test_what_cannot_be_a_code_is_not_found(operator: Client, garbage: str) -> None:
    assert operator.get(f"{HELP}{garbage}/").status_code == 404


def test_the_pages_are_for_whoever_may_sign_in_with_the_ways_that_they_may_go(
    client: Client, staff: Callable[..., Client]
) -> None:
    assert client.get(HELP).headers["Location"] == f"/admin/login/?next={HELP}"

    nobody = staff()
    assert nobody.get(HELP).status_code == 200
    assert "The AWS accounts" not in nobody.get(f"{HELP}ExpiredToken/").text
    User.objects.all().delete()
    assert "The AWS accounts" in staff("view_awsaccount").get(f"{HELP}ExpiredToken/").text


@pytest.fixture
def seen() -> None:
    """Something of each kind that has happened in the last day, and the same long ago."""
    made = gateway()
    now, long_ago = timezone.now(), timezone.now() - timedelta(days=9)
    for at in (long_ago, now):
        run = Run.objects.create(gateway=made, state="failed", error_code="ConflictException", finished_on=at)
        Run.objects.filter(pk=run.pk).update(started_on=at)
    step = {"operation": "Deploy", "description": "Deploy", "started_on": now, "request_ids": "request-1"}
    Step.objects.create(run=run, position=1, error_code="ConflictException", **step)
    Refusal.objects.create(guard="origin", phase="connect", status=403, reason="No.", times=1200)
    broadcast = Broadcast.objects.create(payload="{}")
    told = [("gone", "Closed"), ("gone", "GoneException"), ("failed", "SSLError"), ("cancelled", "")]
    for number, (result, code) in enumerate(told):
        broadcast.recipients.create(connection_id=f"c{number}=", result=result, code=code)
    WebSocketSession.objects.create(connection_id="c9=", connected=False, close_code=1006)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ConflictException", "1 run of the last day ended with it."),
        ("guard.origin", "1,200 events of the last day were refused so."),
        ("403", "1,200 events of the last day were refused so."),
        ("gone", "2 recipients of the last day&#x27;s broadcasts were not reached because of it."),
        ("cancelled", "1 recipient of the last day&#x27;s broadcasts was not reached because of it."),
        ("1006", "1 session of the last day ended with it."),
    ],
)
def test_a_page_says_how_often_it_was_seen_lately_and_where(
    operator: Client, seen: None, code: str, said: str
) -> None:
    operator.get(f"{HELP}{code}/")
    with CaptureQueriesContext(connection) as captured:
        text = operator.get(f"{HELP}{code}/").text

    assert said in text
    assert len(captured) <= 12
    listed = re.search(r'href="([^"]+)">Show them', text)
    assert listed
    response = operator.get(listed[1].replace("&amp;", "&"))
    assert response.status_code == 200
    assert len(response.context["cl"].result_list) == (1 if "," in said else int(said[0]))


def test_a_page_has_the_request_id_that_support_asks_for(operator: Client, seen: None) -> None:
    assert "<code>request-1</code>" in operator.get(f"{HELP}ConflictException/").text


@pytest.mark.parametrize("code", ["ConflictException", "guard.origin", "gone", "1006"])
def test_what_somebody_may_not_see_is_not_counted_for_them(
    staff: Callable[..., Client], seen: None, code: str
) -> None:
    text = staff("view_apigateway").get(f"{HELP}{code}/").text

    assert "Seen here lately" not in text
    assert "request-1" not in text


def test_ctrl_k_finds_pages_by_their_codes(operator: Client, rf: Any) -> None:
    request = rf.get("/", {"s": "1006"})
    request.user = User.objects.get()

    assert [found.link for found in commands.search(request, "1006")] == [f"{HELP}1006/"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AWS refused X: no (AccessDenied, request ID 1-2). Next.", "AccessDenied"),
        ("AWS hat X abgelehnt: nein (TeapotException, Anfrage-ID 1-2).", "TeapotException"),
        ("It paused: AWS took no message (SSLError: certificate). Resume.", "SSLError"),
        ("The last run (Apply) failed.", ""),
        ("A gateway (production, in Dublin).", ""),
        ("No code at all.", ""),
        ("", ""),
        ("gone", "gone"),
        (None, ""),
        (1006, "1006"),
        (exceptions.AwsError("No.", code="Teapot"), "Teapot"),
        (exceptions.AwsError("No.", code="Not a code"), ""),
        (exceptions.PlanChanged("No."), "PlanChanged"),
        (exceptions.Refused("origin", 403, "No."), "guard.origin"),
        (ValueError("No."), ""),
    ],
)
def test_a_failure_has_the_code(text: Any, code: str) -> None:
    assert links.code_of(text) == code


def test_a_failure_is_told_with_a_link_that_names_the_code_and_nothing_in_it_is_markup() -> None:
    problem = exceptions.AwsError("<b> 100%s (Teapot).", code="Teapot")

    assert links.explained(problem) == (
        f'&lt;b&gt; 100%s (Teapot). <a class="font-semibold underline" href="{HELP}Teapot/">'
        "What does “Teapot” mean?</a>"
    )
    assert links.explained(ValueError("<b>")) == "&lt;b&gt;"
    assert links.explained("No.", "BadFile").endswith("What does “BadFile” mean?</a>")


def test_the_documentation_says_the_same_of_each_code() -> None:
    listed = (ROOT.parent / "docs/errors.md").read_text()
    rows = [f"| {', '.join(f'`{code}`' for code in e.codes)} | {e.means} |\n" for e in catalogue.ENTRIES]

    assert [row for row in rows if row not in listed] == []
    assert listed.count("\n| `") == len(rows)


def test_a_command_that_fails_says_the_code_and_where_it_is_explained() -> None:
    made = gateway(api_created=False, api_id="")

    with pytest.raises(CommandError, match=r"\[ConfigurationError: see docs/errors\.md\]$"):
        call_command("ws_rollback", "--pk", str(made.pk), "--to", "abc")
