"""What a save or a deletion in the console leaves in the audit trail."""

from __future__ import annotations

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway, AuditEvent, AwsAccount, ChannelPermission
from tests.admin.rows import gateway
from tests.admin.test_routes import page, route, rows
from tests.admin.test_settings import PAGE, fields

pytestmark = pytest.mark.django_db

ACCOUNTS = "/admin/apigw_ws/awsaccount/"
CHANNELS = "/admin/apigw_ws/channelpermission/"


@pytest.fixture
def made(db: None) -> ApiGateway:
    made = gateway(push_mode="manual")
    for key in ("first", "second"):
        made.additional_routes.create(name=key, route_key=key, integration_url=f"https://example.com/{key}")
    return made


def test_changed_settings_are_told_before_and_after(operator: Client, made: ApiGateway) -> None:
    sent = fields(operator.get(PAGE.format(made.pk)).text)
    sent |= {"additional_routes-TOTAL_FORMS": "0", "additional_routes-INITIAL_FORMS": "0"}
    operator.post(PAGE.format(made.pk), sent | {"api_description": "New."}, REMOTE_ADDR="192.0.2.7")

    event = AuditEvent.objects.get()
    assert (event.verb, event.gateway, event.who) == ("change", made, "operator")
    assert event.ip_address == "192.0.2.7"
    assert event.before["api_description"] == ""
    assert event.after["api_description"] == "New."


def test_routes_are_told_by_their_keys(operator: Client, made: ApiGateway) -> None:
    operator.post(page(made), rows(made, route("third"), first__enabled="", second__DELETE="on"))

    event = AuditEvent.objects.get()
    assert event.before["route first"] == {"enabled": True}
    assert event.after["route first"] == {"enabled": False}
    assert event.before["route second"]["integration_url"] == "https://example.com/second"
    assert "route second" not in event.after
    assert event.after["route third"]["route_key"] == "third"
    assert "route third" not in event.before


def test_a_save_that_changes_nothing_leaves_no_trace(operator: Client, made: ApiGateway) -> None:
    assert operator.post(page(made), rows(made)).status_code == 302

    assert not AuditEvent.objects.exists()


def test_an_account_is_told_from_its_beginning_to_its_end(operator: Client) -> None:
    operator.post(f"{ACCOUNTS}add/", {"label": "EU live", "environment": "production"})
    account = AwsAccount.objects.get()
    operator.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"})

    gone, added = AuditEvent.objects.all()
    assert (added.verb, gone.verb) == ("add", "delete")
    assert added.object_text == gone.object_text == "AWS account EU live"
    assert added.before is None
    assert added.after["label"] == "EU live"


def test_rules_of_channels_are_told_and_each_that_is_deleted_from_the_list(operator: Client) -> None:
    rules = {"rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0"}
    sent = rules | {"channel_name": "ops", "access": "staff"}
    response = operator.post(f"{CHANNELS}add/", sent)
    assert response.status_code == 302
    (ops,) = ChannelPermission.objects.all()
    selected = {"action": "delete_selected", "_selected_action": [ops.pk], "post": "yes"}
    operator.post(CHANNELS, selected)

    assert [event.verb for event in AuditEvent.objects.all()] == ["delete", "add"]
    assert AuditEvent.objects.first().after is None
    assert AuditEvent.objects.last().after["access"] == "staff"
