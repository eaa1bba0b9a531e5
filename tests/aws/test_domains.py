"""Custom domains: what is planned for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apigw_ws.aws import domain_operations as ops
from apigw_ws.aws.domain_spec import DomainSpec, DomainState, MappingState
from apigw_ws.aws.operations import Operation, RemoveTags
from apigw_ws.aws.planner import plan
from apigw_ws.aws.spec import GatewaySpec
from apigw_ws.exceptions import OwnershipConflict
from tests.aws.values import applied, gateway

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
TARGET = "d-abc.execute-api.us-east-1.amazonaws.com"
WANTED = DomainSpec(name="ws.example.com", certificate_arn=CERTIFICATE, zone_id="Z1")
SPEC = gateway(domain=WANTED)
ROOT = MappingState(id="m1", api_id="abcde12345", stage="production")
THERE = DomainState(
    name="ws.example.com",
    target=TARGET,
    certificate_arn=CERTIFICATE,
    owner=SPEC.uid,
    zone_id="Z1",
    mappings=(ROOT,),
    records={"Z1": TARGET},
)


def planned(spec: GatewaySpec, *states: DomainState) -> list[Operation]:
    return list(plan(spec, applied(spec), states))


def test_nothing_is_planned_for_a_domain_that_is_there() -> None:
    assert planned(SPEC, THERE) == []


def test_nothing_is_planned_for_domains_where_nobody_looked() -> None:
    assert plan(SPEC, applied(SPEC)) == ()


def test_a_new_domain_is_made_mapped_and_announced() -> None:
    assert [operation.describe() for operation in planned(SPEC, DomainState(name="ws.example.com"))] == [
        "Create the custom domain “ws.example.com”.",
        "Lead the custom domain “ws.example.com” to the stage “production”.",
        "Create the alias record of “ws.example.com” in the hosted zone Z1.",
    ]


def test_a_domain_comes_last_with_a_new_api() -> None:
    kinds = [type(operation) for operation in plan(SPEC, None, ())]

    assert kinds[-3:] == [ops.CreateDomain, ops.MapDomain, ops.CreateAlias]


def test_without_a_zone_dns_is_left_alone() -> None:
    spec = gateway(domain=replace(WANTED, zone_id=""))

    assert [type(operation) for operation in planned(spec)] == [ops.CreateDomain, ops.MapDomain]


def test_another_certificate_is_an_update() -> None:
    other = replace(WANTED, certificate_arn=f"{CERTIFICATE}2")

    (update,) = planned(gateway(domain=other), THERE)

    assert update == ops.UpdateDomain(domain=other)
    assert update.describe() == "Give the custom domain “ws.example.com” another certificate."


@pytest.mark.parametrize("mapping", [replace(ROOT, stage="test"), replace(ROOT, api_id="other")])
def test_a_mapping_that_leads_elsewhere_is_changed(mapping: MappingState) -> None:
    assert planned(SPEC, replace(THERE, mappings=(mapping,))) == [
        ops.MapDomain(name="ws.example.com", stage_name="production", mapping_id="m1")
    ]


def test_a_cleared_zone_takes_its_record_along() -> None:
    removal, tag = planned(gateway(domain=replace(WANTED, zone_id="")), THERE)

    assert removal == ops.RemoveAlias(name="ws.example.com", zone_id="Z1", target=TARGET)
    assert removal.destructive
    assert tag == ops.TagDomain(name="ws.example.com", zone_id="")
    assert tag.describe() == "Note the hosted zone of the custom domain “ws.example.com” in its tag."


def test_a_domain_that_left_the_record_goes_with_its_record_and_mapping_and_the_tag_last() -> None:
    operations = plan(gateway(), applied(SPEC), (THERE,))

    assert [type(operation) for operation in operations] == [
        ops.RemoveAlias,
        ops.UnmapDomain,
        ops.RemoveDomain,
        RemoveTags,
    ]
    assert all(operation.destructive for operation in operations[:3])
    assert [operation.describe() for operation in operations[:3]] == [
        "Remove the alias record of “ws.example.com” from the hosted zone Z1.",
        "Stop the custom domain “ws.example.com” from leading to the gateway.",
        "Remove the custom domain “ws.example.com”.",
    ]


def test_a_renamed_domain_is_there_before_the_old_one_goes() -> None:
    spec = gateway(domain=replace(WANTED, name="new.example.com"))

    kinds = [type(operation) for operation in planned(spec, DomainState(name="new.example.com"), THERE)]

    assert kinds[:3] == [ops.CreateDomain, ops.MapDomain, ops.CreateAlias]
    assert kinds[3:] == [ops.RemoveAlias, ops.UnmapDomain, ops.RemoveDomain]


def test_a_domain_that_leads_elsewhere_too_stays_with_its_record() -> None:
    theirs = MappingState(id="m2", api_id="theirs", stage="v1", key="v1")

    operations = plan(gateway(), applied(SPEC), (replace(THERE, mappings=(ROOT, theirs)),))

    assert [type(operation) for operation in operations] == [ops.UnmapDomain, RemoveTags]


def test_a_record_that_no_longer_points_at_the_domain_stays() -> None:
    operations = plan(gateway(), applied(SPEC), (replace(THERE, records={"Z1": "CNAME elsewhere"}),))

    assert ops.RemoveAlias not in [type(operation) for operation in operations]


def test_somebody_elses_domain_is_a_conflict() -> None:
    with pytest.raises(OwnershipConflict, match=r"ws\.example\.com exists in AWS but was not made for this"):
        planned(SPEC, replace(THERE, owner=""))


def test_somebody_elses_record_is_a_conflict_before_anything_is_made() -> None:
    taken = DomainState(name="ws.example.com", records={"Z1": "CNAME www.example.com"})

    with pytest.raises(OwnershipConflict, match=r"In the hosted zone Z1, .* points at CNAME www"):
        planned(SPEC, taken)
    with pytest.raises(OwnershipConflict, match="In the hosted zone Z1"):
        plan(SPEC, None, (taken,))
