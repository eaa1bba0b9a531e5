"""Adopting APIs that were made elsewhere: by the field's existing package, and by hand in AWS's console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import prefetch_related_objects

from apigw_ws.aws.spec import IntegrationState, RouteState
from apigw_ws.exceptions import (
    ApigwWsError,
    AwsError,
    NotProvisioned,
    OwnershipConflict,
    PlanChanged,
    SecretOutdated,
)
from apigw_ws.models import ApiGateway, AuditEvent, AwsAccount
from apigw_ws.services import (
    adoption,
    deployments,
    drafts,
    drift,
    foreign,
    observation,
    provisioning,
    rotation,
    teardown,
)
from apigw_ws.services.candidates import candidates
from apigw_ws.services.drafts import Draft
from tests.app.factories import new_user
from tests.emulator.serving import Served
from tests.foreign import LAMBDA, SECRET, Elsewhere, as_the_peer_does, by_hand
from tests.test_provisioning import describe

pytestmark = pytest.mark.django_db

BASE = "https://www.example.com/ws/"
HERE = ApiGateway()
UID = "57609ff0-3153-5b6c-abf2-d9c2e1eefd42"


@pytest.fixture
def elsewhere(aws: Served) -> Iterator[Callable[..., Elsewhere]]:
    """Makes APIs that are gone after the test."""
    made: list[Elsewhere] = []

    def make(how: Callable[..., Elsewhere] = Elsewhere, *arguments: Any, **options: Any) -> Elsewhere:
        made.append(how(aws, *arguments, **options))
        return made[-1]

    yield make
    assert aws.emulator is not None
    aws.emulator.faults.clear()
    for each in made:
        each.clean()


@pytest.fixture
def peer(elsewhere: Callable[..., Elsewhere]) -> Elsewhere:
    return elsewhere(as_the_peer_does, BASE)


@pytest.fixture
def hand(elsewhere: Callable[..., Elsewhere]) -> Elsewhere:
    return elsewhere(by_hand)


def tag(api: Elsewhere, uid: str) -> None:
    arn = f"arn:aws:apigateway:{api.aws.region}::/apis/{api.api_id}"
    api.api.tag_resource(ResourceArn=arn, Tags={"apigw-ws:uid": uid})


def adopt(api: Elsewhere, **options: Any) -> ApiGateway:
    return adoption.adopt(HERE, api.api_id, **options)


def held(gateway: ApiGateway, *names: str) -> list[Any]:
    gateway.refresh_from_db()
    return [getattr(gateway, name) for name in names]


def test_each_api_of_the_region_is_listed_with_whose_it_is(
    elsewhere: Callable[..., Elsewhere], peer: Elsewhere, hand: Elsewhere
) -> None:
    tagged = elsewhere()
    tagged.make(Name="tagged")
    tag(tagged, "no uid at all")
    by_tag = elsewhere()
    by_tag.make(Name="ours by its tag")
    ours = ApiGateway.objects.create(api_name="by hand", api_id=hand.api_id)
    other = ApiGateway.objects.create(api_name="by tag")
    tag(by_tag, str(other.uid))

    found = {each.api_id: each for each in candidates(HERE)}

    states = {api.api_id: found[api.api_id].state for api in (peer, hand, tagged, by_tag)}
    assert list(states.values()) == ["free", "recorded", "other", "recorded"]
    assert found[hand.api_id].gateway == ours
    assert found[by_tag.api_id].gateway == other
    assert found[peer.api_id].description == "Made by the peer"
    order = [each.state for each in found.values()]
    assert order == sorted(order, key=["free", "other", "recorded"].index)


def test_an_api_of_the_peer_comes_in_whole(elsewhere: Callable[..., Elsewhere]) -> None:
    peer = elsewhere(as_the_peer_does, BASE, domain=True)

    gateway = adopt(peer)

    assert held(gateway, "api_name", "api_description", "target_base_endpoint", "stage_name", "region") == [
        f"peer {peer.number}",
        "Made by the peer",
        BASE,
        "production",
        "us-east-1",
    ]
    assert held(gateway, "domain_name", "two_way", "secret_version", "live_secret_version", "push_mode") == [
        f"adopted-{peer.number}.example.com",
        False,
        0,
        0,
        "plan",
    ]
    assert gateway.api_id == peer.api_id
    assert gateway.client_url.endswith(f"/{peer.api_id}/production")
    (route,) = gateway.additional_routes.all()
    assert (route.route_key, route.integration_url, route.two_way) == ("say", f"{BASE}say", False)


def test_an_api_made_by_hand_comes_in_whole(hand: Elsewhere) -> None:
    gateway = adopt(hand)

    assert held(gateway, "target_base_endpoint", "route_selection_expression", "integration_timeout") == [
        BASE,
        "$request.body.do",
        20_000,
    ]
    assert held(gateway, "tags", "two_way") == [{"team": "chat", "cost centre": "7"}, True]
    assert held(gateway, "stage_name", "stage_description", "stage_variables", "logging_level") == [
        "live",
        "For customers",
        {"colour": "blue"},
        "ERROR",
    ]
    limits = held(
        gateway, "throttling_rate_limit", "throttling_burst_limit", "detailed_metrics", "data_trace"
    )
    assert limits == [50.0, 100, None, None]
    assert held(gateway, "domain_name", "custom_domain_created", "live_domain_name") == [
        f"adopted-{hand.number}.example.com",
        True,
        f"adopted-{hand.number}.example.com",
    ]
    assert gateway.hosted_zone_id == hand.zone.removeprefix("/hostedzone/")
    routes = {
        row.route_key: (row.integration_url, row.integration_timeout)
        for row in gateway.additional_routes.all()
    }
    assert routes == {
        "billing": ("https://billing.example.com/hook?from=ws", 1000),
        "join": (f"{BASE}room", 29_000),
        "leave": (f"{BASE}room", 29_000),
    }


def test_what_no_gateway_manages_is_named_and_left_alone(hand: Elsewhere) -> None:
    left = "\n".join(adoption.preview(HERE, hand.api_id).left)

    for words in (
        "“count”: it calls a Lambda function",
        "“ping”: it calls nothing but answers by itself",
        "“idle”: it calls nothing",
        "Authorizers: doorman",
        "Models: Message",
        "single routes have on the stage: ping",
        "“dev”. It deploys by itself",
    ):
        assert words in left


def test_routes_that_do_not_name_their_connection_are_told(peer: Elsewhere, hand: Elsewhere) -> None:
    assert adoption.preview(HERE, peer.api_id).nameless == ()
    assert adoption.preview(HERE, hand.api_id).nameless == ("billing",)


@pytest.mark.parametrize("kind", [as_the_peer_does, by_hand])
def test_looking_and_adopting_leave_aws_as_it_is(
    elsewhere: Callable[..., Elsewhere], kind: Callable[..., Elsewhere]
) -> None:
    api = elsewhere(kind, BASE)
    before = api.dump()

    candidates(HERE)
    adopt(api, seen=adoption.preview(HERE, api.api_id).digest)

    assert api.dump() == before


@pytest.mark.parametrize("kind", [as_the_peer_does, by_hand])
def test_the_preview_says_what_the_first_apply_does(
    elsewhere: Callable[..., Elsewhere], kind: Callable[..., Elsewhere]
) -> None:
    api = elsewhere(kind, BASE)
    shown = adoption.preview(HERE, api.api_id)

    gateway = adopt(api)

    sentences = [change.sentence for change in shown.changes]
    assert (
        "Clear the reply setting of the route “say”: it has no route response to go with it." in sentences
    ) == (kind is as_the_peer_does)
    assert sentences == describe(provisioning.preview(gateway).operations)
    assert any("Tag the API" in change.sentence for change in shown.changes)
    keys = {difference.key for change in shown.changes for difference in change.differences}
    assert {"tag.apigw-ws:uid", "route.$connect.headers", "route.$connect.owner", "stage.owner"} <= keys
    assert keys == {difference.key for difference in drift.compare(gateway)}
    assert SECRET not in repr(shown)


def test_the_first_apply_takes_over_what_is_recorded_and_touches_nothing_else(hand: Elsewhere) -> None:
    theirs = {"count", "ping", "idle"}
    before = hand.dump()
    gateway = adopt(hand)

    provisioning.apply(gateway)

    assert not ApiGateway.objects.get().adopting
    assert provisioning.preview(gateway).operations == ()
    assert drift.compare(gateway) == []
    after = hand.dump()
    kept = [route for route in after["get_routes"] if route["RouteKey"] in theirs]
    assert kept == [route for route in before["get_routes"] if route["RouteKey"] in theirs]
    keys = sorted(route["RouteKey"] for route in after["get_routes"])
    assert keys == sorted([*(route["RouteKey"] for route in before["get_routes"]), "$disconnect"])
    for name in ("get_authorizers", "get_models"):
        assert after[name] == before[name]
    old, new = ({each["StageName"]: each for each in dump["get_stages"]} for dump in (before, after))
    assert new["dev"]["DefaultRouteSettings"] == old["dev"]["DefaultRouteSettings"]
    assert new["live"]["RouteSettings"] == old["live"]["RouteSettings"]
    assert new["live"]["DefaultRouteSettings"] == old["live"]["DefaultRouteSettings"]
    assert after["api"]["Tags"]["apigw-ws:uid"] == str(gateway.uid)
    assert after["mappings"] == before["mappings"]
    assert after["zone"] == before["zone"]


def test_an_integration_that_several_routes_call_stays_as_it_is(hand: Elsewhere) -> None:
    (join,) = (each for each in hand.call("get_routes")["Items"] if each["RouteKey"] == "join")
    shared = {"IntegrationId": join["Target"].removeprefix("integrations/")}
    before = hand.call("get_integration", **shared)

    provisioning.apply(adopt(hand))

    after = hand.call("get_integration", **shared)
    assert {**before, "ResponseMetadata": 0} == {**after, "ResponseMetadata": 0}


def test_what_somebody_makes_after_the_first_apply_is_not_taken_over(peer: Elsewhere) -> None:
    gateway = adopt(peer)
    provisioning.apply(gateway)
    peer.route("late", "https://late.example.com/")
    gateway.additional_routes.create(name="late", route_key="late", integration_url=f"{BASE}late")

    with pytest.raises(OwnershipConflict, match="late"):
        provisioning.preview(gateway)


def test_a_function_is_never_taken_over(hand: Elsewhere) -> None:
    gateway = adopt(hand)
    gateway.additional_routes.create(name="count", route_key="count", integration_url=f"{BASE}count")

    with pytest.raises(OwnershipConflict, match="count"):
        provisioning.preview(gateway)


def test_an_api_that_another_project_tags_before_the_first_apply_is_not_taken(peer: Elsewhere) -> None:
    gateway = adopt(peer)
    tag(peer, UID)

    with pytest.raises(OwnershipConflict, match=peer.api_id):
        provisioning.preview(gateway)


def test_tearing_down_waits_for_the_first_apply(peer: Elsewhere) -> None:
    gateway = adopt(peer)
    with pytest.raises(OwnershipConflict, match="Apply the gateway first"):
        teardown.preview(gateway)

    provisioning.apply(gateway)

    assert "Remove the API" in describe(teardown.preview(gateway).operations)[-1]


def test_a_deployment_from_before_the_adoption_is_gone_back_to_only_while_no_secret_is_needed(
    peer: Elsewhere, django_assert_num_queries: Any
) -> None:
    gateway = adopt(peer)
    theirs = gateway.deployment_id
    provisioning.apply(gateway)
    assert deployments.preview(gateway, theirs).operations

    rotation.start(gateway)
    provisioning.apply(gateway)
    assert deployments.preview(gateway, theirs).operations
    rotation.retire(gateway, force=True)

    loaded(gateway)
    with django_assert_num_queries(0), pytest.raises(SecretOutdated):
        deployments.preview(gateway, theirs)


@pytest.mark.parametrize("look", [deployments.listing, drift.compare, observation.observed, teardown.preview])
def test_a_look_at_what_was_loaded_asks_the_database_nothing(
    peer: Elsewhere, look: Callable[..., Any], django_assert_num_queries: Any
) -> None:
    gateway = adopt(peer)
    provisioning.apply(gateway)
    loaded(gateway)

    with django_assert_num_queries(0):
        look(gateway)


def loaded(gateway: ApiGateway) -> None:
    """All that a page loads before it looks."""
    gateway.refresh_from_db()
    prefetch_related_objects([gateway], "account", "additional_routes", "deployed_snapshots__run__started_by")


def test_what_another_project_tagged_is_taken_back_only_when_that_is_said(peer: Elsewhere) -> None:
    tag(peer, UID)
    with pytest.raises(OwnershipConflict, match="take it back"):
        adopt(peer)

    gateway = adopt(peer, take_back=True)

    assert str(gateway.uid) == UID
    provisioning.apply(gateway)
    assert peer.call("get_api")["Tags"]["apigw-ws:uid"] == UID


def lost(elsewhere: Callable[..., Elsewhere], **fields: Any) -> Elsewhere:
    """A gateway of ours without its record."""
    gateway = ApiGateway.objects.create(
        api_name="lost", target_base_endpoint=BASE, stage_variables={"a": "b"}, **fields
    )
    gateway.additional_routes.create(name="join", route_key="join", integration_url=f"{BASE}join")
    provisioning.apply(gateway)
    api = elsewhere()
    api.api_id = gateway.api_id
    gateway.delete()
    return api


def test_a_gateway_whose_record_was_lost_comes_back_with_its_secret_and_an_empty_plan(
    elsewhere: Callable[..., Elsewhere],
) -> None:
    api = lost(elsewhere, uid=UID, secret_version=3)

    gateway = adopt(api, take_back=True)

    assert str(gateway.uid) == UID
    assert held(gateway, "secret_version", "live_secret_version", "adopting") == [3, 3, False]
    assert held(gateway, "stage_variables") == [{"a": "b"}]
    assert provisioning.preview(gateway).operations == ()


def test_a_domain_of_ours_that_may_not_be_read_is_waited_for(elsewhere: Callable[..., Elsewhere]) -> None:
    api = lost(elsewhere)
    domain = api.domain("production")
    for arn in (f"apis/{api.api_id}", f"domainnames/{domain}"):
        where = f"arn:aws:apigateway:{api.aws.region}::/{arn}"
        api.api.tag_resource(ResourceArn=where, Tags={"apigw-ws:domain": domain})
    assert adoption.preview(HERE, api.api_id).draft.gateway.domain_name == domain
    api.aws.fault("apigateway:GetDomainNames", "error", status=403, times=50)

    with pytest.raises(ApigwWsError, match="names a custom domain, which could not be read"):
        adopt(api, take_back=True)


def test_a_domain_of_ours_that_is_gone_is_told_in_the_preview(elsewhere: Callable[..., Elsewhere]) -> None:
    api = lost(elsewhere, uid=UID)
    arn = f"arn:aws:apigateway:{api.aws.region}::/apis/{api.api_id}"
    api.api.tag_resource(ResourceArn=arn, Tags={"apigw-ws:domain": "gone.example.com"})

    (change,) = adoption.preview(HERE, api.api_id).changes

    assert change.sentence == "Remove the tags apigw-ws:domain from the API."
    assert describe(provisioning.preview(adopt(api, take_back=True)).operations) == [change.sentence]


def test_where_that_gateway_was_changed_in_aws_its_calls_pass_until_it_is_applied(
    elsewhere: Callable[..., Elsewhere],
) -> None:
    api = lost(elsewhere)
    for route in api.call("get_routes")["Items"]:
        target = route["Target"].removeprefix("integrations/")
        api.call("update_integration", IntegrationId=target, TimeoutInMillis=1000)

    gateway = adopt(api, take_back=True)

    assert held(gateway, "secret_version", "live_secret_version", "adopting") == [0, 0, True]
    assert "Change the route “join”: headers." in describe(provisioning.preview(gateway).operations)


def test_a_tag_that_names_nobody_is_a_sentence(peer: Elsewhere) -> None:
    tag(peer, "chat")

    with pytest.raises(OwnershipConflict, match="names no gateway"):
        adopt(peer, take_back=True)


def test_an_api_is_adopted_once(peer: Elsewhere) -> None:
    gateway = adopt(peer)

    assert adoption.preview(HERE, peer.api_id).candidate.gateway == gateway
    with pytest.raises(OwnershipConflict, match=f"is the gateway “{gateway}” already"):
        adopt(peer, name="again")
    assert [event.result for event in AuditEvent.objects.all()] == ["failed", "done"]


def test_of_two_people_at_the_same_moment_one_wins_and_the_other_is_told(
    peer: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = drafts.save

    def late(draft: Draft) -> None:
        monkeypatch.undo()
        adopt(peer, name="theirs")
        save(draft)

    monkeypatch.setattr(drafts, "save", late)

    with pytest.raises(OwnershipConflict, match="Somebody else"):
        adopt(peer, name="ours")

    assert ApiGateway.objects.get().api_name == "theirs"


def test_only_what_was_shown_is_recorded(peer: Elsewhere) -> None:
    seen = adoption.preview(HERE, peer.api_id).digest
    peer.route("late", f"{BASE}late")

    with pytest.raises(PlanChanged):
        adopt(peer, seen=seen)

    assert not ApiGateway.objects.exists()


def test_it_is_written_down_who_adopted_what(peer: Elsewhere) -> None:
    ada = new_user()
    gateway = adopt(peer, by=ada, ip="192.0.2.1")

    event = AuditEvent.objects.get()
    assert (event.verb, event.who, event.ip_address, event.gateway) == ("adopt", "ada", "192.0.2.1", gateway)
    assert event.after["routes"] == ["say"]


def test_a_route_of_every_gateway_that_calls_a_function_is_in_the_way(
    elsewhere: Callable[..., Elsewhere],
) -> None:
    api = elsewhere()
    api.make(Name="functions")
    api.route("$connect", LAMBDA, IntegrationType="AWS_PROXY")

    with pytest.raises(ApigwWsError, match="“\\$connect” calls a Lambda function"):
        adopt(api)

    assert adoption.preview(HERE, api.api_id).changes == ()


def test_a_name_that_is_taken_can_be_chosen_anew(peer: Elsewhere) -> None:
    ApiGateway.objects.create(api_name=f"peer {peer.number}")
    with pytest.raises(ApigwWsError, match="name: Gateway with this Name already exists"):
        adopt(peer)

    gateway = adopt(peer, name="chat")

    assert "Change the API's name." in describe(provisioning.preview(gateway).operations)


def test_an_api_with_nothing_in_it_is_adopted_and_says_what_it_lacks(
    elsewhere: Callable[..., Elsewhere],
) -> None:
    api = elsewhere()
    api.make(Name="empty")
    assert "target base URL" in str(adoption.preview(HERE, api.api_id).unplanned)

    gateway = adopt(api)

    assert held(gateway, "target_base_endpoint", "deployment_id", "stage_name") == ["", "", "production"]
    gateway.target_base_endpoint = BASE
    gateway.save()
    provisioning.apply(gateway)
    assert gateway.deployment_id


def test_the_stage_can_be_chosen(hand: Elsewhere) -> None:
    assert adoption.preview(HERE, hand.api_id).stages == ("dev", "live")
    with pytest.raises(NotProvisioned, match="Its stages: dev, live"):
        adopt(hand, stage_name="test")

    gateway = adopt(hand, stage_name="dev")

    assert held(gateway, "stage_name", "domain_name") == ["dev", ""]
    changes = describe(provisioning.preview(gateway).operations)
    assert "Change the stage “dev”: auto deploy, owner." in changes


def test_a_domain_that_leads_elsewhere_too_is_used_and_not_managed(
    elsewhere: Callable[..., Elsewhere], peer: Elsewhere
) -> None:
    api = elsewhere(as_the_peer_does, BASE, domain=True)
    name = f"adopted-{api.number}.example.com"
    peer.call("create_api_mapping", DomainName=name, Stage="production", ApiMappingKey="two")
    before = api.dump()["domains"]

    shown = adoption.preview(HERE, api.api_id)
    gateway = adopt(api)

    assert held(gateway, "domain_name", "certificate_arn", "live_domain_name") == [name, "", name]
    assert any("leads elsewhere too" in sentence for sentence in shown.left)
    provisioning.apply(gateway)
    assert api.dump()["domains"] == before
    gateway.refresh_from_db()
    assert gateway.live_domain_name == name


@pytest.mark.parametrize("how", [{"path": "chat"}, {"wildcard": True}], ids=["path", "wildcard"])
def test_a_domain_that_no_record_can_hold_is_left_alone(peer: Elsewhere, how: dict[str, Any]) -> None:
    name = peer.domain("production", **how)

    shown = adoption.preview(HERE, peer.api_id)

    assert shown.draft.gateway.domain_name == ""
    assert any(name in sentence for sentence in shown.left)


@pytest.mark.parametrize(
    ("operation", "domain"),
    [("route53:*", "adopted"), ("apigateway:GetDomainNames", "")],
    ids=["DNS", "domains"],
)
def test_what_may_not_be_read_is_said_and_does_not_hinder(
    hand: Elsewhere, operation: str, domain: str
) -> None:
    hand.aws.fault(operation, "error", status=403, times=50)

    shown = adoption.preview(HERE, hand.api_id)

    assert shown.draft.gateway.domain_name.startswith(domain)
    assert any("could not be read" in sentence for sentence in shown.left)
    assert shown.refusals == ()


def test_records_of_domains_that_lead_elsewhere_are_not_asked_for(hand: Elsewhere) -> None:
    configurations = hand.api.get_domain_name(DomainName=hand.domains[0])["DomainNameConfigurations"]
    configuration = {"CertificateArn": configurations[0]["CertificateArn"]}
    tags = {"apigw-ws:uid": "another", "apigw-ws:zone": "Z1"}
    name = hand.domains[0].replace("adopted", "other", 1)
    hand.api.create_domain_name(DomainName=name, DomainNameConfigurations=[configuration], Tags=tags)
    hand.aws.fault("route53:*", "error", status=403, times=50)

    shown = adoption.preview(HERE, hand.api_id)

    assert shown.draft.gateway.domain_name == hand.domains[0]
    hand.api.delete_domain_name(DomainName=name)


def test_where_no_zone_of_the_account_has_the_record_dns_stays_somebody_elses(hand: Elsewhere) -> None:
    name = hand.domains[0]
    domain = hand.api.get_domain_name(DomainName=name)
    hand.change_alias("DELETE", name, domain["DomainNameConfigurations"][0])

    gateway = adopt(hand)

    assert gateway.hosted_zone_id == ""
    provisioning.apply(gateway)


def test_routes_that_no_record_can_hold_are_left_alone(elsewhere: Callable[..., Elsewhere]) -> None:
    api = elsewhere(as_the_peer_does, BASE)
    api.route("by variable", "https://www.example.com/v")
    api.route("variable", "${stageVariables.host}")
    api.route("private", "https://internal.example.com/", ConnectionType="VPC_LINK", ConnectionId="link")

    shown = adoption.preview(HERE, api.api_id)

    assert [route.route_key for route in shown.draft.routes] == ["say"]
    assert len(shown.left) == 3


def test_half_a_limit_is_left_alone(elsewhere: Callable[..., Elsewhere]) -> None:
    api = elsewhere()
    api.make(Name="half")
    api.route("$default", f"{BASE}default")
    api.stage("live", DefaultRouteSettings={"ThrottlingRateLimit": 5.0})

    shown = adoption.preview(HERE, api.api_id)

    assert shown.draft.gateway.throttling_rate_limit is None
    assert any("throttling" in sentence for sentence in shown.left)


def test_what_guards_routes_before_django_is_named(elsewhere: Callable[..., Elsewhere]) -> None:
    api = elsewhere()
    api.make(Name="guarded")
    api.route("$connect", f"{BASE}connect")
    (route,) = api.call("get_routes")["Items"]
    api.call("update_route", RouteId=route["RouteId"], AuthorizationType="AWS_IAM", ApiKeyRequired=True)

    left = adoption.preview(HERE, api.api_id).left

    assert left == (
        "The authorization of the route “$connect” (AWS_IAM): it decides before Django does.",
        "The API key that clients need for: $connect.",
    )


def test_an_api_that_is_gone_is_an_error_of_aws(aws: Served) -> None:
    with pytest.raises(AwsError) as caught:
        adoption.preview(HERE, "nothing000")

    assert caught.value.status == 404


def test_a_route_whose_url_does_not_follow_from_the_base_url_is_marked(
    elsewhere: Callable[..., Elsewhere],
) -> None:
    api = elsewhere()
    api.make(Name="apart")
    api.route("$connect", "https://www.example.com/hook/in")
    api.route("$default", "https://www.example.com/hook/default")

    shown = adoption.preview(HERE, api.api_id)

    marked = {change.sentence for change in shown.changes if change.destructive}
    assert marked == {"Change the route “$connect”: URL, headers, owner."}
    (row,) = (value for value in shown.values if value.label == "$connect")
    assert row.value == "https://www.example.com/hook/connect"
    assert "now it calls https://www.example.com/hook/in" in row.source


def routes(**urls: str) -> list[RouteState]:
    return [
        RouteState(id=key, key=key.replace("_", "$"), integration=IntegrationState(id=key, url=url))
        for key, url in urls.items()
    ]


@pytest.mark.parametrize(
    ("urls", "base"),
    [
        ({"_connect": f"{BASE}connect", "_default": f"{BASE}default", "x": "https://x.example.com/"}, BASE),
        ({"_connect": f"{BASE}connect/", "_default": f"{BASE}default/"}, BASE),
        ({"_connect": "https://a.example.com/hook/in", "_default": "https://a.example.com/hook/msg"}, "https://a.example.com/hook/"),
        ({"_connect": "https://a.example.com/x/in", "_default": "https://a.example.com/y/msg"}, "https://a.example.com/"),
        ({"_connect": "https://a.example.com/in", "_default": "https://b.example.com/msg"}, "https://a.example.com/"),
        ({"_default": BASE}, BASE),
        ({"join": f"{BASE}join", "leave": f"{BASE}leave"}, BASE),
        ({"_default": "https://a.example.com"}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_base_url_is_what_the_routes_have_in_common(urls: dict[str, str], base: str) -> None:
    assert foreign.base_url(routes(**urls)) == base


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("ws_adopt", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_lists_previews_and_records(peer: Elsewhere, hand: Elsewhere) -> None:
    tag(hand, UID)
    listed = command()
    assert f"{peer.api_id}" in listed
    assert "tagged by another project" in listed

    shown = command("--api-id", peer.api_id)
    assert "Tag the API with apigw-ws:uid." in shown
    assert "To record this, add --commit." in shown
    assert not ApiGateway.objects.exists()

    done = command("--api-id", peer.api_id, "--name", "chat", "--commit")
    gateway = ApiGateway.objects.get(api_name="chat")
    assert f"Recorded as the gateway {gateway.pk} (chat)." in done
    assert "the gateway “chat”" in command()
    with pytest.raises(CommandError, match="take it back"):
        command("--api-id", hand.api_id, "--commit")
    command("--api-id", hand.api_id, "--take-back", "--stage", "dev", "--commit")
    assert ApiGateway.objects.get(uid=UID).stage_name == "dev"


def test_the_command_goes_to_the_account_that_is_named(peer: Elsewhere) -> None:
    AwsAccount.objects.create(label="EU live", default_region="us-east-1")

    command("--account", "EU live", "--api-id", peer.api_id, "--commit")

    gateway = ApiGateway.objects.get()
    assert (str(gateway.account), gateway.region) == ("EU live", "us-east-1")
    with pytest.raises(CommandError, match="There are: EU live"):
        command("--account", "US live")
