"""Files of records: out of one installation, into another."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
import yaml
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished
from django.db import DatabaseError, connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import (
    ApiGateway,
    AuditEvent,
    AwsAccount,
    Ban,
    BroadcastTemplate,
    ChannelPermission,
    Refusal,
    WebSocketSession,
)
from apigw_ws.services import provisioning, specs
from apigw_ws_admin.resources import formats
from apigw_ws_admin.resources.gateways import GatewayTransfer
from tests.admin import rows

if TYPE_CHECKING:
    from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

ADMIN = "/admin/apigw_ws"
GATEWAYS = f"{ADMIN}/apigateway"


def upload(client: Client, text: str | bytes, name: str = "file.json", at: str = GATEWAYS) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return client.post(f"{at}/import-file/", {"file": SimpleUploadedFile(name, data)})


def confirm(client: Client, page: Any, at: str = GATEWAYS) -> Any:
    context = page.context
    values = {"name": context["name"], "data": context["data"], "seen": context["outcome"].digest}
    return client.post(f"{at}/import-file/", values, follow=True)


def export(client: Client, at: str = GATEWAYS, choice: str = "json", query: str = "") -> str:
    response = client.post(f"{at}/export-file/{query}", {"choice": choice})
    assert response.status_code == 200, response.headers
    return response.getvalue().decode()


def sentences(page: Any) -> list[str]:
    return [problem for row in page.context["outcome"].wrong for problem in row.problems]


def complete() -> ApiGateway:
    """A gateway with all that a file says of one, and with what none may say."""
    made = rows.gateway(
        api_name="chat",
        api_description="=HYPERLINK(1)",
        account=AwsAccount.objects.create(label="EU live", role_arn="arn:aws:iam::123456789012:role/x"),
        region="eu-central-1",
        default_channel_name="lobby",
        integration_timeout=12_345,
        two_way=False,
        tags={"team": "chät"},
        stage_name="live",
        throttling_rate_limit=1057.5,
        throttling_burst_limit=2000,
        detailed_metrics=True,
        logging_level="INFO",
        data_trace=False,
        access_log_destination_arn="arn:aws:logs:eu-central-1:123456789012:log-group:ws",
        access_log_format="$context.requestId @ $context.routeKey",
        stage_variables={"mode": "fast"},
        domain_name="ws.example.com",
        certificate_arn="arn:aws:acm:eu-central-1:123456789012:certificate/1",
        hosted_zone_id="Z0123456789ABCDEFGHIJ",
        disable_execute_api_endpoint=True,
        push_mode="auto",
        secret_version=7,
        deployment_id="dep-id-of-aws",
    )
    url = "https://www.example.com/x"
    made.additional_routes.create(name="b", route_key="b", integration_url=url, integration_timeout=50)
    made.additional_routes.create(
        name="a", route_key="a", integration_url=url, two_way=False, enabled=False, route_id="route-id"
    )
    return made


def spec(gateway: ApiGateway) -> str:
    """What is planned by; without what is an installation's own."""
    gateway = copy(gateway)
    gateway.uid, gateway.secret_version = UUID(int=0), 0
    found = replace(specs.spec_for(gateway), adopts=False)
    return repr(replace(found, routes=tuple(sorted(found.routes, key=lambda route: route.key))))


@pytest.mark.parametrize("choice", ["json", "yaml", "csv"])
def test_what_comes_in_elsewhere_is_planned_as_what_went_out(operator: Client, choice: str) -> None:
    original = complete()
    wanted = spec(original)
    text = export(operator, choice=choice)
    original.delete()

    confirm(operator, upload(operator, text, f"gateways.{choice}"))

    made = ApiGateway.objects.get()
    assert spec(made) == wanted
    assert (made.push_mode, str(made.account), made.default_channel_name) == ("auto", "EU live", "lobby")
    assert (made.api_id, made.deployment_id, made.secret_version) == ("", "", 1)
    assert made.uid != original.uid
    again = upload(operator, export(operator, choice=choice), f"gateways.{choice}")
    assert again.context["outcome"].counts == {"same": 1}
    assert "there is nothing to import" in again.text


