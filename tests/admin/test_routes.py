"""Routes in the console: their rows, what a save of them would do, and how they stand afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute, Run
from apigw_ws.services import provisioning, runs
from apigw_ws.tasks import apply_gateway
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db(transaction=True)

GATEWAY = "/admin/apigw_ws/apigateway/{}/"
BASE = "https://example.com/"
FIELDS = ("name", "route_key", "integration_url", "two_way", "enabled")


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway that is live with two routes."""
    made = gateway(api_created=False, api_id="", api_endpoint="")
    for key in ("first", "second"):
        made.additional_routes.create(name=key, route_key=key, integration_url=f"{BASE}{key}")
    provisioning.apply(made)
    return made


def page(made: ApiGateway, end: str = "routes/") -> str:
    return GATEWAY.format(made.pk) + end


def rows(made: ApiGateway, *new: dict[str, str], **changed: str) -> dict[str, str]:
    """What the page posts: the routes as they are, new ones, and some changed, as ``first__name="x"``."""
    routes = list(made.additional_routes.all())
    fields = {"TOTAL_FORMS": str(len(routes) + len(new)), "INITIAL_FORMS": str(len(routes))}
    for number, route in enumerate(routes):
        fields[f"{number}-id"] = str(route.pk)
        values = {name: getattr(route, name) for name in FIELDS}
        values |= {
            name.partition("__")[2]: value
            for name, value in changed.items()
            if name.partition("__")[0] == route.route_key
        }
        fields |= {
            f"{number}-{name}": "on" if value is True else value for name, value in values.items() if value
        }
    for number, values in enumerate(new, len(routes)):
        fields |= {f"{number}-{name}": value for name, value in values.items()}
    return {f"additional_routes-{name}": value for name, value in fields.items()}


def route(key: str) -> dict[str, str]:
    return {"route_key": key, "integration_url": f"{BASE}{key}", "two_way": "on", "enabled": "on"}


def summary(browser: Client, made: ApiGateway, fields: dict[str, str]) -> str:
    text = browser.post(page(made, "routes/summary/"), fields).text
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def chips(text: str) -> list[str]:
    return re.findall(r'class="route-chip" data-state="(\w+)"', text)


