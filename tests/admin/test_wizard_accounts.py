"""The wizard's choice of an AWS account, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway, AwsAccount, Run
from tests.admin.test_wizard import ANSWERS, PARTS, answer, begin, create, work
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

ROLE = "arn:aws:iam::123456789012:role/gateways"


@pytest.fixture
def live(db: None) -> AwsAccount:
    return AwsAccount.objects.create(
        label="EU live", environment="production", role_arn=ROLE, default_region="us-east-1"
    )


def part(client: Client, name: str, **query: object) -> str:
    return client.get(f"{PARTS}{name}/?{urlencode(query)}").text


def test_accounts_are_offered_with_their_environment(operator: Client, live: AwsAccount) -> None:
    text = operator.get(f"{begin(operator)}account/").text

    assert "EU live · Production" in text
    assert "The credentials that Django has anyway" in text
    assert 'hx-include="#id_account, #id_region"' in text


def test_without_accounts_there_is_nothing_to_choose_and_a_way_to_add_one(
    operator: Client, staff: Callable[..., Client], db: None
) -> None:
    text = operator.get(f"{begin(operator)}account/").text

    assert 'name="account"' not in text
    assert "As this server is set up" in text
    assert "/admin/apigw_ws/awsaccount/add/" in text
    browser = staff("add_apigateway", "deploy_apigateway", "view_apigateway")
    assert "/admin/apigw_ws/awsaccount/add/" not in browser.get(f"{begin(browser)}account/").text


def test_the_caller_is_the_chosen_accounts(operator: Client, live: AwsAccount, aws: Served) -> None:
    text = part(operator, "identity", account=live.pk, region="")

    assert "assumed-role/gateways/apigw-ws" in text
    assert "us-east-1" in text
    assert "eu-west-1" in part(operator, "identity", account=live.pk, region="eu-west-1")
    assert "user/emulator" in part(operator, "identity", account="", region="")


def test_why_an_account_does_not_let_us_in_is_shown(operator: Client, live: AwsAccount, aws: Served) -> None:
    AwsAccount.objects.update(role_arn=f"{ROLE}-typo")

    text = part(operator, "identity", account=live.pk)
    assert "not authorized to perform: sts:AssumeRole" in text
    assert f'href="/admin/apigw_ws/awsaccount/{live.pk}/change/"' in text
    assert "not recorded any more" in part(operator, "identity", account="\n")
    assert "not recorded any more" in part(operator, "identity", account=live.pk + 1)
    assert "not recorded any more" in part(operator, "identity", account="nonsense")


def test_certificates_and_zones_are_those_of_the_account(
    operator: Client, live: AwsAccount, aws: Served
) -> None:
    draft = begin(operator)
    answer(operator, draft, "account", account={"account": str(live.pk), "region": ""})
    answer(operator, draft, "basics", "endpoint", "routes")

    text = operator.get(f"{draft}domain/").text
    assert f'"account": "{live.pk}"' in text
    query = {"domain_name": "ws.example.com", "account": live.pk}
    assert "*.example.com" in part(operator, "certificates", **query)
    AwsAccount.objects.update(role_arn=f"{ROLE}-typo")
    text = part(operator, "certificates", **query)
    assert text.count("not authorized to perform: sts:AssumeRole") == 2
    assert 'name="certificate_arn"' in text


def test_a_gateway_is_made_in_the_account_that_the_review_names(
    operator: Client,
    live: AwsAccount,
    aws: Served,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    draft = begin(operator)
    answer(operator, draft, account={"account": str(live.pk), "region": ""})

    review = operator.get(f"{draft}review/").text
    assert "EU live" in review
    assert "Production" in review
    assert "bg-red-100" in review
    with django_capture_on_commit_callbacks(execute=True):
        create(operator, draft)
    work()

    made = ApiGateway.objects.get()
    assert made.account == live
    assert made.api_created
    assert Run.objects.get().state == Run.State.DONE


def test_the_review_says_when_no_account_is_chosen(operator: Client, aws: Served) -> None:
    draft = begin(operator)
    answer(operator, draft)

    assert "The credentials that Django has anyway" in operator.get(f"{draft}review/").text


def test_the_choice_is_kept_with_the_draft(operator: Client, live: AwsAccount) -> None:
    draft = begin(operator)
    answer(operator, draft, "account", account={"account": str(live.pk), "region": ""})

    assert f'value="{live.pk}" selected' in operator.get(f"{draft}account/").text


def test_an_account_that_is_deleted_meanwhile_is_chosen_again(operator: Client, live: AwsAccount) -> None:
    draft = begin(operator)
    answer(operator, draft, *list(ANSWERS)[:3], account={"account": str(live.pk), "region": ""})
    live.delete()

    response = operator.get(f"{draft}routes/", follow=True)

    assert response.redirect_chain == [(f"{draft}account/", 302)]
    assert "Select a valid choice" in response.text
    assert "Nothing is left of this draft" not in response.text
