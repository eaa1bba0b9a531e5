"""Random calls in random order: nothing fails but as AWS does, and what is left always fits together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.control.tables import CHILDREN, Tables
from apigw_ws.emulator.state import State
from apigw_ws.emulator.values import AwsError
from tests.emulator.conftest import Clock, plane_on

STEPS = 1_500
#: Texts that may mean something to the rules, by member; every other text is one of ANY.
HINTS: dict[str, tuple[str, ...]] = {
    "ApiKeySelectionExpression": ("$request.header.x-api-key", "nonsense", ""),
    "ApiMappingKey": ("", "v1", "v2", "a/b"),
    "AuthorizerType": ("REQUEST", "REQUEST", "JWT"),
    "AuthorizerUri": ("arn:aws:lambda",),
    "EndpointType": ("REGIONAL",),
    "DomainName": ("a.example.com", "b.example.com", "*.example.com", "a.example.org", "no domain"),
    "IdentitySource": ("context.stage", "context.stage", "nonsense"),
    "IntegrationMethod": ("POST",),
    "IntegrationResponseKey": ("$default", "/2../", "200"),
    "IntegrationUri": ("http://127.0.0.1/x", "${stageVariables.url}", "nonsense"),
    "MaxResults": ("1", "100", "x"),
    "NextToken": ("MA==", "MQ==", "x"),
    "PayloadFormatVersion": ("1.0", "2.0"),
    "ProtocolType": ("WEBSOCKET", "WEBSOCKET", "HTTP"),
    "RequestParameterKey": ("route.request.header.a", "x"),
    "RouteKey": ("$connect", "$default", "$disconnect", "chat", "$wrong", ""),
    "RouteResponseKey": ("$default", "x"),
    "RouteResponseSelectionExpression": ("$default", "", "x"),
    "RouteSelectionExpression": ("$request.body.action", ""),
    "RoutingMode": ("API_MAPPING_ONLY",),
    "Schema": ("{}", '{"properties": {"a": {"type": "string"}}}', '{"properties": 1}', "[", "1"),
    "Stage": ("prod", "test"),
    "StageName": ("prod", "test", "$default"),
}
ANY = ("a", "b", "", "$default")
#: Optional in the model, but hardly anything succeeds without them.
MOSTLY = (
    "AuthorizerUri",
    "CertificateArn",
    "DomainNameConfigurations",
    "IntegrationMethod",
    "IntegrationUri",
    "RouteSelectionExpression",
)


class Caller:
    """Makes inputs in which ids mostly exist and values mostly mean something."""

    def __init__(self, plane: ControlPlane, seed: int) -> None:
        self.plane = plane
        self.tables = plane.world.tables
        self.random = random.Random(seed)
        self.service = plane.services["apigateway"]
        acm = plane.services["acm"].operations["ListCertificates"]({})
        assert acm is not None
        self.arns = [c["CertificateArn"] for c in acm["CertificateSummaryList"]]

    def step(self) -> tuple[str, int]:
        """The operation that was called, and the status it was answered with."""
        name = self.random.choice(sorted(self.service.operations))
        if name.startswith("Delete") and self.random.random() < 0.6:
            name = "Create" + name.removeprefix("Delete") if "Settings" not in name else name
            name = name if name in self.service.operations else "CreateRoute"
        operation = self.service.model.operation_model(name)
        try:
            self.service.call(operation, self.structure(operation.input_shape))
        except AwsError as error:
            return name, error.status
        return name, 200

    def structure(self, shape: StructureShape) -> dict[str, Any]:
        needed = set(shape.required_members)
        odds = {name: 0.9 if name in MOSTLY else 0.1 for name in shape.members}
        chosen = [name for name in odds if name in needed or self.random.random() < odds[name]]
        values = {name: self.value(name, shape.members[name]) for name in chosen}
        if self.random.random() < 0.95:
            values |= {name: value for name, value in self.path().items() if name in values}
        return values

    def path(self) -> dict[str, str]:
        """Ids that belong together: a record of some kind and its parents."""
        kinds = {
            "Route": ("ApiId", "RouteId"),
            "RouteResponse": ("ApiId", "RouteId", "RouteResponseId"),
            "Integration": ("ApiId", "IntegrationId"),
            "IntegrationResponse": ("ApiId", "IntegrationId", "IntegrationResponseId"),
            "Deployment": ("ApiId", "DeploymentId"),
            "Stage": ("ApiId", "StageName"),
            "Authorizer": ("ApiId", "AuthorizerId"),
            "Model": ("ApiId", "ModelId"),
            "Api": ("ApiId",),
            "ApiMapping": ("DomainName", "ApiMappingId"),
        }
        ids: dict[str, str] = {}
        for kind in self.random.sample(sorted(kinds), len(kinds)):
            rows = self.tables.items(kind)
            if rows:
                ids |= dict(zip(kinds[kind], self.random.choice(rows)[0], strict=True))
        rows = self.tables.items("Integration")
        if rows and self.random.random() < 0.9:
            ids["Target"] = f"integrations/{self.random.choice(rows)[0][1]}"
        ids["ResourceArn"] = f"arn:aws:apigateway:eu-west-2::/apis/{ids.get('ApiId')}"
        return ids

    def value(self, name: str, shape: Shape) -> Any:
        if isinstance(shape, StructureShape):
            return self.structure(shape)
        if isinstance(shape, ListShape):
            return [self.value(name, shape.member)]
        if isinstance(shape, MapShape):
            key = {"RequestParameters": "integration.request.header.a"}.get(name, "a")
            return {key: self.value(name, shape.value)}
        if shape.type_name in ("integer", "double"):
            return self.random.choice((0, 50, 29_000, 10**6))
        if shape.type_name == "boolean":
            return self.random.random() < 0.5
        if name == "CertificateArn":
            return self.random.choice([*self.arns, "arn:aws:acm:x", "nonsense"])
        if name == "RequestParameters":
            return self.random.choice(("'a'", "context.connectionId", "", "nonsense"))
        enum = tuple(getattr(shape, "enum", ()))
        return self.random.choice(HINTS.get(name) or enum or ANY)


def orphans(tables: Tables) -> Iterator[str]:
    """Records whose parent is not there."""
    for parent, children in CHILDREN.items():
        for child in children:
            for path, _ in tables.items(child):
                if tables.get(parent, *path[:-1]) is None:
                    yield f"{child} {path} has no {parent}"


def misfits(plane: ControlPlane) -> Iterator[str]:
    """Records that name what is not there, or what is there already."""
    tables = plane.world.tables
    for path, mapping in tables.items("ApiMapping"):
        if tables.get("Stage", mapping["ApiId"], mapping["Stage"]) is None:
            yield f"mapping {path} leads nowhere"
    for path, stage in tables.items("Stage"):
        if (plane.deployed(*path) is None) != ("DeploymentId" not in stage):
            yield f"{stage} serves what it should not, or not what it should"
    for (api_id, _), route in tables.items("Route"):
        target = route.get("Target", "").removeprefix("integrations/")
        if target and tables.get("Integration", api_id, target) is None:
            yield f"{route} targets nothing"
    keys = [(path[0], route["RouteKey"]) for path, route in tables.items("Route")]
    if len(keys) != len(set(keys)):
        yield "a route key repeats"


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_called_the_answers_are_of_aws_and_the_tables_fit(
    seed: int, state: State, clock: Clock
) -> None:
    plane = plane_on(state, clock)
    caller = Caller(plane, seed)
    outcomes: dict[str, set[int]] = {}

    for _ in range(STEPS):
        name, status = caller.step()
        outcomes.setdefault(name, set()).add(status)
        assert status in (200, 400, 404, 409, 429, 501), name

    assert list(orphans(plane.world.tables)) == []
    assert list(misfits(plane)) == []
    succeeded = {name for name, statuses in outcomes.items() if 200 in statuses}
    assert len(succeeded) > 25, sorted(set(outcomes) - succeeded)