def test_a_plan_at_aws_is_the_same_for_what_came_in(operator: Client, aws: Served) -> None:
    def planned(gateway: ApiGateway) -> list[str]:
        return [operation.describe() for operation in provisioning.preview(gateway).operations]

    original = ApiGateway.objects.create(
        api_name="moved", target_base_endpoint="https://www.example.com/ws/", tags={"team": "chat"}
    )
    original.additional_routes.create(name="a", route_key="a", integration_url="https://www.example.com/a")
    wanted, text = planned(original), export(operator)
    original.delete()

    confirm(operator, upload(operator, text))

    assert wanted
    assert planned(ApiGateway.objects.get()) == wanted


def test_a_file_says_nothing_that_aws_told_or_that_proves_anything(operator: Client) -> None:
    complete()
    for choice in ("json", "yaml", "csv"):
        text = export(operator, choice=choice)
        hidden = ("api0", "dep-id", "route-id", "role/x", "secret", "uid", str(ApiGateway.objects.get().uid))
        assert [word for word in hidden if word in text] == []


def test_formulas_of_a_spreadsheet_are_text_and_come_back_as_they_were(operator: Client) -> None:
    complete()
    text = export(operator, choice="csv")
    (row,) = csv.DictReader(StringIO(text))

    assert row["api_description"] == "'=HYPERLINK(1)"
    assert (row["throttling_rate_limit"], row["two_way"], row["detailed_metrics"]) == (
        "1057.5",
        "false",
        "true",
    )
    for description in ("'=1", "''", "-1", "@x", "\n=1", "it's"):
        ApiGateway.objects.update(api_description=description)
        text = export(operator, choice="csv")
        ApiGateway.objects.update(api_description="another")
        confirm(operator, upload(operator, text, "a.csv"))
        assert ApiGateway.objects.get().api_description == description


def test_a_preview_shows_what_each_row_changes(operator: Client) -> None:
    complete()
    rows_ = [
        {"api_name": "chat", "integration_timeout": 50, "routes": [{"route_key": "b", "name": "b"}]},
        {"api_name": "new", "target_base_endpoint": "https://www.example.com/"},
    ]
    rows_[0]["routes"][0]["integration_url"] = "https://www.example.com/y"  # type: ignore[index]

    page = upload(operator, json.dumps(rows_))

    changed, new = page.context["outcome"].work
    timeout = changed.changes[0]
    assert (timeout.name, timeout.was, timeout.becomes, timeout.gone) == (
        "integration_timeout",
        "12345",
        "50",
        False,
    )
    routes = {c.name: c for c in changed.changes[1:]}
    assert routes["route “a”"].gone
    assert routes["route “b”"].becomes == (
        '{"integration_url": "https://www.example.com/y", "integration_timeout": null}'
    )
    assert [c.name for c in new.changes] == ["api_name", "target_base_endpoint"]
    assert "This would add 1, change 1 and leave 0 as they are." in page.text

    assert "Nothing was sent to AWS" in confirm(operator, page).text
    chat = ApiGateway.objects.get(api_name="chat")
    assert (chat.integration_timeout, chat.region) == (50, "eu-central-1")
    assert [route.integration_url for route in chat.additional_routes.all()] == ["https://www.example.com/y"]
    assert [
        (event.verb, str(event.gateway), event.after) for event in AuditEvent.objects.order_by("pk")[:3]
    ] == [
        ("change", "chat", {change.name: change.after for change in changed.changes}),
        ("add", "new", {change.name: change.after for change in new.changes}),
        ("import", "None", {"changed": 1, "new": 1}),
    ]


def test_what_was_confirmed_is_what_happens_or_nothing(operator: Client) -> None:
    made = complete()
    page = upload(operator, json.dumps([{"api_name": "chat", "integration_timeout": 50}]))
    ApiGateway.objects.update(integration_timeout=60)

    moved = confirm(operator, page)

    assert "Somebody has changed something since you looked" in moved.text
    made.refresh_from_db()
    assert made.integration_timeout == 60
    assert not AuditEvent.objects.exists()
    confirm(operator, moved)
    made.refresh_from_db()
    assert made.integration_timeout == 50


