"""Route 53, through the real boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.aws import refused

GATEWAY = "d-abcdefghij.execute-api.eu-west-2.amazonaws.com"
ALIAS = {"HostedZoneId": "ZJ5UAJN8Y3Z2Q", "DNSName": GATEWAY, "EvaluateTargetHealth": False}


@pytest.fixture
def route53(client: Callable[..., Any]) -> Any:
    return client("route53")


@pytest.fixture
def zone(route53: Any) -> str:
    found: str = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    return found


def change(route53: Any, zone: str, *changes: tuple[str, dict[str, Any]]) -> Any:
    batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
    return route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})


def record(name: str, kind: str = "A", value: str = "10.0.0.1", **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}], **more}


def alias(name: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "AliasTarget": {**ALIAS, **more}}


def names(route53: Any, zone: str, **asked: Any) -> list[tuple[str, str]]:
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone, **asked)
    return [(r["Name"], r["Type"]) for page in pages for r in page["ResourceRecordSets"]]


def test_one_zone_is_there_from_the_start(route53: Any, zone: str) -> None:
    listed = route53.list_hosted_zones()

    assert zone.startswith("/hostedzone/Z")
    assert listed["HostedZones"][0]["Name"] == "example.com."
    assert listed["HostedZones"][0]["ResourceRecordSetCount"] == 2
    assert (listed["IsTruncated"], listed["MaxItems"]) == (False, "100")
    assert len(route53.get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]) == 4
    assert names(route53, zone) == [("example.com.", "NS"), ("example.com.", "SOA")]
    assert route53.list_hosted_zones(Marker="nothing")["HostedZones"] == []


def test_an_alias_is_created_changed_and_deleted(route53: Any, zone: str) -> None:
    made = change(route53, zone, ("CREATE", alias("Chat.Example.com")))["ChangeInfo"]
    change(route53, zone, ("UPSERT", alias("chat.example.com.", EvaluateTargetHealth=True)))

    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"][-1]
    assert made["Status"] == "PENDING"
    assert route53.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    assert found["Name"] == "chat.example.com."
    assert found["AliasTarget"] == {**ALIAS, "DNSName": f"{GATEWAY}.", "EvaluateTargetHealth": True}
    change(route53, zone, ("DELETE", found))
    assert len(names(route53, zone)) == 2


def test_a_wildcard_is_listed_with_its_octal_escape(route53: Any, zone: str) -> None:
    change(route53, zone, ("CREATE", record("*.example.com")))

    assert ("\\052.example.com.", "A") in names(route53, zone)
    change(route53, zone, ("DELETE", record("*.example.com")))


def test_records_are_listed_by_their_labels_from_the_right_and_in_pages(route53: Any, zone: str) -> None:
    for name in ("b.example.com", "a.b.example.com", "a.example.com"):
        change(route53, zone, ("CREATE", record(name)), ("CREATE", record(name, "TXT", '"x"')))

    everything = names(route53, zone, PaginationConfig={"PageSize": 3})
    later = names(route53, zone, StartRecordName="b.example.com", StartRecordType="TXT")

    assert [name for name, kind in everything if kind == "A"] == [
        "a.example.com.",
        "b.example.com.",
        "a.b.example.com.",
    ]
    assert len(everything) == 8
    assert later == everything[everything.index(("b.example.com.", "TXT")) :]


@pytest.mark.parametrize(
    ("action", "wrong", "says"),
    [
        ("CREATE", record("a.example.com"), "[name='a.example.com.', type='A'] but it already exists"),
        ("DELETE", record("b.example.com"), "[name='b.example.com.', type='A'] but it was not found"),
        (
            "DELETE",
            record("a.example.com", value="10.9.9.9"),
            "the values provided do not match the current values",
        ),
        ("CREATE", record("a.example.org"), "is not permitted in zone example.com."),
        ("CREATE", record("example.com", "CNAME", "x.net"), "not permitted at apex in zone"),
        ("CREATE", record("a.example.com", "CNAME", "x.net"), "conflicts with other records"),
        ("UPSERT", record("c.example.com", value="10.0.0"), "Value is not a valid IPv4 address"),
        ("UPSERT", record("c.example.com", "AAAA"), "Value is not a valid IPv6 address"),
        ("UPSERT", alias("c.example.com", HostedZoneId="ZOTHER"), "does not lie within the target zone"),
        ("UPSERT", alias("c.example.com", DNSName="nowhere.example.com"), "was not found"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_with_its_reason(
    route53: Any, zone: str, action: str, wrong: dict[str, Any], says: str
) -> None:
    change(route53, zone, ("CREATE", record("a.example.com")))
    if wrong.get("AliasTarget", {}).get("DNSName", "").endswith("example.com"):
        wrong["AliasTarget"]["HostedZoneId"] = zone.rpartition("/")[2]

    with refused(400, "InvalidChangeBatch", says):
        change(route53, zone, (action, wrong))
    assert len(names(route53, zone)) == 3


def test_an_alias_may_point_at_a_record_of_its_own_zone(route53: Any, zone: str) -> None:
    own = {"HostedZoneId": zone.rpartition("/")[2], "DNSName": "a.example.com"}

    change(route53, zone, ("CREATE", alias("b.example.com", **own)), ("CREATE", record("a.example.com")))

    assert ("b.example.com.", "A") in names(route53, zone)


def test_a_batch_happens_whole_or_not_at_all(route53: Any, zone: str) -> None:
    with refused(400, "InvalidChangeBatch", "b.example.com.", "c.example.com."):
        change(
            route53,
            zone,
            ("CREATE", record("a.example.com")),
            ("DELETE", record("b.example.com")),
            ("DELETE", record("c.example.com")),
        )
    assert len(names(route53, zone)) == 2


def test_the_records_of_the_zone_itself_must_stay(route53: Any, zone: str) -> None:
    soa = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"][1]

    with refused(400, "InvalidChangeBatch", "one SOA record"):
        change(route53, zone, ("DELETE", soa))


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": "a.example.com", "Type": "A"},
        {"Name": "a.example.com", "Type": "A", "TTL": 60},
        {**record("a.example.com"), "AliasTarget": ALIAS},
        {**alias("a.example.com"), "TTL": 60},
    ],
)
def test_a_record_is_an_alias_or_has_values_and_a_ttl(route53: Any, zone: str, wrong: dict[str, Any]) -> None:
    with refused(400, "InvalidInput", "Expected exactly one of [AliasTarget, all of [TTL"):
        change(route53, zone, ("CREATE", wrong))


def test_weighted_records_share_a_name(route53: Any, zone: str) -> None:
    one, two = (record("a.example.com", SetIdentifier=name, Weight=1) for name in ("one", "two"))

    change(route53, zone, ("CREATE", one), ("CREATE", two))

    assert names(route53, zone).count(("a.example.com.", "A")) == 2
    assert len(names(route53, zone, PaginationConfig={"PageSize": 1})) == 4


def test_wrong_requests_are_refused(route53: Any, zone: str) -> None:
    with refused(404, "NoSuchHostedZone", "No hosted zone found with ID: ZNOPE"):
        route53.list_resource_record_sets(HostedZoneId="ZNOPE")
    with refused(400, "InvalidInput", "a type needs a name"):
        route53.list_resource_record_sets(HostedZoneId=zone, StartRecordType="A")
    with refused(400, "InvalidInput", "maxitems"):
        route53.list_hosted_zones(MaxItems="many")
    with refused(400, "InvalidInput", "enum value set"):
        change(route53, zone, ("CREATE", record("a.example.com", "B")))
    with refused(501, "NotImplementedException", "route53:CreateHostedZone"):
        route53.create_hosted_zone(Name="x.", CallerReference="x")
