"""Answers about domains that the emulator does not give: AWS takes its time, or has many pages."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

from apigw_ws.aws import domains, executor
from apigw_ws.aws.calls import PAUSES, Calls
from apigw_ws.aws.client import ClientConfig, client
from apigw_ws.aws.domain_operations import CreateAlias, CreateDomain, RemoveAlias
from apigw_ws.aws.domain_spec import DomainSpec
from apigw_ws.exceptions import AwsError, Throttled

WANTED = DomainSpec(name="ws.example.com", certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1")


@pytest.fixture
def boto() -> Any:
    return client(
        "apigatewayv2",
        ClientConfig(region="us-east-1", access_key_id="AKIA", secret_access_key="secret", attempts=1),
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@contextmanager
def answering(boto: Any, *answers: tuple[int, dict[str, Any]]) -> Iterator[list[str]]:
    """Let the next calls be answered so, without a network; yields the URLs that were asked."""
    left, asked = list(answers), []

    def answer(request: Any, **_: Any) -> AWSResponse:
        asked.append(request.url)
        status, said = left.pop(0)
        body = HTTPResponse(io.BytesIO(json.dumps(said).encode()), preload_content=False)
        headers: Any = {"x-amzn-RequestId": f"r{len(left)}"}
        return AWSResponse(request.url, status, headers, body)

    boto.meta.events.register("before-send", answer)
    try:
        yield asked
    finally:
        boto.meta.events.unregister("before-send", answer)


def domain(status: str, message: str | None = None) -> tuple[int, dict[str, Any]]:
    configuration = {"domainNameStatus": status, "domainNameStatusMessage": message}
    return 200, {"domainName": "ws.example.com", "domainNameConfigurations": [configuration]}


def create(boto: Any, told: list[float] | None = None) -> None:
    calls = Calls(boto, "a1", on_pause=(told if told is not None else []).append)
    list(executor.run([CreateDomain(domain=WANTED, tags={})], calls))


def test_a_domain_that_is_being_made_is_waited_for(boto: Any, pauses: list[float]) -> None:
    told: list[float] = []

    with answering(boto, domain("UPDATING"), domain("UPDATING"), domain("AVAILABLE")):
        create(boto, told)

    assert told == pauses == [5, 5]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([domain("UPDATING")] * 25, "UPDATING"),
        ([domain("PENDING_OWNERSHIP_VERIFICATION", "Prove it")], "Prove it"),
    ],
)
def test_a_domain_that_does_not_become_available_is_an_error(
    boto: Any, pauses: list[float], answers: list[Any], said: str
) -> None:
    with (
        answering(boto, *answers),
        pytest.raises(AwsError, match=rf"ws\.example\.com available: {said}\. Apply again") as caught,
    ):
        create(boto)

    assert caught.value.request_id == "r0"
    assert sum(pauses) <= 120


def test_a_limited_rate_is_waited_out(boto: Any, pauses: list[float]) -> None:
    throttled = (429, {"message": "Too Many Requests"})

    with answering(boto, throttled, throttled, domain("AVAILABLE")):
        create(boto)
    assert pauses == [5, 10]

    with answering(boto, *[throttled] * (len(PAUSES) + 1)), pytest.raises(Throttled):
        create(boto)


def test_what_the_run_says_while_it_waits_ends_it(boto: Any, pauses: list[float]) -> None:
    def taken_over(seconds: float) -> None:
        raise RuntimeError

    calls = Calls(boto, "a1", on_pause=taken_over)

    with answering(boto, (429, {})), pytest.raises(RuntimeError):
        calls.call("create_domain_name", DomainName="ws.example.com")
    assert pauses == []


def test_all_pages_of_mappings_are_read(boto: Any) -> None:
    first = {"items": [{"apiMappingId": "m1", "apiId": "a1", "stage": "live"}], "nextToken": "t"}
    second = {"items": [{"apiMappingId": "m2", "apiId": "a2", "stage": "live", "apiMappingKey": "v1"}]}
    listed = {"items": [domain("AVAILABLE")[1] | {"tags": {"apigw-ws:uid": "u1"}}]}

    with answering(boto, (200, listed), (200, first), (200, second)) as asked:
        (state,) = domains.read(boto, lambda: None, uid="u1", wanted=None)

    assert [mapping.id for mapping in state.mappings] == ["m1", "m2"]
    assert asked[-1].endswith("nextToken=t")


class Zones:
    """What of Route 53 is asked, with these records in every zone."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = records
        self.changes: list[Any] = []

    def list_resource_record_sets(self, **_: Any) -> dict[str, Any]:
        return {"ResourceRecordSets": self.records}

    def change_resource_record_sets(self, **asked: Any) -> dict[str, Any]:
        self.changes += asked["ChangeBatch"]["Changes"]
        return {"ResponseMetadata": {}}


def test_only_the_record_that_points_at_the_domain_is_removed(boto: Any) -> None:
    ours = {"Name": "ws.example.com.", "Type": "A", "AliasTarget": {"DNSName": "d-1.example."}}
    theirs = {"Name": "ws.example.com.", "Type": "A", "AliasTarget": {"DNSName": "d-2.example."}}
    zones = Zones(ours, theirs, {**ours, "Name": "wt.example.com."}, {**ours, "Type": "AAAA"})
    removal = RemoveAlias(name="ws.example.com", zone_id="Z1", target="d-1.example")

    list(executor.run([removal], Calls(boto, dns=lambda: zones)))

    assert zones.changes == [{"Action": "DELETE", "ResourceRecordSet": ours}]


def test_an_alias_points_into_api_gateways_own_zone(boto: Any) -> None:
    zones = Zones()
    configuration = {"apiGatewayDomainName": "d-1.example", "hostedZoneId": "ZAWS"}
    said = {"domainName": "ws.example.com", "domainNameConfigurations": [configuration]}

    with answering(boto, (200, said)):
        list(executor.run([CreateAlias(name="ws.example.com", zone_id="Z1")], Calls(boto, dns=lambda: zones)))

    (change,) = zones.changes
    assert change["Action"] == "CREATE"
    assert change["ResourceRecordSet"]["AliasTarget"]["HostedZoneId"] == "ZAWS"