@pytest.mark.skipif(not connection.features.has_select_for_update, reason="One writes at a time anyway.")
def test_nobody_changes_a_record_between_its_comparison_and_its_import(operator: Client) -> None:
    complete()
    page = upload(operator, json.dumps([{"api_name": "chat", "integration_timeout": 50}]))

    with CaptureQueriesContext(connection) as captured:
        confirm(operator, page)

    assert any('FOR UPDATE OF "apigw_ws_apigateway"' in each["sql"] for each in captured)


def test_a_bad_row_keeps_all_others_out(operator: Client) -> None:
    good = {"api_name": "good", "target_base_endpoint": "https://www.example.com/"}
    bad: list[dict[str, Any]] = [
        {"account": "EU live", "throttling_rate_limit": "57,5", "two_way": "perhaps", "tags": [1]},
        {
            "logging_level": "LOUD",
            "routes": [{"route_key": "$x", "integration_url": "nonsense", "name": "x"}],
        },
        {"routes": [{"route_key": "a", "name": "a", "integration_url": "https://e.com/", "colour": "red"}]},
        {"routes": [{"route_key": "a"}, {"route_key": "a"}]},
        {"routes": {"a": 1}},
        {"routes": ["a"]},
        {"routes": "[not json"},
        {"integration_timeout": True, "throttling_burst_limit": 1.5, "region": 1},
        {"integration_timeout": 10**30, "throttling_rate_limit": 10**400},
        {"route_key": "a", "routes": [{"route_key": "a", "name": "a", "integration_url": "https://e.com/"}]},
    ]
    named = [{"api_name": f"bad-{number}"} | row for number, row in enumerate(bad)]

    page = upload(operator, json.dumps([good, *named, good]))

    assert sentences(page) == [
        "account: There is no AWS account “EU live” here. Add it, or leave the value empty.",
        "two_way: “perhaps” is neither true nor false.",
        "throttling_rate_limit: “57,5” is no number that fits here.",
        'tags: Write tags as {"name": "value"}.',
        "logging_level: Value 'LOUD' is not a valid choice.",
        "routes: $x: route_key: A route key has no spaces and does not begin with “$”: those routes come "
        "with the gateway.",
        "routes: $x: integration_url: Enter a URL that begins with http:// or https://.",
        "routes: “colour” is unknown.",
        "routes: The route “a” is there twice.",
        "routes: “{'a': 1}” is no list.",
        "routes: “a” has no names and values.",
        "routes: “[not json” is not JSON.",
        "region: “1” is no text. Put it in quotes.",
        "integration_timeout: “True” is no number that fits here.",
        "throttling_burst_limit: “1.5” is no number that fits here.",
        f"throttling_rate_limit: “{10**400}” is no number that fits here.",
        "integration_timeout: Ensure this value is less than or equal to 29000.",
        "routes: a: route_key: This is the key of the gateway's default route.",
        "Row 2 is about the same. Leave one of them out.".replace("2", "1"),
    ]
    assert not ApiGateway.objects.exists()
    assert not AuditEvent.objects.exists()
    assert "11 rows cannot be imported. Nothing was" in page.text


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.txt", "[]", "Name the file after what is in it: .json, .yaml, .yml, .csv."),
        ("a.json", " \n", "The file is empty."),
        (
            "a.json",
            "ä".encode("latin-1"),
            "The file is not in UTF-8: byte 1 is no part of it. Save it as UTF-8.",
        ),
        ("a.json", "[{", "This is not JSON: line 1, column 3: Expecting property name"),
        ("a.json", "[" * 100_000, "Lists and mappings are too deep within each other."),
        ("a.json", "[" + "9" * 5000 + "]", "This is not JSON: Exceeds the limit"),
        ("a.json", "[NaN]", "NaN is no number."),
        ("a.json", '[{"api_name": "a", "api_name": "b"}]', "A record names “api_name” twice."),
        ("a.json", '{"api_name": "a"}', "The file has to be a list of records"),
        ("a.json", "[]", "There are no records in the file."),
        ("a.json", '[{"api_name": "a\\u0000"}]', "Row 1: a text holds the character NUL."),
        ("a.json", '[{"tags": {"\\ud800": 1}}]', "Row 1: half a character is no text."),
        ("a.json", '[{"region": "x"}]', "There is no column “api_name”, which tells the records apart."),
        ("a.json", '[{"api_nam": "a"}]', "There is no column “api_nam”. Is “api_name” meant?"),
        ("a.json", '[{"zzz": "a"}]', "There is no column “zzz”. These are known: api_name, api_description"),
        (
            "a.json",
            "[" + "{},".rstrip() * 1000 + "{}]",
            "There are 1001 records in the file, and 1000 are the most.",
        ),
        ("a.json", b"x" * 1_000_001, "The file is too large"),
        ("a.yaml", "- a: [", "This is not YAML: line 2:"),
        ("a.yaml", "[" * 100_000, "Lists and mappings are too deep within each other."),
        ("a.yml", "- &a {x: 1}\n- *a", "Line 2 refers to another place. Write out what is there."),
        ("a.yaml", "- {x: 1, x: 2}", "A record names “x” twice."),
        ("a.yaml", "- {1: x}", "“1” is no name. Put names that look like numbers in quotes."),
        (
            "a.yaml",
            "- !!python/object/apply:os.system [ls]",
            "Line 1 has the tag “tag:yaml.org,2002:python/ob",
        ),
        ("a.yaml", "- api_name: x\n  two_way: !!bool x", "Line 2 has the tag “tag:yaml.org,2002:bool”."),
        ("a.yaml", "- " + "9" * 5000, "This is not YAML: Exceeds the limit"),
        ("a.yaml", "[" + "[]," * 60_000 + "]", "There is too much in the file. Divide it."),
        ("a.yaml", "- \x01", "This is not YAML: unacceptable character"),
        ("a.csv", "api_name,api_name\na,b", "The column “api_name” is there twice."),
        ("a.csv", "api_name,region\na", "Row 1 has 1 cells, and the first line names 2 columns."),
        ("a.csv", 'api_name\n"a', "This is not CSV: unexpected end of data."),
        ("a.csv", "api_name\n\n", "There are no records in the file."),
    ],
)
def test_a_file_that_is_none_is_explained(
    operator: Client, name: str, data: str | bytes, sentence: str
) -> None:
    page = upload(operator, data, name)

    assert sentence in page.text.replace("&quot;", '"')
    assert "outcome" not in page.context
    assert not ApiGateway.objects.exists()