def test_the_page_shows_the_routes_of_the_gateway_and_its_own(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(page(chat)).text

    assert chips(text) == ["in_sync"] * 5
    assert "https://www.example.com/ws/connect" in text
    assert f'value="{BASE}first"' in text
    assert "5 of 300 routes" in text
    assert re.search(r'href="[^"]*/routes/" class="active" aria-current="page"', text)
    assert "activeTab ==" not in text


def test_the_gateways_form_has_the_same_rows(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(page(chat, "change/")).text

    assert chips(text) == ["in_sync"] * 5
    assert f'hx-get="{page(chat, "routes/states/")}" hx-trigger="load"' in text
    assert f'hx-post="{page(chat, "routes/summary/")}"' in text
    assert 'hx-post="' not in operator.get("/admin/apigw_ws/apigateway/add/").text


def test_the_page_comes_before_aws_is_asked(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    assert operator.get(page(nowhere)).status_code == 200
    text = operator.get(page(nowhere, "routes/states/")).text
    assert "No answer from AWS" in text
    assert "Whether somebody has changed routes in AWS is not known." in text
    assert chips(text) == ["pending"] * 3


def test_a_gateway_without_a_target_still_has_its_page(operator: Client, aws: Served) -> None:
    incomplete = gateway(target_base_endpoint="")
    incomplete.additional_routes.create(name="a", route_key="a", integration_url=f"{BASE}a")

    assert operator.get(page(incomplete)).status_code == 200
    assert "has no target base URL" in operator.get(page(incomplete, "routes/states/")).text
    fields = rows(incomplete, a__integration_url=f"{BASE}b")
    assert "1 URL changed: The gateway" in summary(operator, incomplete, fields)


def test_a_save_is_one_run_and_one_deployment_and_stays_on_the_page(
    operator: Client, chat: ApiGateway
) -> None:
    ApiGateway.objects.update(push_mode="auto")
    Run.objects.all().delete()
    fields = rows(chat, route("third"), first__integration_url=f"{BASE}moved", second__DELETE="on")

    response = operator.post(page(chat), fields | {"leaving": "second"})

    assert (response.status_code, response.headers["Location"]) == (302, page(chat))
    (task,) = DBTaskResult.objects.all()
    text = operator.get(page(chat, "routes/states/")).text
    assert "Saved here; it waits for the worker." in text
    assert "No worker seems to run" not in text
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(seconds=11))
    assert "No worker seems to run" in operator.get(page(chat, "routes/states/")).text
    apply_gateway.call(*task.args_kwargs["args"])
    assert list(Run.objects.get().steps.values_list("operation", flat=True)).count("Deploy") == 1
    assert chips(operator.get(page(chat)).text) == ["in_sync"] * 5
    assert ApiGatewayAdditionalRoute.objects.get(route_key="third").name == "third"


def test_the_gateways_own_fields_stay_as_they_are(operator: Client, chat: ApiGateway) -> None:
    """Even those that no form would take any more."""
    ApiGateway.objects.update(disable_execute_api_endpoint=True, push_mode="manual")
    before = ApiGateway.objects.get()

    assert operator.post(page(chat), rows(chat, first__name="renamed")).status_code == 302

    after = ApiGateway.objects.get()
    assert after.updated_on > before.updated_on
    assert after.disable_execute_api_endpoint
    assert chat.additional_routes.filter(name="renamed").count() == 1


def test_more_rows_than_django_would_read_are_said_before_they_are_typed(
    operator: Client, chat: ApiGateway, settings: Any
) -> None:
    assert "So many routes cannot be saved" not in operator.get(page(chat)).text
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 90
    assert "So many routes cannot be saved" in operator.get(page(chat)).text
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = None
    assert "So many routes cannot be saved" not in operator.get(page(chat)).text


def test_what_is_wrong_stands_on_its_row(operator: Client, chat: ApiGateway) -> None:
    fields = rows(chat, route("$bad"), first__integration_url="nonsense", second__integration_timeout="7")

    text = operator.post(page(chat), fields).text

    assert text.count('aria-invalid="true"') == 3
    assert "Enter a URL that begins with http:// or https://." in text
    assert "greater than or equal to 50" in text
    assert "does not begin with “$”" in text


@pytest.mark.parametrize("key", ["second", "$default"])
def test_a_key_that_is_taken_is_said(operator: Client, chat: ApiGateway, key: str) -> None:
    response = operator.post(page(chat), rows(chat, first__route_key=key))

    assert response.status_code == 200
    assert ApiGatewayAdditionalRoute.objects.filter(route_key="first").exists()


def test_a_key_can_be_given_anew_but_not_swapped(operator: Client, chat: ApiGateway) -> None:
    """The database would refuse the first of two rows that swap their keys."""
    swapped = rows(chat, first__route_key="second", second__route_key="first")
    moved = rows(chat, first__route_key="second", second__DELETE="on")
    anew = rows(chat, route("second"), second__DELETE="on")

    assert operator.post(page(chat), swapped).text.count("A saved route has this key.") == 2
    assert operator.post(page(chat), moved).text.count("A saved route has this key.") == 1
    assert operator.post(page(chat), anew).status_code == 302
    assert chat.additional_routes.get(route_key="second").route_id == ""


def test_a_key_that_somebody_has_added_meanwhile_is_said(operator: Client, chat: ApiGateway) -> None:
    fields = rows(chat, route("third"))
    chat.additional_routes.create(name="third", route_key="third", integration_url=BASE)

    assert "A saved route has this key." in operator.post(page(chat), fields).text


def test_a_route_that_somebody_has_deleted_meanwhile_is_said(operator: Client, chat: ApiGateway) -> None:
    fields = rows(chat, first__integration_url=f"{BASE}moved")
    chat.additional_routes.get(route_key="first").delete()

    assert "Somebody has deleted this route meanwhile." in operator.post(page(chat), fields).text
    assert operator.post(page(chat), fields | {"additional_routes-0-DELETE": "on"}).status_code == 302


def test_what_leaves_aws_at_once_has_to_be_confirmed(operator: Client, chat: ApiGateway) -> None:
    ApiGateway.objects.update(push_mode="auto")
    fields = rows(chat, first__enabled="", second__DELETE="on")

    text = operator.post(page(chat), fields).text

    assert "Saving takes routes out of AWS at once: first, second." in text
    assert re.search(r'-DELETE" checked', text)
    assert chat.additional_routes.count() == 2
    assert operator.post(page(chat), fields | {"leaving": "second"}).status_code == 200
    assert operator.post(page(chat), fields | {"leaving": "first second"}).status_code == 302
    assert chat.additional_routes.get().enabled is False


@pytest.mark.parametrize("mode", ["plan", "manual"])
def test_what_does_not_leave_at_once_needs_no_confirmation(
    operator: Client, chat: ApiGateway, mode: str
) -> None:
    ApiGateway.objects.update(push_mode=mode)

    assert operator.post(page(chat), rows(chat, second__DELETE="on")).status_code == 302


def test_a_route_that_never_was_in_aws_leaves_without_a_word(operator: Client, chat: ApiGateway) -> None:
    ApiGateway.objects.update(push_mode="auto")
    chat.additional_routes.create(name="new", route_key="new", integration_url=f"{BASE}new")

    assert operator.post(page(chat), rows(chat, new__DELETE="on")).status_code == 302


def test_the_summary_counts_what_a_save_would_change(operator: Client, chat: ApiGateway) -> None:
    ApiGateway.objects.update(push_mode="auto")
    fields = rows(
        chat,
        route("third"),
        route("fourth"),
        first__integration_url=f"{BASE}moved",
        second__DELETE="on",
    )

    said = summary(operator, chat, fields)

    assert said == (
        "2 added, 1 URL changed, 1 removed: 1 deployment, applied at once. "
        "Take these routes out of AWS: second"
    )
    assert chat.additional_routes.count() == 2
    assert "checked" in operator.post(page(chat, "routes/summary/"), fields | {"leaving": "second"}).text


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("auto", "1 deployment, applied at once."),
        ("plan", "1 deployment, after the plan is shown for review."),
        ("manual", "nothing is sent to AWS until you apply it."),
    ],
)
def test_the_summary_says_how_it_gets_to_aws(
    operator: Client, chat: ApiGateway, mode: str, outcome: str
) -> None:
    ApiGateway.objects.update(push_mode=mode)

    assert summary(operator, chat, rows(chat, first__two_way="")) == f"1 two-way switch changed: {outcome}"


