"""APIs as others make them, with the real boto3: for tests of adopting."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from tests.emulator.serving import Served

_numbers = count(1)
#: What every integration needs whose call reaches a WebSocketView.
CONNECTION_ID = {"integration.request.header.ConnectionId": "context.connectionId"}
SECRET = "x" * 32
ROLE = "arn:aws:iam::123456789012:role/logs"
LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)


class Elsewhere:
    """Somebody else in the account, who makes one API."""

    def __init__(self, aws: Served) -> None:
        self.aws = aws
        self.api = aws.client("apigatewayv2")
        self.dns = aws.client("route53")
        self.number = next(_numbers)
        self.api_id = ""

    def call(self, operation: str, **parameters: Any) -> Any:
        return getattr(self.api, operation)(ApiId=self.api_id, **parameters)

    def make(self, **fields: Any) -> None:
        selection = "$request.body.action"
        answer = self.api.create_api(
            **{"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": selection} | fields
        )
        self.api_id = answer["ApiId"]

    def route(self, key: str, url: str, **integration: Any) -> str:
        """A route with an integration of its own; the integration's ID."""
        made: str = self.call(
            "create_integration",
            **{"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST", "IntegrationUri": url}
            | integration,
        )["IntegrationId"]
        self.call("create_route", RouteKey=key, Target=f"integrations/{made}")
        return made

    def reply(self, key: str) -> None:
        """The route gives back what its integration answers."""
        (route,) = (each for each in self.call("get_routes")["Items"] if each["RouteKey"] == key)
        where = {"RouteId": route["RouteId"]}
        self.call("create_route_response", **where, RouteResponseKey="$default")
        self.call("update_route", **where, RouteResponseSelectionExpression="$default")

    def stage(self, name: str, **fields: Any) -> None:
        self.call("create_stage", StageName=name, **fields)
        if not fields.get("AutoDeploy"):
            self.call("create_deployment", StageName=name)

    @property
    def domains(self) -> tuple[str, str]:
        """The names that its custom domain may have."""
        return f"adopted-{self.number}.example.com", "*.example.com"

    def domain(self, stage: str, *, path: str = "", alias: bool = False, wildcard: bool = False) -> str:
        """A custom domain that leads to the stage; its name."""
        name = self.domains[wildcard]
        found = self.aws.client("acm").list_certificates()["CertificateSummaryList"]
        certificate = next(i["CertificateArn"] for i in found if i["DomainName"] == "*.example.com")
        configuration = {
            "CertificateArn": certificate,
            "EndpointType": "REGIONAL",
            "SecurityPolicy": "TLS_1_2",
        }
        made = self.api.create_domain_name(DomainName=name, DomainNameConfigurations=[configuration])
        key = {"ApiMappingKey": path} if path else {}
        self.call("create_api_mapping", DomainName=name, Stage=stage, **key)
        if alias:
            self.change_alias("CREATE", name, made["DomainNameConfigurations"][0])
        return name

    def change_alias(self, action: str, name: str, domain: Mapping[str, Any]) -> None:
        record = {
            "Name": name,
            "Type": "A",
            "AliasTarget": {
                "DNSName": domain["ApiGatewayDomainName"],
                "HostedZoneId": domain["HostedZoneId"],
                "EvaluateTargetHealth": False,
            },
        }
        changes = [{"Action": action, "ResourceRecordSet": record}]
        self.dns.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": changes})

    @property
    def zone(self) -> str:
        zones = self.dns.list_hosted_zones()["HostedZones"]
        return str(next(zone["Id"] for zone in zones if zone["Name"] == "example.com."))

    def dump(self) -> dict[str, Any]:
        """All of the API, and of every domain, as AWS shows it."""
        client = self.api
        items = {
            name: self.everything(name, ApiId=self.api_id)
            for name in (
                "get_authorizers",
                "get_deployments",
                "get_integrations",
                "get_models",
                "get_routes",
                "get_stages",
            )
        }
        domains = self.everything("get_domain_names")
        mappings = [client.get_api_mappings(DomainName=each["DomainName"])["Items"] for each in domains]
        api = {key: value for key, value in self.call("get_api").items() if key != "ResponseMetadata"}
        zone = self.records()
        return {"api": api, **items, "domains": domains, "mappings": mappings, "zone": zone}

    def clean(self) -> None:
        for domain in self.everything("get_domain_names"):
            name = domain["DomainName"]
            for mapping in self.api.get_api_mappings(DomainName=name)["Items"]:
                if mapping["ApiId"] == self.api_id:
                    self.api.delete_api_mapping(DomainName=name, ApiMappingId=mapping["ApiMappingId"])
            if name in self.domains:
                if any(record["Name"].rstrip(".") == name for record in self.records()):
                    self.change_alias("DELETE", name, domain["DomainNameConfigurations"][0])
                self.api.delete_domain_name(DomainName=name)
        if any(api["ApiId"] == self.api_id for api in self.everything("get_apis")):
            self.call("delete_api")

    def everything(self, operation: str, **where: str) -> list[dict[str, Any]]:
        """The items of all pages."""
        found: list[dict[str, Any]] = (
            self.api.get_paginator(operation).paginate(**where).build_full_result()["Items"]
        )
        return found

    def records(self) -> list[dict[str, Any]]:
        pages = self.dns.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.zone)
        return [record for page in pages for record in page["ResourceRecordSets"]]