def test_a_record_without_a_name_is_explained(operator: Client) -> None:
    page = upload(operator, '[{"api_name": 5}, {"api_name": ""}, {"region": "eu-central-1"}]')

    assert sentences(page) == [
        "api_name: “5” is no text. Put it in quotes.",
        "api_name: This field cannot be blank.",
        "api_name: This field cannot be blank.",
    ]


def test_what_a_spreadsheet_writes_is_read(operator: Client) -> None:
    text = "\ufeffapi_name;target_base_endpoint;two_way\r\na;https://e.com/;FALSE\r\n;;\r\n"

    confirm(operator, upload(operator, text, "GATEWAYS.CSV"))

    assert ApiGateway.objects.get().two_way is False


@pytest.mark.parametrize("description", ["2026-01-31", "no", "=", "0777", "1:30", "1e3", ".inf"])
def test_yaml_takes_no_text_for_something_else(operator: Client, description: str) -> None:
    text = f"- {{api_name: a, target_base_endpoint: 'https://e.com/', api_description: {description}}}"
    confirm(operator, upload(operator, text, "a.yaml"))

    assert ApiGateway.objects.get().api_description == description


def test_yaml_reckons_nothing(operator: Client) -> None:
    """As a number to the base of 60, which YAML once had, it would take minutes."""
    page = upload(operator, f"- {{api_name: a, integration_timeout: 1{':1' * 400_000}}}", "a.yaml")

    assert "no number that fits here" in sentences(page)[0]


def test_a_confirmation_that_is_none_does_nothing(operator: Client) -> None:
    for values in ({}, {"data": "%", "name": "a.json", "seen": "x"}, {"data": "", "name": "", "seen": "x"}):
        assert operator.post(f"{GATEWAYS}/import-file/", values).status_code == 200
    assert not ApiGateway.objects.exists()