def test_the_summary_of_a_person_who_may_not_apply_says_so(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_apigateway", "change_apigateway")

    said = summary(browser, chat, rows(chat, first__integration_timeout="5000"))

    assert said == "1 timeout changed: 1 deployment, once somebody who may apply it does so."


def test_the_summary_knows_what_needs_no_deployment(operator: Client, chat: ApiGateway) -> None:
    assert summary(operator, chat, rows(chat)) == ""
    fields = rows(chat, first__name="another", second__route_key="renamed")
    assert summary(operator, chat, rows(chat, first__name="another")) == (
        "1 name changed: no deployment is needed."
    )
    assert summary(operator, chat, fields).startswith("1 key changed, 1 name changed: 1 deployment")


def test_the_summary_counts_switches_and_unfinished_rows(operator: Client, chat: ApiGateway) -> None:
    chat.additional_routes.filter(route_key="first").update(enabled=False)
    fields = rows(chat, {"route_key": "half"}, first__enabled="on", second__enabled="")

    said = summary(operator, chat, fields)

    assert said == "1 added, 1 switched on, 1 switched off. 1 row is not complete yet."


def test_the_summary_of_the_whole_form_counts_settings_too(operator: Client, chat: ApiGateway) -> None:
    form = operator.get(page(chat, "change/")).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: str(value) for name, value in fields.items() if value not in {None, False}}
    fields |= {f"initial-{name}": fields[name] for name in ("stage_variables", "tags")}

    said = summary(operator, chat, fields | rows(chat) | {"integration_timeout": "5000"})

    assert said == "1 setting changed: 1 deployment, after the plan is shown for review."


def test_the_summary_only_answers_a_post_of_those_who_may_change(
    staff: Callable[..., Client], operator: Client, chat: ApiGateway
) -> None:
    assert operator.get(page(chat, "routes/summary/")).status_code == 405
    assert staff("view_apigateway").post(page(chat, "routes/summary/"), rows(chat)).status_code == 403