def as_the_peer_does(aws: Served, base: str, *, secret: bool = True, domain: bool = False) -> Elsewhere:
    """What django-aws-api-gateway-websockets 4.1 makes of a gateway with the route “say”: no route has a
    route response, though all but two select one; every integration maps the connection ID and its secret."""
    peer = Elsewhere(aws)
    peer.make(
        Name=f"peer {peer.number}",
        Description="Made by the peer",
        ApiKeySelectionExpression="$request.header.x-api-key",
        DisableSchemaValidation=True,
        RouteKey="$default",
        Target=f"{base}default",
    )
    mapped = {
        "connectionId": "context.connectionId",
        **({"X-Ws-Gateway-Secret": f"'{SECRET}'"} if secret else {}),
    }
    urls = {key: base + key.lstrip("$") for key in ("$connect", "$disconnect", "$default", "say")}
    for key, url in urls.items():
        integration = peer.call(
            "create_integration",
            ConnectionType="INTERNET",
            IntegrationMethod="POST",
            IntegrationType="HTTP_PROXY",
            IntegrationUri=url,
            PassthroughBehavior="WHEN_NO_MATCH",
            PayloadFormatVersion="1.0",
            RequestParameters={f"integration.request.header.{name}": value for name, value in mapped.items()},
            TimeoutInMillis=29000,
        )
        selects = (
            {} if key in ("$connect", "$disconnect") else {"RouteResponseSelectionExpression": "$default"}
        )
        peer.call(
            "create_route",
            ApiKeyRequired=False,
            AuthorizationType="NONE",
            RouteKey=key,
            Target=f"integrations/{integration['IntegrationId']}",
            **selects,
        )
    peer.call("create_stage", StageName="production")
    peer.call("create_deployment", Description="", StageName="production")
    if domain:
        peer.domain("production")
    return peer


def by_hand(aws: Served, base: str = "https://www.example.com/ws/") -> Elsewhere:
    """What grows in AWS's console over the years."""
    hand = Elsewhere(aws)
    hand.make(
        Name=f"by hand {hand.number}",
        Description="Grown over the years",
        RouteSelectionExpression="$request.body.do",
        Tags={"team": "chat", "cost centre": "7"},
    )
    hand.route("$connect", f"{base}connect", TimeoutInMillis=5000, RequestParameters=CONNECTION_ID)
    hand.route("$default", f"{base}default", TimeoutInMillis=20_000, RequestParameters=CONNECTION_ID)
    hand.reply("$default")
    hand.route("billing", "https://billing.example.com/hook?from=ws", TimeoutInMillis=1000)
    shared = hand.route(
        "join", f"{base}room", RequestParameters=CONNECTION_ID | {"integration.request.header.Kind": "'room'"}
    )
    hand.call("create_route", RouteKey="leave", Target=f"integrations/{shared}")
    hand.route("count", LAMBDA, IntegrationType="AWS_PROXY")
    hand.route("ping", "https://unused.example.com", IntegrationType="MOCK")
    hand.call("create_route", RouteKey="idle")
    hand.call(
        "create_authorizer",
        AuthorizerType="REQUEST",
        IdentitySource=["route.request.header.Auth"],
        Name="doorman",
        AuthorizerUri=LAMBDA,
    )
    hand.call("create_model", Name="Message", Schema="{}")
    hand.stage("dev", AutoDeploy=True)
    hand.stage(
        "live",
        Description="For customers",
        StageVariables={"colour": "blue"},
        DefaultRouteSettings={
            "ThrottlingRateLimit": 50.0,
            "ThrottlingBurstLimit": 100,
            "LoggingLevel": "ERROR",
        },
        RouteSettings={"ping": {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 1}},
    )
    hand.call("create_deployment", StageName="live", Description="second")
    hand.domain("live", alias=True)
    return hand