def test_an_import_needs_the_permissions_to_add_and_to_change(staff: Callable[..., Client]) -> None:
    client = staff("view_apigateway", "change_apigateway")
    text = client.get(f"{GATEWAYS}/").text
    assert "export-file" in text
    assert "import-file" not in text
    assert upload(client, "[]").status_code == 403
    assert export(client) == "[]\n"
    user = User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename="add_apigateway"))
    assert upload(client, "[]").status_code == 200
    text = client.get(f"{GATEWAYS}/").text
    assert "import-file" in text
    assert "overlays.js" in text

    user.user_permissions.clear()
    for page in ("import", "export"):
        assert client.get(f"{GATEWAYS}/{page}-file/").status_code == 403
        assert client.post(f"{GATEWAYS}/{page}-file/", {"choice": "json"}).status_code == 403


CHANNELS = f"{ADMIN}/channelpermission"


def test_rules_are_imported_by_those_who_may_change_rules(staff: Callable[..., Client]) -> None:
    verbs = ("add", "change")
    client = staff(*(f"{verb}_channelpermission" for verb in verbs))
    assert upload(client, "[]", at=CHANNELS).status_code == 403
    rules = [f"{verb}_channelpermissionrule" for verb in (*verbs, "delete")]
    User.objects.get().user_permissions.add(*Permission.objects.filter(codename__in=rules))
    assert upload(client, "[]", at=CHANNELS).status_code == 200


def test_channel_rules_go_by_the_names_of_permissions_and_groups(operator: Client) -> None:
    permission = ChannelPermission.objects.create(channel_name="room.*", access="rules", send_access="staff")
    rule = permission.rules.create(verb="send")
    rule.groups.add(Group.objects.create(name="Ops"), Group.objects.create(name="All"))
    rule.permissions.add(Permission.objects.get(codename="view_user"))
    permission.rules.create()
    files = {choice: export(operator, CHANNELS, choice) for choice in ("json", "yaml", "csv")}
    (record,) = yaml.safe_load(files["yaml"])
    assert record == {
        "channel_name": "room.*",
        "access": "rules",
        "send_access": "staff",
        "broadcast_access": "",
        "description": "",
        "rules": [
            {"verb": "join", "permissions": [], "groups": []},
            {"verb": "send", "permissions": ["auth.view_user"], "groups": ["All", "Ops"]},
        ],
    }
    for choice, text in files.items():
        ChannelPermission.objects.all().delete()
        confirm(operator, upload(operator, text, f"a.{choice}", CHANNELS), CHANNELS)
        assert yaml.safe_load(export(operator, CHANNELS, "yaml")) == [record]
        assert upload(operator, text, f"a.{choice}", CHANNELS).context["outcome"].counts == {"same": 1}

    kept = ChannelPermission.objects.get().rules.get(verb="send").pk
    record["rules"] = [{}, record["rules"][1], {"verb": "join", "groups": ["Ops"]}][1:]
    page = upload(operator, json.dumps([record]), at=CHANNELS)
    confirm(operator, page, CHANNELS)
    made = ChannelPermission.objects.get()
    assert {rule.pk for rule in made.rules.filter(verb="send")} == {kept}
    assert [group.name for group in made.rules.get(verb="join").groups.all()] == ["Ops"]
    assert AuditEvent.objects.filter(verb="change", object_text="channel permission room.*").exists()
    page = upload(operator, '[{"channel_name": "room.*", "access": "staff"}]', at=CHANNELS)
    confirm(operator, page, CHANNELS)
    made.refresh_from_db()
    assert (made.access, made.rules.count()) == ("staff", 2)


def test_rules_that_name_what_is_not_there_are_explained(operator: Client) -> None:
    bad: list[Any] = [
        {"groups": ["Ops"]},
        {"permissions": ["auth.fly"]},
        {"verb": "fly"},
        {"users": []},
    ]
    records = [{"channel_name": f"room-{n}", "rules": [rule]} for n, rule in enumerate(bad)]

    page = upload(operator, json.dumps([*records, {"channel_name": "a b", "access": "all"}]), at=CHANNELS)

    assert sentences(page) == [
        "rules: There is no group “Ops” here. Add it first.",
        "rules: There is no permission “auth.fly” here. Permissions are named like auth.view_user.",
        "rules: “fly” is none of “join”, “send” and “broadcast”.",
        "rules: “users” is unknown.",
        "channel_name: Use 1 to 128 letters without accents, digits and characters of “_.:/-”, and single "
        "asterisks.",
        "access: Value 'all' is not a valid choice.",
    ]