def test_who_may_only_look_sees_the_routes_and_changes_none(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_apigateway")

    text = browser.get(page(chat)).text

    assert f"{BASE}first" in text
    assert chips(text) == ["in_sync"] * 5
    assert 'name="additional_routes-0-route_key"' not in text
    assert "Add another route" not in text
    assert "Save" not in re.sub(r"\s+", " ", text).replace("Not saved", "")
    assert chips(browser.get(page(chat, "routes/states/")).text) == ["in_sync"] * 5
    assert browser.post(page(chat), rows(chat, first__DELETE="on")).status_code == 403


def test_who_may_not_look_gets_nothing(staff: Callable[..., Client], chat: ApiGateway) -> None:
    browser = staff()

    for end in ("routes/", "routes/states/"):
        assert browser.get(page(chat, end)).status_code == 403
        assert browser.get(GATEWAY.format(99) + end).status_code == 403


def test_a_gateway_that_is_not_there_is_not_found(operator: Client) -> None:
    assert operator.get(GATEWAY.format(99) + "routes/states/").status_code == 404
    assert operator.get(GATEWAY.format(99) + "routes/").status_code == 404


def test_the_chips_follow_a_run_and_then_rest(operator: Client, chat: ApiGateway) -> None:
    states = page(chat, "routes/states/")
    chat.additional_routes.update(integration_url=f"{BASE}moved")
    with runs.running(chat, User.objects.get()):
        text = operator.get(states).text
        seen = re.search(r"seen=(\w+)", text)
        assert seen
        assert "Apply, by operator: 0 of 0 operations done." in text
        assert chips(text).count("applying") == 2
        assert operator.get(states, {"seen": seen[1]}).status_code == 204

    text = operator.get(states, {"seen": seen[1]}).text
    assert chips(text).count("pending") == 2
    assert "every 2s" not in text
    assert "Not in sync: 2 pending." in text


def test_a_deleted_route_is_shown_as_long_as_it_is_live(operator: Client, chat: ApiGateway) -> None:
    chat.additional_routes.get(route_key="second").delete()

    for end in ("routes/", "change/", "routes/states/"):
        assert "Deleted, but still live." in operator.get(page(chat, end)).text
    provisioning.apply(chat)
    assert "second" not in operator.get(page(chat, "routes/states/")).text


def test_a_route_that_failed_says_why_and_offers_to_apply_again(
    aws: Served, operator: Client, chat: ApiGateway
) -> None:
    chat.additional_routes.filter(route_key="first").update(integration_url=f"{BASE}moved")
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:UpdateIntegration", effect="error", status=400))
    with pytest.raises(Exception, match="AWS refused"):
        provisioning.apply(chat)

    text = operator.get(page(chat, "routes/states/")).text

    assert chips(text).count("failed") == 1
    assert "AWS refused UpdateIntegration" in text
    assert "request ID" in text
    assert "Not in sync: 1 failed. The last run failed: AWS refused" in text
    assert f'hx-get="{page(chat, "apply/")}"' in text


def test_what_somebody_changed_in_aws_is_shown_with_a_look(
    aws: Served, operator: Client, chat: ApiGateway
) -> None:
    api, found = aws.client("apigatewayv2"), ApiGatewayAdditionalRoute.objects.get(route_key="first")
    api.update_integration(ApiId=chat.api_id, IntegrationId=found.integration_id, TimeoutInMillis=777)

    text = operator.get(page(chat, "routes/states/")).text

    assert "Changed in AWS: timeout." in text
    assert chips(operator.get(page(chat)).text).count("drift") == 1  # as it was last seen


def test_applying_from_the_routes_leads_back_to_them(operator: Client, chat: ApiGateway) -> None:
    chat.additional_routes.update(integration_url=f"{BASE}moved")
    seen = provisioning.preview(chat).digest
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page(chat)}"}

    response = operator.post(page(chat, "apply/"), {"_form_submitted": "True", "seen": seen}, headers=headers)

    assert response.headers["HX-Redirect"] == page(chat)


@pytest.mark.parametrize("end", ["routes/", "routes/states/"])
def test_the_queries_do_not_grow_with_the_routes(operator: Client, end: str) -> None:
    made = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    def queries(number: int) -> int:
        ApiGatewayAdditionalRoute.objects.all().delete()
        ApiGatewayAdditionalRoute.objects.bulk_create(
            ApiGatewayAdditionalRoute(
                api_gateway=made, name=f"r{n}", route_key=f"r{n}", integration_url=f"{BASE}{n}"
            )
            for n in range(number)
        )
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(page(made, end)).status_code == 200
        return len(captured)

    queries(1)  # the caches of the process
    assert queries(1) == queries(50) == queries(300)


def test_the_summary_of_many_routes_asks_as_often_as_that_of_one(operator: Client, chat: ApiGateway) -> None:
    def queries() -> int:
        fields = rows(chat, first__integration_url=f"{BASE}moved")
        with CaptureQueriesContext(connection) as captured:
            summary(operator, chat, fields)
        return len(captured)

    few = queries()
    for number in range(20):
        chat.additional_routes.create(name="r", route_key=f"r{number}", integration_url=f"{BASE}{number}")
    assert queries() == few
