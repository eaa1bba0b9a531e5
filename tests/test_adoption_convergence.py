"""From any API that was made elsewhere, whatever fails on the way: adopt, apply until it succeeds, and AWS is
as the record says, with nothing of theirs touched."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apigw_ws.models import ApiGateway, Run, Step
from apigw_ws.services import adoption, provisioning
from tests.emulator.serving import Served
from tests.foreign import CONNECTION_ID, LAMBDA, SECRET, Elsewhere
from tests.test_provisioning_convergence import apply_until_it_succeeds, faults

pytestmark = pytest.mark.django_db
BASE = "https://www.example.com/ws/"

#: A route's integration: one of its own, one that it shares, a function, an answer by itself, or none.
kinds = st.sampled_from(["own", "shared", "function", "mock", "none"])
apis = st.fixed_dictionaries(
    {
        "own": st.dictionaries(st.sampled_from(["$connect", "$default", "$disconnect"]), st.booleans()),
        "routes": st.dictionaries(st.sampled_from(["join", "leave", "ping", "count"]), kinds),
        "replies": st.booleans(),
        "stages": st.dictionaries(st.sampled_from(["live", "dev"]), st.booleans()),
        "domain": st.sampled_from(["", "root", "path", "shared"]),
        "alias": st.booleans(),
        "tags": st.sampled_from([{}, {"team": "chat"}]),
    }
)


def made(aws: Served, wanted: dict[str, Any]) -> Elsewhere:
    api = Elsewhere(aws)
    api.make(Name=f"grown {api.number}", Tags=wanted["tags"])
    secret = {"integration.request.header.Theirs": f"'{SECRET}'"}
    shared = api.call(
        "create_integration", IntegrationType="HTTP_PROXY", IntegrationMethod="POST", IntegrationUri=BASE
    )["IntegrationId"]
    for key, apart in wanted["own"].items():
        url = f"https://apart.example.com/{key[1:]}" if apart else BASE + key[1:]
        api.route(key, url, RequestParameters=CONNECTION_ID | secret)
    targets: dict[str, dict[str, str]] = {"shared": {"Target": f"integrations/{shared}"}, "none": {}}
    calls: dict[str, dict[str, Any]] = {
        "own": {"url": BASE, "TimeoutInMillis": 1000, "RequestParameters": secret},
        "function": {"url": LAMBDA, "IntegrationType": "AWS_PROXY"},
        "mock": {"url": BASE, "IntegrationType": "MOCK"},
    }
    for key, kind in wanted["routes"].items():
        if kind in calls:
            api.route(key, **calls[kind])
        else:
            api.call("create_route", RouteKey=key, **targets[kind])
    if wanted["replies"] and "$default" in wanted["own"]:
        api.reply("$default")
    _stages(api, wanted)
    return api


def _stages(api: Elsewhere, wanted: dict[str, Any]) -> None:
    if not api.call("get_routes")["Items"]:
        return  # AWS deploys no API without routes
    for name, auto in wanted["stages"].items():
        api.stage(name, AutoDeploy=auto, StageVariables={"theirs": "1"})
    if wanted["domain"] and wanted["stages"]:
        stage = next(iter(wanted["stages"]))
        path = "chat" if wanted["domain"] == "path" else ""
        name = api.domain(stage, path=path, alias=wanted["alias"])
        if wanted["domain"] == "shared":
            api.call("create_api_mapping", DomainName=name, Stage=stage, ApiMappingKey="too")


def theirs(api: Elsewhere, keys: set[str], stage: str) -> dict[str, Any]:
    """What no gateway has: routes with other keys and what they call, other stages, mappings, DNS."""
    dump = api.dump()
    routes = [route for route in dump["get_routes"] if route["RouteKey"] not in keys]
    called = {route.get("Target", "").removeprefix("integrations/") for route in routes}
    return {
        "routes": routes,
        "integrations": [each for each in dump["get_integrations"] if each["IntegrationId"] in called],
        "stages": sorted(each["StageName"] for each in dump["get_stages"] if each["StageName"] != stage),
        "mappings": dump["mappings"],
        "zone": dump["zone"],
        "tags": {key: value for key, value in dump["api"]["Tags"].items() if not key.startswith("apigw-ws:")},
    }


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],
)
@given(wanted=apis, fault=faults)
def test_whatever_fails_after_an_adoption_the_plan_ends_up_empty_and_theirs_is_as_it_was(
    aws: Served,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wanted: dict[str, Any],
    fault: dict[str, Any],
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    caplog.set_level(logging.DEBUG, "apigw_ws")
    api = made(aws, wanted)
    shown = adoption.preview(ApiGateway(), api.api_id)
    gateway = adoption.adopt(ApiGateway(), api.api_id, seen=shown.digest)
    if not gateway.target_base_endpoint:
        gateway.target_base_endpoint = BASE
        gateway.save()
    additional = gateway.additional_routes.values_list("route_key", flat=True)
    keys = {"$connect", "$default", "$disconnect", *additional}
    before = theirs(api, keys, gateway.stage_name)
    aws.fault(**fault)

    apply_until_it_succeeds(gateway)

    aws.backstage("DELETE", "faults")
    assert not gateway.adopting
    assert provisioning.preview(gateway).operations == ()
    assert theirs(api, keys, gateway.stage_name) == before
    assert sorted(route["RouteKey"] for route in api.dump()["get_routes"]) == sorted(
        keys | {*wanted["routes"]}
    )
    told = [
        repr(shown),
        caplog.text,
        *Step.objects.values_list("description", flat=True),
        *Run.objects.values_list("error_text", flat=True),
    ]
    assert not any(SECRET in text for text in told)
    api.clean()
    gateway.delete()