def test_messages_to_start_from_go_out_and_come_in(operator: Client) -> None:
    at, payload = f"{ADMIN}/broadcasttemplate", '{"text": "Back at {{ time }}\n"}'
    BroadcastTemplate.objects.create(name="Maintenance", payload=payload)
    files = {choice: export(operator, at, choice) for choice in ("json", "yaml", "csv")}
    for choice, text in files.items():
        BroadcastTemplate.objects.all().delete()
        confirm(operator, upload(operator, text, f"a.{choice}", at), at)
        assert BroadcastTemplate.objects.get().payload == payload
    assert sentences(upload(operator, '[{"name": "a"}]', at=at)) == ["payload: This field cannot be blank."]


BANS = f"{ADMIN}/ban"


def test_bans_in_force_go_out_and_come_in(operator: Client) -> None:
    ada = User.objects.create_user("ada")
    until = datetime(2126, 1, 31, 12, tzinfo=UTC)
    Ban.objects.create(user=ada, channel_name="lobby", reason="Rude", expires_on=until)
    Ban.objects.create(network="203.0.113.7/32")
    Ban.objects.create(user_agent="evilbot", lifted_on=until)
    text = export(operator, BANS)
    empty = {"network": "", "user_agent": "", "reason": "", "channel_name": "", "user": None}
    empty |= {"lifted_on": None}
    record = {"user": "ada", "channel_name": "lobby", "reason": "Rude", "expires_on": "2126-01-31T12:00:00Z"}
    assert json.loads(text) == [
        empty | {"network": "203.0.113.7/32", "expires_on": None},
        empty | record,
    ]
    Ban.objects.filter(user=None).delete()
    WebSocketSession.objects.create(connection_id="a", ip_address="203.0.113.7", address_block="203.0.113.7")

    page = upload(operator, text, at=BANS)
    assert page.context["outcome"].counts == {"new": 1, "same": 1}
    assert WebSocketSession.objects.get().connected
    confirm(operator, page, BANS)

    made = Ban.objects.get(network="203.0.113.7/32")
    assert (made.active, str(made.created_by)) == (True, "operator")
    assert not WebSocketSession.objects.get().connected
    assert [event.verb for event in AuditEvent.objects.order_by("pk")] == ["export", "ban", "import"]


def test_bans_that_make_no_sense_are_explained(operator: Client) -> None:
    bad: list[dict[str, Any]] = [
        {"user": "nobody"},
        {"network": "nonsense"},
        {"network": "127.0.0.0/8"},
        {"network": "192.0.0.0/8"},
        {"network": "192.0.2.1", "expires_on": "tomorrow"},
        {"network": "192.0.2.1/32", "expires_on": "2126-01-31T12:00:00Z"},
        {"network": "192.0.2.1"},
        {"reason": "None"},
    ]

    page = upload(operator, json.dumps(bad), at=BANS)

    assert sentences(page)[1:4] == [
        "network: “nonsense” is no address and no network. Write 203.0.113.7, 203.0.113.0/24 or "
        "2001:db8::/64.",
        "Your own address, 127.0.0.1, is in this network. Name a smaller one.",
        "192.0.0.0/8 is a very large network: bystanders would be kept out too.",
    ]
    text = " ".join(sentences(page))
    assert "user: There is no user “nobody” here." in text
    assert "expires_on: “tomorrow” is no time with its zone, such as 2026-01-31T12:00:00Z." in text
    assert text.count("Row 5 is about the same. Leave one of them out.") == 2
    assert "Name one of user, network and user agent" in text
    assert not Ban.objects.exists()


def test_a_ban_that_was_lifted_is_not_made_again_elsewhere(operator: Client) -> None:
    Ban.objects.create(user_agent="evilbot", lifted_on=datetime(2026, 1, 31, tzinfo=UTC))
    text = export(operator, BANS, query="?state=all")
    Ban.objects.all().delete()

    assert "evilbot" in text
    assert upload(operator, text, at=BANS).context["outcome"].counts == {"same": 1}


