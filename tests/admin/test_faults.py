"""AWS at its worst, on every page of the gateways: a sentence that says what to do, and nothing half done."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, product
from typing import Any

import pytest
from django.contrib import admin
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, AuditEvent, AwsAccount, DeployedSnapshot, Run
from apigw_ws.services import glances, lookups, provisioning, secrets
from apigw_ws_admin.help import catalogue
from apigw_ws_admin.screens import adopting, applying
from apigw_ws_admin.screens.security import ACTS
from tests.admin.faults import BUDGET, FAULTS, PROBLEMS, TOO_SLOW, hotel
from tests.admin.rows import gateway
from tests.admin.test_wizard import answer, begin, seen
from tests.emulator.serving import Served

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

GATEWAYS = "/admin/apigw_ws/apigateway/"
PART = {"HX-Request": "true"}
#: Seconds after which a page is late, on a machine that is busy with other tests.
LATE = 4.0
#: What a page cannot do without: the difference that is taken, the domain that certificates are for.
QUERIES = {"take": "?choice-1=api.description", "certificates": "?region=us-east-1&domain_name=a.example.com"}
#: Pages that ask AWS nothing; they are asked for once, not with every fault.
STILL = re.compile(r"/help/|/wizard/[0-9a-f-]{36}/|/(add|history|delete|watch)/$|/(apigateway|awsaccount)/$")
#: A link to the page about a code.
HELP = re.compile(r'href="/admin/apigw_ws/apigateway/help/([^"/]+)/"')
_numbers = count(1)


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    with hotel() as url:
        yield url


@pytest.fixture(autouse=True)
def hurry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS that is too slow is given up sooner than it would be, as one test asks for many pages."""
    monkeypatch.setattr("apigw_ws.aws.calls.PAUSES", (0,))
    monkeypatch.setattr("apigw_ws.aws.client.random.uniform", lambda least, most: 0)
    if "fault" not in request.fixturenames or request.getfixturevalue("fault") not in TOO_SLOW:
        return
    for module, name in (
        (glances, "BUDGET"),
        (glances, "PATIENCE"),
        (lookups, "TIMEOUT"),
        (applying, "PATIENCE"),
        (adopting, "PATIENCE"),
    ):
        monkeypatch.setattr(module, name, BUDGET)


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway with a custom domain and two deployments, which differs from what is in AWS."""
    certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
    made = gateway(
        api_created=False,
        api_id="",
        api_endpoint="",
        domain_name=f"faults-{next(_numbers)}.example.com",
        certificate_arn=next(
            item["CertificateArn"] for item in certificates if item["DomainName"] == "*.example.com"
        ),
        hosted_zone_id=aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"],
    )
    provisioning.apply(made)
    made.additional_routes.create(name="join", route_key="join", integration_url="https://www.example.com/j")
    provisioning.apply(made)
    ApiGateway.objects.update(api_description="Changed")
    made.refresh_from_db()
    return made


@pytest.fixture
def draft(operator: Client) -> str:
    """The URL of a draft whose steps are all answered."""
    url = begin(operator)
    answer(operator, url)
    return url


@pytest.fixture
def pages(chat: ApiGateway, draft: str) -> list[str]:
    """Every address about gateways and accounts, as URL patterns have them: a new page is here by itself."""
    account = AwsAccount.objects.create(label="Live")
    known = {
        "pk": [chat.pk],
        "api_id": [chat.api_id],
        "draft": [draft.rstrip("/").rpartition("/")[2]],
        "step": ["account", "basics", "endpoint", "routes", "domain", "review"],
        "act": [*ACTS],
        "part": ["identity", "certificates"],
        "deployment_id": [DeployedSnapshot.objects.earliest("pk").deployment_id],
        "frame_id": [1],
        "code": ["1006"],
    }
    patterns = [
        (pattern, known | {"object_id": [pk]})
        for model, pk in ((ApiGateway, chat.pk), (AwsAccount, account.pk))
        for pattern in admin.site.get_model_admin(model).get_urls()
    ]
    found = []
    for pattern, arguments in patterns:
        names = pattern.pattern.converters
        for values in product(*(arguments[name] for name in names)):
            if pattern.name:
                url = reverse(f"admin:{pattern.name}", kwargs=dict(zip(names, values, strict=True)))
                found.append(url + QUERIES.get(url.rstrip("/").rpartition("/")[2], ""))
    return found


def wrong(browser: Client, url: str, secret: str, said: tuple[str, ...], headers: dict[str, str]) -> str:
    """What is wrong with a page; nothing, if all is well."""
    browser.raise_request_exception = False
    started = time.monotonic()
    response = browser.get(url, headers=headers)
    took, text = time.monotonic() - started, response.text
    faults = [
        *([f"answers {response.status_code}"] if response.status_code >= 500 else []),
        *([f"takes {took:.1f} s"] if took > LATE else []),
        *(["shows the secret"] if secret in text else []),
    ]
    if any(problem in text for problem in PROBLEMS):
        faults += [f"does not say “{each}”" for each in said if each not in text]
        helping = HELP.findall(text)
        faults += [] if any(helping) else ["does not say where it is explained"]
        faults += [f"leads to no page about {code}" for code in helping if not catalogue.known(code)]
    return f"{url}: {', '.join(faults)}" if faults else ""


@pytest.mark.parametrize("fault", FAULTS)
def test_every_part_that_asks_aws_comes_in_time_with_a_sentence(
    fault: str, operator: Client, chat: ApiGateway, pages: list[str], aws: Served, settings: Any, proxy: str
) -> None:
    before, (happen, said) = model_to_dict(chat), FAULTS[fault]
    happen(aws, settings, proxy)
    asking = [url for url in pages if not STILL.search(url)]

    found = [wrong(operator, url, secrets.derive(chat), said, PART) for url in asking]

    assert list(filter(None, found)) == []
    assert model_to_dict(ApiGateway.objects.get()) == before


def test_every_page_comes_though_nothing_answers_in_awss_place(
    operator: Client, chat: ApiGateway, pages: list[str], aws: Served, settings: Any, proxy: str
) -> None:
    FAULTS["gone"][0](aws, settings, proxy)

    assert [found for url in pages if (found := wrong(operator, url, secrets.derive(chat), (), {}))] == []


def field(text: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', text)
    assert found
    return found[1] if found[2] is None else found[2]


def apply(browser: Client, chat: ApiGateway) -> Any:
    url = reverse("admin:apigw_ws_apigateway_apply", args=[chat.pk])
    shown = field(browser.get(url, headers=PART).text, "seen")
    return lambda: browser.post(url, {"_form_submitted": "True", "seen": shown})


def sync(browser: Client, chat: ApiGateway) -> Any:
    asked = {"action": "sync_to_aws", "_selected_action": [chat.pk]}
    shown = field(browser.post(GATEWAYS, asked).text, f"seen-{chat.pk}")
    return lambda: browser.post(GATEWAYS, asked | {"confirmed": "yes", f"seen-{chat.pk}": shown})


def roll_back(browser: Client, chat: ApiGateway) -> Any:
    first = DeployedSnapshot.objects.earliest("pk").deployment_id
    url = reverse("admin:apigw_ws_apigateway_rollback", args=[chat.pk, first])
    shown = field(browser.get(url, headers=PART).text, "seen")
    return lambda: browser.post(url, {"seen": shown})


def tear_down(browser: Client, chat: ApiGateway) -> Any:
    url = reverse("admin:apigw_ws_apigateway_teardown", args=[chat.pk])
    shown = field(browser.get(url, headers=PART).text, "seen")
    return lambda: browser.post(url, {"seen": shown, "name": chat.api_name})


def create(browser: Client, chat: ApiGateway) -> Any:
    draft = begin(browser)
    answer(browser, draft)
    shown = seen(browser, draft)
    return lambda: browser.post(f"{draft}review/", {"seen": shown})


def take(browser: Client, chat: ApiGateway) -> Any:
    url = reverse("admin:apigw_ws_apigateway_take", args=[chat.pk]) + "?choice-1=api.description"
    shown = field(browser.get(url, headers=PART).text, "aws")
    return lambda: browser.post(url, {"key": "api.description", "aws": shown})


def sync_from(browser: Client, chat: ApiGateway) -> Any:
    return lambda: browser.post(GATEWAYS, {"action": "sync_from_aws", "_selected_action": [chat.pk]})


def work() -> None:
    """Be the worker, whom a task that fails does not stop."""
    for result in DBTaskResult.objects.filter(status="READY"):
        DBTaskResult.objects.filter(pk=result.pk).update(status="SUCCESSFUL")
        with suppress(ApigwWsError):
            import_string(result.task_path).call(*result.args_kwargs["args"], **result.args_kwargs["kwargs"])


#: What is handed to the worker, and the call of it whose answer is lost.
WORK = {
    apply: "apigateway:UpdateApi",
    sync: "apigateway:UpdateApi",
    roll_back: "apigateway:UpdateStage",
    tear_down: "apigateway:DeleteApi",
    create: "apigateway:CreateStage",
}


@pytest.fixture
def worked(operator: Client, django_capture_on_commit_callbacks: Callable[..., Any]) -> Callable[[Any], Run]:
    """Press a button and let the worker do it; the run."""

    def press(pressed: Any) -> Run:
        with django_capture_on_commit_callbacks(execute=True):
            assert pressed().status_code < 400
        work()
        return Run.objects.latest("pk")

    return press


@pytest.mark.parametrize(
    ("press", "fault"),
    [
        *product(WORK, ("denied", "throttled", "proxy")),
        *((press, "lost") for press in (apply, tear_down, create)),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_what_fails_is_a_failed_run_with_the_reason_and_a_retry_finishes_it(
    fault: str,
    press: Callable[..., Any],
    operator: Client,
    chat: ApiGateway,
    worked: Callable[[Any], Run],
    aws: Served,
    settings: Any,
    proxy: str,
) -> None:
    pressed, well, runs = press(operator, chat), settings.APIGW_WS, Run.objects.count()
    if fault == "lost":
        aws.fault(WORK[press], "reset", when="after", times=None)
    else:
        FAULTS[fault][0](aws, settings, proxy)

    failed = worked(pressed)

    assert Run.objects.count() == runs + 1
    assert (failed.state, failed.finished_on is not None) == (Run.State.FAILED, True)
    assert any(problem in failed.error_text for problem in PROBLEMS)
    event = AuditEvent.objects.latest("pk")
    assert (event.result, event.error_text) == ("failed", failed.error_text)
    assert failed.error_text.partition("(")[0] in html.unescape(told_of(operator, failed))
    assert failed.error_code in HELP.findall(told_of(operator, failed))

    settings.APIGW_WS = well
    assert aws.emulator is not None
    aws.emulator.faults.clear()
    again = failed.gateway
    retried = worked(apply(operator, again) if press is create else press(operator, again))

    assert retried.state == Run.State.DONE
    again.refresh_from_db()
    assert again.api_created is (press is not tear_down)
    if press is not roll_back:
        assert provisioning.preview(again).operations == () or press is tear_down


def test_a_rollback_whose_answer_is_lost_is_on_record_all_the_same(
    operator: Client, chat: ApiGateway, worked: Callable[[Any], Run], aws: Served
) -> None:
    pressed = roll_back(operator, chat)
    aws.fault(WORK[roll_back], "reset", when="after", times=None)

    failed = worked(pressed)

    chat.refresh_from_db()
    assert failed.state == Run.State.FAILED
    assert chat.deployment_id == DeployedSnapshot.objects.earliest("pk").deployment_id


def told_of(browser: Client, run: Run) -> str:
    """What the gateway's panel says when the run is over."""
    return browser.get(reverse("admin:apigw_ws_apigateway_deployment", args=[run.gateway_id])).text


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("press", [take, sync_from], ids=lambda press: press.__name__)
def test_what_is_not_read_is_not_written_on_the_record(
    fault: str,
    press: Callable[..., Any],
    operator: Client,
    chat: ApiGateway,
    aws: Served,
    settings: Any,
    proxy: str,
) -> None:
    before, pressed, (happen, said) = model_to_dict(chat), press(operator, chat), FAULTS[fault]
    happen(aws, settings, proxy)

    response = pressed()

    told = html.unescape(operator.get(response.headers["Location"]).text)
    if fault != "slow":
        assert all(each in told for each in said)
        assert all(map(catalogue.known, HELP.findall(told)))
        assert HELP.search(told)
        assert model_to_dict(ApiGateway.objects.get()) == before
