"""AWS accounts in the console."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import AuditEvent, AwsAccount
from tests.admin.reading import words
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/awsaccount/"
ADD = f"{LIST}add/"
ROLE = "arn:aws:iam::123456789012:role/gateways"
FORM = {"label": "EU live", "environment": "production", "default_region": "us-east-1"}


def account(**fields: object) -> AwsAccount:
    return AwsAccount.objects.create(**{"label": "EU live", "environment": "production"} | fields)


def page(account: AwsAccount, name: str = "change") -> str:
    return f"{LIST}{account.pk}/{name}/"


def test_an_account_is_recorded_and_then_checked(operator: Client, aws: Served) -> None:
    response = operator.post(ADD, FORM | {"role_arn": ROLE}, follow=True)

    made = AwsAccount.objects.get()
    assert response.redirect_chain == [(page(made), 302)]
    assert f'hx-get="{page(made, "check")}" hx-trigger="load"' in response.text
    text = operator.get(page(made, "check")).text
    assert "We get into AWS account 123456789012, region us-east-1, as arn:aws:sts::…assumed-role" in words(
        text
    )
    assert 'title="arn:aws:sts::123456789012:assumed-role/gateways/apigw-ws"' in text
    assert f"Asked at {aws.url}" in text
    made.refresh_from_db()
    assert made.account_id == "123456789012"
    assert made.seen_on is not None
    assert LogEntry.objects.count() == 1
    assert AuditEvent.objects.get().verb == "add"


def test_the_list_tells_the_accounts_apart(operator: Client, aws: Served) -> None:
    live = account(default_region="eu-central-1", account_id="123456789012")
    account(label="Play", environment="development")
    for number in range(3):
        gateway(number, account=live)

    text = operator.get(LIST).text

    for shown in ("EU live", "Production", "eu-central-1", "123456789012", "Play", "Development"):
        assert shown in text
    link = f"/admin/apigw_ws/apigateway/?account__id__exact={live.pk}"
    assert f'href="{link}">3</a>' in text
    gateway(4)
    assert "gateway-0" in (theirs := operator.get(link).text)
    assert "gateway-4" not in theirs
    assert "Play" not in operator.get(f"{LIST}?q=EU").text


def test_a_wrong_role_is_the_exact_reason_and_what_to_do(operator: Client, aws: Served) -> None:
    wrong = account(role_arn=f"{ROLE}-of-others", external_id="between-us")

    response = operator.get(page(wrong, "check"))

    assert response.status_code == 200
    assert "is not authorized to perform: sts:AssumeRole" in response.text
    assert "role ARN and external ID" in response.text
    assert "Check again" in response.text
    assert "arn:aws:iam::123456789012:root" in response.text
    assert "&quot;sts:ExternalId&quot;: &quot;between-us&quot;" in response.text
    wrong.refresh_from_db()
    assert not wrong.account_id


def test_a_role_is_refused_without_advice_where_aws_does_not_tell_who_asks(
    operator: Client, aws: Served
) -> None:
    wrong = account(role_arn=f"{ROLE}-of-others")
    aws.fault("sts:GetCallerIdentity", "error", times=None)

    text = operator.get(page(wrong, "check")).text

    assert "is not authorized to perform: sts:AssumeRole" in text
    assert ":root" not in text


def test_aws_that_is_gone_leaves_what_was_known(operator: Client, aws: Served) -> None:
    seen = account(account_id="111122223333", seen_on=timezone.now() - timedelta(days=3))
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="sts:*", effect="error", status=503, times=None))

    response = operator.get(page(seen, "check"))

    assert response.status_code == 200
    assert "We got into AWS account 111122223333 3 days ago" in words(response.text)
    assert "sts:ExternalId" not in response.text
    assert operator.get(page(seen)).status_code == 200
    seen.refresh_from_db()
    assert seen.account_id == "111122223333"


def test_another_account_behind_the_same_record_is_told(operator: Client, aws: Served) -> None:
    moved = account(account_id="111122223333", role_arn=ROLE)

    assert "It was AWS account 111122223333 before." in operator.get(page(moved, "check")).text
    assert "It was AWS account" not in operator.get(page(moved, "check")).text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"role_arn": "gateways"}, "Enter the ARN of a role"),
        ({"role_arn": "arn:aws:iam::123:role/gateways"}, "Enter the ARN of a role"),
        ({"external_id": "between-us"}, "enter its ARN"),
        ({"role_arn": ROLE, "external_id": "ä b"}, "2 to 1224 letters"),
        ({"default_region": "Frankfurt"}, "such as eu-central-1"),
        ({"endpoint_url": "127.0.0.1:8790"}, "begins with http"),
        ({"label": ""}, "This field is required"),
        ({"environment": "playground"}, "Select a valid choice"),
    ],
)
def test_what_aws_would_not_take_is_told_at_the_field(
    operator: Client, fields: dict[str, str], says: str
) -> None:
    response = operator.post(ADD, FORM | fields)

    assert response.status_code == 200
    assert says in response.text
    assert not AwsAccount.objects.exists()


def test_a_region_that_is_not_in_the_list_stays(operator: Client) -> None:
    new = account(default_region="zz-north-9")

    assert 'value="zz-north-9" selected' in operator.get(page(new)).text


def test_an_account_that_gateways_use_is_not_deleted(operator: Client, aws: Served) -> None:
    used = account()
    gateway(account=used)

    for response in (
        operator.get(page(used, "delete")),
        operator.post(page(used, "delete"), {"post": "yes"}),
    ):
        assert response.status_code == 200
        assert "Gateways use this account." in response.text
        assert "gateway-0" in response.text
    chosen = {"action": "delete_selected", "_selected_action": used.pk, "post": "yes"}
    assert operator.post(LIST, chosen).status_code == 200
    assert AwsAccount.objects.exists()


def test_an_account_that_nobody_uses_is_deleted(operator: Client) -> None:
    unused = account()

    assert "Gateways use this account" not in operator.get(page(unused, "delete")).text
    operator.post(page(unused, "delete"), {"post": "yes"})

    assert not AwsAccount.objects.exists()


def test_an_account_added_in_a_popup_or_before_another_goes_where_it_should(operator: Client) -> None:
    assert "Popup closing" in operator.post(f"{ADD}?_popup=1", FORM | {"_popup": "1"}).text
    other = FORM | {"label": "Play", "_addanother": "1"}
    assert operator.post(ADD, other).headers["Location"] == ADD


def test_a_change_is_checked_as_well(operator: Client) -> None:
    made = account()

    response = operator.post(page(made), FORM | {"role_arn": ROLE})

    assert response.headers["Location"] == page(made)


def test_who_may_only_add_is_not_led_to_what_they_may_not_see(staff: Callable[..., Client]) -> None:
    response = staff("add_awsaccount").post(ADD, FORM)

    assert response.headers["Location"] == "/admin/"


def test_who_may_look_sees_the_check_and_changes_nothing(staff: Callable[..., Client], aws: Served) -> None:
    browser, live = staff("view_awsaccount"), account(role_arn=ROLE)

    assert "us-east-1" in browser.get(page(live, "check")).text
    text = browser.get(page(live)).text
    assert 'name="_save"' not in text
    assert browser.post(page(live), FORM).status_code == 403
    assert browser.get(LIST).status_code == 200
    assert "AWS accounts" in browser.get("/admin/").text


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client]
) -> None:
    secret = account()
    browser = staff("view_apigateway")
    for url in (LIST, page(secret), page(secret, "check")):
        assert client.get(url).status_code == 302
        assert browser.get(url).status_code == 403
    assert LIST not in browser.get("/admin/").text


def test_an_account_that_is_gone_is_not_found(operator: Client) -> None:
    assert operator.get(f"{LIST}7/check/").status_code == 404


@pytest.mark.parametrize(("where", "headers"), [("change/", {}), ("apply/", {"HX-Request": "true"})])
def test_gateways_are_shown_with_their_environment(
    operator: Client, aws: Served, where: str, headers: dict[str, str]
) -> None:
    addresses = [
        f"/admin/apigw_ws/apigateway/{each.pk}/{where}" for each in (gateway(account=account()), gateway(1))
    ]

    pages = [operator.get(address, headers=headers).text for address in addresses]

    assert ["Production" in text for text in pages] == [True, False]


def test_what_is_applied_to_many_is_shown_with_the_environment(operator: Client, aws: Served) -> None:
    made = gateway(account=account())
    chosen = {"action": "sync_to_aws", "_selected_action": made.pk}

    text = operator.post("/admin/apigw_ws/apigateway/", chosen).text

    assert "EU live" in text
    assert "Production" in text