def test_a_ban_that_would_be_over_is_not_made(operator: Client) -> None:
    page = upload(operator, '[{"network": "192.0.2.1", "expires_on": "2020-01-31T12:00:00Z"}]', at=BANS)

    assert page.context["outcome"].counts == {"same": 1}


def test_without_the_permission_no_address_goes_out_or_comes_in(staff: Callable[..., Client]) -> None:
    Ban.objects.create(network="203.0.113.7/32")
    Ban.objects.create(user_agent="evilbot")
    Refusal.objects.create(guard="rate", phase="connect", status=429, reason="No.", ip_address="203.0.113.7")
    WebSocketSession.objects.create(connection_id="a", ip_address="203.0.113.7", address_block="203.0.113.7")
    AuditEvent.objects.create(verb="ban", who="ada", object_text="203.0.113.7", ip_address="203.0.113.7")
    client = staff(
        "view_ban", "add_ban", "change_ban", "view_refusal", "view_websocketsession", "view_auditevent"
    )
    lists = [BANS, *(f"{ADMIN}/{name}" for name in ("refusal", "websocketsession", "auditevent"))]

    for at in lists:
        text = export(client, at, "csv")
        assert "203.0.113.7" not in text
        assert len(text.splitlines()) >= 2, text
    assert "There is no column “network”" in upload(client, '[{"network": "192.0.2.1"}]', at=BANS).text

    User.objects.get().user_permissions.add(Permission.objects.get(codename="view_address_websocketsession"))
    for at in lists:
        assert "203.0.113.7" in export(client, at, "csv")


def test_records_keep_to_the_filters_and_the_search_of_their_list(operator: Client) -> None:
    rows.fill(0)
    for number in range(3):
        WebSocketSession.objects.create(connection_id=f"x{number}", connected=number > 0)
    at = f"{ADMIN}/websocketsession"
    page = operator.get(f"{at}/", {"q": "x", "p": "1"})
    assert "/websocketsession/export-file/?q=x&amp;p=1" in page.text

    def exported(query: str) -> list[str]:
        lines = export(operator, at, "jsonl", query).splitlines()
        return [json.loads(line)["connection_id"] for line in lines]

    assert exported("?q=x&p=7") == ["x2", "x1"]
    assert exported("?q=x&state=closed") == ["x0"]
    assert operator.post(f"{at}/export-file/?nonsense=1", {"choice": "csv"}).url == f"{at}/"
    assert operator.post(f"{at}/export-file/", {"choice": "exe"}).status_code == 200


def test_what_is_selected_is_exported(operator: Client) -> None:
    for name in ("a", "b", "c"):
        rows.gateway(api_name=name, api_id=name)
    pks = list(ApiGateway.objects.exclude(api_name="b").values_list("pk", flat=True))
    action = {"action": "export_selected", "_selected_action": pks, "index": 0}

    url = operator.post(f"{GATEWAYS}/?q=", action).url
    page = operator.get(url).text
    assert "Export what is selected: 2 rows" in page
    assert f'href="{GATEWAYS}/?q="' in page
    records = json.loads(operator.post(url, {"choice": "json"}).getvalue())
    assert [record["api_name"] for record in records] == ["a", "c"]

    url = operator.post(f"{GATEWAYS}/?q=b", action | {"select_across": 1}).url
    records = json.loads(operator.post(url, {"choice": "json"}).getvalue())
    assert [record["api_name"] for record in records] == ["b"]


def test_numbers_and_times_are_the_same_in_all_languages(operator: Client, settings: Any) -> None:
    settings.LANGUAGE_CODE, settings.USE_THOUSAND_SEPARATOR, settings.TIME_ZONE = "de", True, "Asia/Tokyo"
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    session = WebSocketSession.objects.create(connection_id="a", bytes_in=1_234_567, recent="secret words")
    WebSocketSession.objects.update(created_on=moment)
    session.memberships.create(name="lobby")
    operator.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"

    text = export(operator, f"{ADMIN}/websocketsession", "csv")

    (row,) = csv.DictReader(StringIO(text))
    assert (row["bytes_in"], row["created_on"], row["connected"]) == (
        "1234567",
        "2026-01-31T12:00:00Z",
        "true",
    )
    assert (row["further_channels"], row["close_code"]) == ('["lobby"]', "")
    assert "secret" not in text
    assert "hash" not in text


