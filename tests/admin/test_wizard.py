"""The wizard: from nothing to a gateway in AWS, a step at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws.exceptions import AwsError, OwnershipConflict
from apigw_ws.models import ApiGateway, AuditEvent, Run
from apigw_ws.tasks import apply_gateway
from apigw_ws_admin.screens.wizard import progress
from apigw_ws_admin.screens.wizard.answers import KEPT, KEY
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

Answers = dict[str, str]
WIZARD = "/admin/apigw_ws/apigateway/wizard/"
PARTS = f"{WIZARD}parts/"
TIME = {"routes-0-route_key": "time", "routes-0-integration_url": "https://www.example.com/clock"}
ANSWERS = {
    "account": {"region": "us-east-1"},
    "basics": {"api_name": "chat", "stage_name": "production"},
    "endpoint": {"target_base_endpoint": "https://www.example.com/ws"},
    "routes": {"routes-TOTAL_FORMS": "1", "routes-INITIAL_FORMS": "0", "routes-0-two_way": "on", **TIME},
    "domain": {},
}


@pytest.fixture
def draft(operator: Client) -> str:
    return begin(operator)


def begin(client: Client) -> str:
    """The URL of a new draft, without the step."""
    location = client.get(WIZARD).headers["Location"]
    assert location.endswith("/account/")
    return location.removesuffix("account/")


def answer(client: Client, draft: str, *steps: str, **changes: Answers) -> str:
    """Post the steps, all but the last if none is named; the page that follows."""
    location = ""
    for step in steps or ANSWERS:
        response = client.post(f"{draft}{step}/", changes.get(step, ANSWERS[step]))
        assert response.status_code == 302
        location = response.headers["Location"]
    return location


def seen(client: Client, draft: str) -> str:
    return client.get(f"{draft}review/").text.split('name="seen" value="')[1].split('"')[0]


def create(client: Client, draft: str) -> str:
    """Press “Create gateway”; where it leads."""
    response = client.post(f"{draft}review/", {"seen": seen(client, draft)})
    assert response.status_code == 302
    return response.headers["Location"]


@pytest.fixture
def created(
    operator: Client, draft: str, aws: Served, django_capture_on_commit_callbacks: Callable[..., Any]
) -> str:
    """The progress page of a gateway that waits for the worker."""
    answer(operator, draft)
    with django_capture_on_commit_callbacks(execute=True):
        return create(operator, draft)


def work() -> None:
    """Be the worker."""
    for result in DBTaskResult.objects.filter(status="READY"):
        result.status = "SUCCESSFUL"
        result.save()
        apply_gateway.call(*result.args_kwargs["args"])


def test_from_the_first_step_to_a_gateway_in_aws(operator: Client, draft: str, created: str) -> None:
    waiting = operator.get(created).text
    work()
    live = operator.get(created).text

    made = ApiGateway.objects.get()
    assert str(made.uid) in draft
    assert "manage.py db_worker" in waiting
    assert "Create the route “time”" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert Run.objects.get().state == Run.State.DONE
    assert "The gateway is live." in live
    assert made.client_url in live
    assert "every 1s" not in live
    assert LogEntry.objects.get().object_id == str(made.pk)
    assert AuditEvent.objects.get().ip_address == "127.0.0.1"


def test_the_plan_is_shown_in_words_before_anything_is_saved(
    operator: Client, draft: str, aws: Served
) -> None:
    assert answer(operator, draft) == f"{draft}review/"

    text = operator.get(f"{draft}review/").text

    assert "Create the WebSocket API “chat”." in text
    assert "AWS bills each message" in text
    assert "<dd>us-east-1</dd>" in text
    assert "https://www.example.com/ws/connect" in text
    assert "X-Apigw-Secret" not in text
    assert not ApiGateway.objects.exists()


def test_no_step_can_be_skipped(operator: Client, draft: str) -> None:
    answer(operator, draft, "account")

    for ahead in ("endpoint", "routes", "domain", "review"):
        assert operator.get(f"{draft}{ahead}/").headers["Location"] == f"{draft}basics/"
        assert operator.post(f"{draft}{ahead}/", {}).headers["Location"] == f"{draft}basics/"
    assert operator.get(f"{draft}nowhere/").status_code == 404


def test_back_keeps_what_was_typed(operator: Client, draft: str) -> None:
    answer(operator, draft, "account")
    half = {"api_name": "", "api_description": "Half done", "back": "1"}

    assert answer(operator, draft, "basics", basics=half) == f"{draft}account/"

    assert "Half done" in operator.get(f"{draft}basics/").text


def test_back_keeps_routes_that_were_typed(operator: Client, draft: str) -> None:
    answer(operator, draft, "account", "basics", "endpoint")

    answer(operator, draft, "routes", routes=ANSWERS["routes"] | {"back": "1"})

    assert 'value="https://www.example.com/clock"' in operator.get(f"{draft}routes/").text


def test_the_keyboard_begins_where_something_is_wrong_else_at_the_first_field(
    operator: Client, draft: str
) -> None:
    def focused(step: str) -> list[str]:
        inputs = re.findall(r"<(?:input|select)[^>]*autofocus[^>]*>", operator.get(f"{draft}{step}/").text)
        return [name for each in inputs for name in re.findall(r'name="([^"]+)"', each)]

    answer(operator, draft, "account")
    first = focused("basics")
    answer(operator, draft, "basics", basics={"api_name": "chat", "stage_name": "not a stage"})

    assert (focused("account"), first, focused("basics")) == (["region"], ["api_name"], ["stage_name"])
    answer(operator, draft, "basics", "endpoint")
    assert focused("routes") == ["routes-0-route_key"]


def test_every_step_says_how_far_it_is(operator: Client, draft: str, created: str) -> None:
    text = operator.get(created).text

    assert "Step 1 of 7" in operator.get(f"{begin(operator)}account/").text
    assert "Step 7 of 7" in text
    work()
    assert "Step 7 of 7" in operator.get(created).text
    apply_gateway.call(ApiGateway.objects.get().pk)
    assert "Step 7 of 7" not in operator.get(created).text


def test_a_step_that_was_only_looked_at_does_not_complain(operator: Client, draft: str) -> None:
    answer(operator, draft, "account")
    untouched = {"api_name": "", "api_description": "", "stage_name": "production", "back": "1"}

    answer(operator, draft, "basics", basics=untouched)

    assert "This field is required" not in operator.get(f"{draft}basics/").text


def test_what_is_wrong_is_said_on_its_step(operator: Client, draft: str) -> None:
    answer(operator, draft, "account")
    gateway(api_name="chat")

    assert answer(operator, draft, "basics") == f"{draft}basics/"

    assert "already exists" in operator.get(f"{draft}basics/").text


def test_routes_are_added_without_javascript(operator: Client, draft: str) -> None:
    answer(operator, draft, "account", "basics", "endpoint")

    assert answer(operator, draft, "routes", routes=ANSWERS["routes"] | {"more": "1"}) == f"{draft}routes/"

    text = operator.get(f"{draft}routes/").text
    assert 'value="https://www.example.com/clock"' in text
    assert 'name="routes-1-route_key"' in text
    assert "This field is required" not in text


def test_a_row_that_is_left_empty_is_no_route(operator: Client, draft: str) -> None:
    empty = ANSWERS["routes"] | dict.fromkeys(TIME, "")

    assert answer(operator, draft, routes=empty) == f"{draft}review/"

    assert "Create the route “$default”" in operator.get(f"{draft}review/").text


def test_two_routes_with_one_key_are_refused(operator: Client, draft: str) -> None:
    twice = ANSWERS["routes"] | {name.replace("0", "1"): value for name, value in TIME.items()}
    twice["routes-TOTAL_FORMS"] = "2"
    answer(operator, draft, "account", "basics", "endpoint")

    assert answer(operator, draft, "routes", routes=twice) == f"{draft}routes/"

    assert "Two routes have the key “time”" in operator.get(f"{draft}routes/").text


def test_a_number_of_routes_that_is_none_is_forgiven(operator: Client, draft: str) -> None:
    answer(operator, draft, "account", "basics", "endpoint")

    answer(operator, draft, "routes", routes={"routes-TOTAL_FORMS": "many", "more": "1"})

    assert operator.get(f"{draft}routes/").status_code == 200


def test_a_domain_needs_a_certificate(operator: Client, draft: str) -> None:
    assert answer(operator, draft, domain={"domain_name": "ws.example.com"}) == f"{draft}domain/"

    text = operator.get(f"{draft}domain/").text
    assert "A custom domain needs a certificate" in text
    assert 'value="ws.example.com"' in text


def test_a_certificate_has_to_be_of_the_region_that_was_chosen(operator: Client, draft: str) -> None:
    elsewhere = f"arn:aws:acm:eu-west-1:{'1' * 12}:certificate/a"
    domain = {"domain_name": "ws.example.com", "certificate_arn": elsewhere}

    assert answer(operator, draft, domain=domain) == f"{draft}domain/"

    text = operator.get(f"{draft}domain/").text
    assert "This certificate is in eu-west-1. Choose one of the gateway&#x27;s region, us-east-1." in text


def test_a_certificate_without_a_domain_is_dropped(operator: Client, draft: str, aws: Served) -> None:
    arn = f"arn:aws:acm:us-east-1:{'1' * 12}:certificate/a"

    assert answer(operator, draft, domain={"certificate_arn": arn}) == f"{draft}review/"

    create(operator, draft)
    assert ApiGateway.objects.get().certificate_arn == ""


def test_each_tab_has_a_draft_of_its_own(operator: Client, draft: str) -> None:
    other = begin(operator)
    answer(operator, draft, "account", "basics")
    answer(operator, other, "account", "basics", basics={"api_name": "other", "stage_name": "test"})

    assert 'value="chat"' in operator.get(f"{draft}basics/").text
    assert 'value="other"' in operator.get(f"{other}basics/").text


def test_a_session_keeps_the_drafts_that_were_worked_on_last(operator: Client) -> None:
    drafts = [begin(operator) for _ in range(KEPT + 1)]
    for each in drafts:
        answer(operator, each, "account")

    assert len(operator.session[KEY]) == KEPT
    response = operator.get(f"{drafts[0]}basics/", follow=True)
    assert "Nothing is left of this draft" in response.text


def test_a_draft_becomes_one_gateway_however_often_it_is_sent(
    operator: Client, draft: str, created: str
) -> None:
    assert operator.post(f"{draft}review/", {"seen": "again"}).headers["Location"] == created
    assert operator.get(f"{draft}basics/").headers["Location"] == created
    assert ApiGateway.objects.count() == DBTaskResult.objects.count() == 1


def test_what_another_tab_made_of_the_draft_is_looked_at_first(operator: Client, draft: str) -> None:
    answer(operator, draft)
    shown = seen(operator, draft)
    answer(operator, draft, "endpoint", endpoint={"target_base_endpoint": "https://other.example.com/"})

    response = operator.post(f"{draft}review/", {"seen": shown}, follow=True)

    assert "The draft has changed since this page was shown" in response.text
    assert not ApiGateway.objects.exists()


def test_a_name_that_is_taken_meanwhile_leads_back_to_it(operator: Client, draft: str) -> None:
    answer(operator, draft)
    shown = seen(operator, draft)
    gateway(api_name="chat")

    response = operator.post(f"{draft}review/", {"seen": shown}, follow=True)

    assert "already exists" in response.text
    assert ApiGateway.objects.count() == 1


def test_a_name_that_is_taken_at_the_last_moment_leaves_nothing_behind(
    operator: Client, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apigw_ws.services import drafts

    answer(operator, draft)
    plan = drafts.plan

    def late(given: drafts.Draft) -> Any:
        gateway(api_name="chat")
        return plan(given)

    shown = seen(operator, draft)
    monkeypatch.setattr(drafts, "plan", late)

    response = operator.post(f"{draft}review/", {"seen": shown})

    assert response.headers["Location"] == f"{draft}basics/"
    assert ApiGateway.objects.count() == 1
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("missing", ["add_apigateway", "deploy_apigateway"])
def test_both_permissions_are_needed(staff: Callable[..., Client], missing: str) -> None:
    names = {"add_apigateway", "deploy_apigateway", "view_apigateway"} - {missing}
    client = staff(*names)

    assert client.get(WIZARD).status_code == 403
    assert client.get(f"{WIZARD}{'0' * 8}-0000-4000-8000-{'0' * 12}/account/").status_code == 403
    assert client.get(f"{PARTS}identity/").status_code == 403
    assert "Add with the wizard" not in client.get("/admin/apigw_ws/apigateway/").text


def test_somebody_who_is_signed_out_signs_in_first(draft: str) -> None:
    response = Client().post(f"{draft}account/", ANSWERS["account"])

    assert response.headers["Location"].startswith("/admin/login/?next=")


def test_a_part_that_finds_nobody_signed_in_leads_back_to_the_page(draft: str) -> None:
    page = f"http://testserver{draft}account/"
    response = Client().get(
        f"{PARTS}identity/?region=", headers={"HX-Request": "true", "HX-Current-URL": page}
    )

    assert response.headers["HX-Redirect"] == f"/admin/login/?next={draft}account/"


def test_the_caller_is_shown(operator: Client, aws: Served) -> None:
    text = operator.get(f"{PARTS}identity/?region=eu-west-1").text

    assert "arn:aws:iam::123456789012:user/emulator" in text
    assert "eu-west-1" in text


def test_why_aws_does_not_know_us_is_shown(operator: Client, aws: Served) -> None:
    aws.fault("sts:GetCallerIdentity", "error", status=403, times=None)

    text = operator.get(f"{PARTS}identity/").text

    assert "AWS refused GetCallerIdentity" in text
    assert "Check the region" in text


def test_aws_that_is_down_is_a_sentence_on_every_part(operator: Client, settings: Any, aws: Served) -> None:
    settings.APIGW_WS = {"REGION": "us-east-1", "ENDPOINT_URL": "http://127.0.0.1:1"}

    assert "No answer from AWS" in operator.get(f"{PARTS}identity/").text
    text = operator.get(f"{PARTS}certificates/?domain_name=ws.example.com").text
    assert "No answer from AWS" in text
    assert 'name="certificate_arn"' in text
    assert 'name="hosted_zone_id"' in text


def test_aws_that_is_slow_is_not_waited_for_long(
    operator: Client, aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apigw_ws.services.lookups.TIMEOUT", 0.2)
    aws.fault("sts:GetCallerIdentity", "delay", seconds=1, times=None)

    assert "No answer from AWS" in operator.get(f"{PARTS}identity/").text


def test_a_region_that_is_none_is_a_sentence(operator: Client, aws: Served) -> None:
    assert "Name the region" in operator.get(f"{PARTS}identity/", {"region": "no such/region"}).text


def test_a_domain_of_somebody_else_stops_the_run_with_a_sentence(
    operator: Client, draft: str, aws: Served, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    text = operator.get(f"{PARTS}certificates/?domain_name=theirs.example.com").text
    arn = text.split('name="certificate_arn" value="')[1].split('"')[0]
    configuration = {"CertificateArn": arn, "EndpointType": "REGIONAL"}
    aws.client("apigatewayv2").create_domain_name(
        DomainName="theirs.example.com", DomainNameConfigurations=[configuration]
    )
    answer(operator, draft, domain={"domain_name": "theirs.example.com", "certificate_arn": arn})
    with django_capture_on_commit_callbacks(execute=True):
        progress = create(operator, draft)

    with pytest.raises(OwnershipConflict):
        work()

    assert "exists in AWS but was not made for this gateway" in operator.get(progress).text


def test_the_certificates_that_cover_the_domain_come_first(operator: Client, aws: Served) -> None:
    text = operator.get(f"{PARTS}certificates/?region=us-east-1&domain_name=chat.example.com").text

    fitting, others = text.split("<details>")
    assert "chat.example.com" in fitting
    assert "expires" in fitting
    assert "pending.example.com" in others
    assert "pending validation" in others.replace("_", " ")
    assert "<strong>example.com</strong>" in others


def test_a_domain_that_nothing_covers_says_what_to_do(operator: Client, aws: Served) -> None:
    text = operator.get(f"{PARTS}certificates/?domain_name=ws.example.org").text

    assert "No certificate of this region covers ws.example.org" in text
    assert "I point DNS at the gateway myself" in text


def test_without_a_domain_nothing_is_asked(operator: Client) -> None:
    assert "Enter a domain" in operator.get(f"{PARTS}certificates/").text


def test_the_target_is_checked_on_a_post_only(operator: Client) -> None:
    assert operator.get(f"{PARTS}target/").status_code == 404
    assert operator.post(f"{PARTS}identity/").status_code == 404
    assert "<li" not in operator.post(f"{PARTS}target/").text
    text = operator.post(f"{PARTS}target/", {"target_base_endpoint": "ftp://example.com"}).text
    assert "Enter a URL that begins with http:// or https://." in text


def test_retry_goes_on_from_where_the_run_stopped(operator: Client, created: str, aws: Served) -> None:
    aws.fault("apigateway:CreateStage", "error", status=400)
    with pytest.raises(AwsError):
        work()
    failed = operator.get(created).text

    response = operator.post(created)
    waiting = operator.get(response.headers["Location"]).text
    work()

    assert "The run stopped at the step below" in failed
    assert "AWS refused CreateStage" in failed
    assert "request ID" in failed
    assert response.headers["Location"] == f"{created}?after={Run.objects.earliest('pk').pk}"
    assert "Waiting for the worker" in waiting
    assert "Retry" not in waiting.split('id="progress"')[1].split("Waiting")[0]
    assert "The gateway is live." in operator.get(response.headers["Location"]).text
    assert [step.operation for step in Run.objects.latest("pk").steps.all()] == ["CreateStage", "Deploy"]


def test_retry_while_aws_is_down_is_a_sentence(operator: Client, created: str, settings: Any) -> None:
    settings.APIGW_WS = {"REGION": "us-east-1", "ENDPOINT_URL": "http://127.0.0.1:1"}
    with pytest.raises(AwsError):
        work()

    response = operator.post(created, follow=True)

    assert "No answer from AWS" in response.text
    assert "Retry" in response.text
    assert not DBTaskResult.objects.filter(status="READY").exists()


def test_retry_removes_nothing_that_nobody_has_seen(operator: Client, created: str) -> None:
    work()
    ApiGateway.objects.get().additional_routes.all().delete()

    response = operator.post(created, follow=True)

    assert "The plan removes something by now" in response.text
    assert not DBTaskResult.objects.filter(status="READY").exists()


def test_only_those_who_may_apply_may_retry(staff: Callable[..., Client]) -> None:
    made = gateway()
    Run.objects.create(gateway=made, state="failed", error_text="It broke.", finished_on=made.created_on)
    client = staff("view_apigateway")
    url = f"/admin/apigw_ws/apigateway/{made.pk}/progress/"

    text = client.get(url).text

    assert "It broke." in text
    assert "Retry" not in text.split('id="progress"')[1]
    assert client.post(url).status_code == 403


@pytest.mark.parametrize(("codename", "status"), [("change_apigateway", 200), ("deploy_apigateway", 403)])
def test_who_may_change_a_gateway_sees_its_progress(
    staff: Callable[..., Client], codename: str, status: int
) -> None:
    url = f"/admin/apigw_ws/apigateway/{gateway().pk}/progress/"

    assert staff(codename).get(url).status_code == status


def test_the_gateway_leads_to_its_progress(operator: Client) -> None:
    made = gateway(target_base_endpoint="")

    response = operator.get(f"/admin/apigw_ws/apigateway/{made.pk}/watch/", follow=True)

    assert response.redirect_chain[-1][0] == f"/admin/apigw_ws/apigateway/{made.pk}/progress/"
    assert "No run has begun yet." in response.text
    assert operator.get("/admin/apigw_ws/apigateway/999/progress/").status_code == 404


def test_htmx_gets_the_part_alone(operator: Client) -> None:
    made = gateway()
    Run.objects.create(gateway=made, planned=3)

    text = operator.get(
        f"/admin/apigw_ws/apigateway/{made.pk}/progress/", headers={"HX-Request": "true"}
    ).text

    assert "Step 1 of 3" in text
    assert "<html" not in text
    again = text.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert operator.get(again, headers={"HX-Request": "true"}).status_code == 204
    made.runs.update(planned=4)
    assert "Step 1 of 4" in operator.get(again, headers={"HX-Request": "true"}).text


def test_a_draft_outlives_the_session(operator: Client, draft: str) -> None:
    answer(operator, draft, "account", "basics")
    operator.logout()
    operator.force_login(User.objects.get())

    assert 'value="chat"' in operator.get(f"{draft}basics/").text


def test_a_draft_is_nobody_elses(operator: Client, draft: str, staff: Callable[..., Client]) -> None:
    answer(operator, draft, "account", "basics")
    other = staff("add_apigateway", "deploy_apigateway")

    assert other.get(f"{draft}basics/").headers["Location"] == f"{draft}account/"


def test_the_targets_of_other_gateways_are_offered_to_who_may_see_them(
    operator: Client, draft: str, staff: Callable[..., Client]
) -> None:
    for number in range(2):
        gateway(number, target_base_endpoint="http://127.0.0.1:8000/ws/")
    stranger = staff("add_apigateway", "deploy_apigateway")
    theirs = begin(stranger)
    answer(stranger, theirs, "account", "basics")
    answer(operator, draft, "account", "basics")

    assert operator.get(f"{draft}endpoint/").text.count(">http://127.0.0.1:8000/ws/<") == 1
    assert "http://127.0.0.1:8000/ws/" not in stranger.get(f"{theirs}endpoint/").text


def test_a_gateway_that_was_torn_down_is_not_called_live(operator: Client, db: None) -> None:
    torn_down = gateway()
    Run.objects.create(gateway=torn_down, kind="teardown", state="done", finished_on=timezone.now())

    text = operator.get(f"/admin/apigw_ws/apigateway/{torn_down.pk}/progress/").text

    assert "The gateway is live." not in text


def test_retry_waits_for_aws_that_is_silent_no_longer_than_somebody_would(
    operator: Client, created: str, aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    aws.fault("apigateway:*", "delay", seconds=1, times=None)
    DBTaskResult.objects.update(status="FAILED")

    response = operator.post(created, follow=True)

    assert "AWS has not answered in time" in response.text
    assert DBTaskResult.objects.count() == 1


def test_a_row_that_may_be_left_empty_demands_nothing(operator: Client, draft: str) -> None:
    answer(operator, draft, "account", "basics", "endpoint")
    empty = operator.get(f"{draft}routes/").text
    half = ANSWERS["routes"] | {"routes-0-integration_url": ""}
    answer(operator, draft, "routes", routes=half)

    assert empty.count(">*</span>") < operator.get(f"{draft}routes/").text.count(">*</span>")