def test_runs_refusals_and_audit_events_are_rows_too(operator: Client) -> None:
    rows.fill(0)
    for name, column in (("run", "gateway"), ("refusal", "gateway"), ("auditevent", "who")):
        lines = export(operator, f"{ADMIN}/{name}", "jsonl").splitlines()
        if name != "auditevent":
            assert json.loads(lines[0])[column] == "gateway-0"
    assert [json.loads(line)["after"] for line in lines] == [
        {"rows": 1, "format": "JSON lines"},
        {"rows": 1, "format": "JSON lines"},
    ]


def test_an_export_takes_as_many_queries_for_many_rows_as_for_one(operator: Client) -> None:
    def queries(number: int) -> int:
        for n in range(number):
            rows.fill(n + 10 * number)
        count = 0
        for name, choice in (("apigateway", "json"), ("channelpermission", "json"), ("refusal", "csv")):
            with CaptureQueriesContext(connection) as captured:
                export(operator, f"{ADMIN}/{name}", choice)
            count += len(captured)
        return count

    assert queries(1) == queries(4)


def test_an_export_is_not_collected_before_it_is_sent() -> None:
    read = []

    def records() -> Iterator[dict[str, int]]:
        for number in range(2_000):
            read.append(number)
            yield {"a": number}

    chunks = formats.CSV.chunks(["a"], records())

    assert next(chunks).startswith(b"a\r\n0\r\n")
    assert len(read) < 1_000
    assert sum(chunk.count(b"\n") for chunk in chunks) == 2_001 - 500


def test_who_goes_away_halfway_is_recorded_with_what_they_got(operator: Client) -> None:
    WebSocketSession.objects.bulk_create(
        WebSocketSession(connection_id=f"c{number}") for number in range(1_000)
    )
    response: Any = operator.post(f"{ADMIN}/websocketsession/export-file/", {"choice": "csv"})
    next(response.streaming_content)
    with patch.object(request_finished, "send"):  # or the connection of the test's transaction is closed
        response.close()

    event = AuditEvent.objects.get()
    assert (event.verb, event.object_text) == ("export", "sessions")
    assert event.after == {"rows": 499, "format": "CSV"}


def test_under_asgi_rows_are_sent_as_they_are_read(operator: Client) -> None:
    Refusal.objects.bulk_create(
        Refusal(guard="rate", phase="connect", status=429, reason="No.") for _number in range(700)
    )
    client = AsyncClient()
    client.cookies = operator.cookies

    async def chunks() -> list[bytes]:
        response: Any = await client.post(f"{ADMIN}/refusal/export-file/", {"choice": "csv"})
        return [chunk async for chunk in response.streaming_content]

    assert [chunk.count(b"\n") for chunk in async_to_sync(chunks)()] == [500, 201]
    assert AuditEvent.objects.get().after == {"rows": 700, "format": "CSV"}


def test_what_nobody_thought_of_is_logged_and_not_shown(
    operator: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = '[{"api_name": "a", "target_base_endpoint": "https://e.com/"}]'
    for error, sentence in (
        (DatabaseError("secret"), "The database refused it. Somebody may be changing the same: try again."),
        (RuntimeError("secret"), "This could not be imported; the reason is in the log of the server."),
    ):
        monkeypatch.setattr(ApiGateway, "save", Mock(side_effect=error))
        page = upload(operator, text)
        assert sentences(page) == [sentence]
        assert "secret" not in page.text
    assert "secret" in caplog.text


def test_what_fails_before_the_first_row_is_not_reported_as_imported(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = upload(operator, '[{"api_name": "a", "target_base_endpoint": "https://e.com/"}]')
    monkeypatch.setattr(GatewayTransfer, "before_import", Mock(side_effect=DatabaseError))

    with pytest.raises(DatabaseError):
        confirm(operator, page)

    assert not ApiGateway.objects.exists()
    assert not AuditEvent.objects.exists()
