"""Writes the least IAM policy that is enough for a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints

Statement = dict[str, Any]


def for_gateway(gateway: ApiGateway) -> dict[str, Any]:
    """Return the policy for what this gateway uses now, ready to paste; does not call AWS.

    Statements whose Sid begins with Provision make, change and remove the API; Send reaches its connections;
    Monitor reads its metrics; Domain and Dns are there if it has a custom domain and a hosted zone.
    Console is for the wizard, the doctor and “Adopt an API”, which read the account. Before the API is made
    its ID is “*”: paste the policy again afterwards. Raises ConfigurationError without a region.
    """
    arns = _Arns.of(gateway)
    domain = _domain(arns, gateway) if gateway.domain_name else ()
    statements = [*_provision(arns), _send(arns, gateway), _monitor(), *domain, *_console(arns)]
    return {"Version": "2012-10-17", "Statement": statements}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arns:
    partition: str
    region: str
    #: “*” if the record does not say.
    account: str
    api_id: str

    @classmethod
    def of(cls, gateway: ApiGateway) -> _Arns:
        meta = endpoints.control_client(gateway).meta
        certificate = gateway.certificate_arn.split(":")
        seen = gateway.account.account_id if gateway.account else ""
        return cls(
            partition=meta.partition,
            region=meta.region_name,
            account=(certificate[4] if len(certificate) > 5 else seen) or "*",
            api_id=gateway.api_id or "*",
        )

    def control(self, path: str) -> str:
        """The ARN of something in API Gateway's control plane."""
        return f"arn:{self.partition}:apigateway:{self.region}::/{path}"


def _allow(sid: str, actions: list[str], *resources: str, **more: Any) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources), **more}


def _provision(arns: _Arns) -> Iterator[Statement]:
    api = f"apis/{arns.api_id}"
    # Our API is found by its tag, so all APIs have to be listed.
    yield _allow("ProvisionFind", ["apigateway:GET"], arns.control("apis"))
    # Making something with tags needs TagResource, too, on the collection that it is made in.
    yield _allow("ProvisionMake", ["apigateway:POST", "apigateway:TagResource"], arns.control("apis"))
    yield _allow(
        "Provision",
        [*_verbs("GET", "POST", "PATCH", "DELETE"), "apigateway:TagResource", "apigateway:UntagResource"],
        arns.control(api),
        arns.control(f"{api}/*"),
    )
    yield _allow("ProvisionTags", _verbs("POST", "PUT", "DELETE"), arns.control("tags/*"))
    # The first API or domain of an account makes this role.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    role = "role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"
    yield _allow(
        "ProvisionRole",
        ["iam:CreateServiceLinkedRole"],
        f"arn:{arns.partition}:iam::{arns.account}:{role}",
    )


def _send(arns: _Arns, gateway: ApiGateway) -> Statement:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
    api = f"arn:{arns.partition}:execute-api:{arns.region}:{arns.account}:{arns.api_id}"
    return _allow("Send", ["execute-api:ManageConnections"], f"{api}/{gateway.stage_name}/*/@connections/*")


def _monitor() -> Statement:
    # CloudWatch cannot narrow this to a metric or an API.
    return _allow("Monitor", ["cloudwatch:GetMetricData"], "*")


def _domain(arns: _Arns, gateway: ApiGateway) -> Iterator[Statement]:
    domain = arns.control(f"domainnames/{gateway.domain_name}")
    mappings = (f"{domain}/apimappings", f"{domain}/apimappings/*")
    yield _allow("DomainFind", ["apigateway:GET"], arns.control("domainnames"))
    if not gateway.certificate_arn:  # set up elsewhere: only its mapping to us is removed, with the API
        yield _allow("DomainMappings", _verbs("GET", "DELETE"), *mappings)
        return
    yield _allow("DomainMake", ["apigateway:POST", "apigateway:TagResource"], arns.control("domainnames"))
    yield _allow(
        "Domain",
        [*_verbs("GET", "POST", "PATCH", "DELETE"), "apigateway:TagResource", "apigateway:UntagResource"],
        domain,
        *mappings,
    )
    if gateway.hosted_zone_id:
        zone = gateway.hosted_zone_id.rpartition("/")[2]
        resource = f"arn:{arns.partition}:route53:::hostedzone/{zone}"
        yield _allow("DnsRead", ["route53:ListResourceRecordSets"], resource)
        yield _allow(
            "Dns", ["route53:ChangeResourceRecordSets"], resource, Condition=_only_alias(gateway.domain_name)
        )


def _console(arns: _Arns) -> Iterator[Statement]:
    kinds = ("apis", "domainnames")
    resources = [arns.control(f"{kind}{below}") for kind in kinds for below in ("", "/*")]
    yield _allow("ConsoleAdopt", ["apigateway:GET"], *resources)
    yield _allow("ConsoleDoctor", ["apigateway:GET"], arns.control("account"))
    # None of these can be narrowed before somebody has chosen. STS needs no permission to say who is asking
    # (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
    lookups = ["acm:ListCertificates", "route53:ListHostedZones", "route53:ListResourceRecordSets"]
    yield _allow("ConsoleLookups", lookups, "*")


def _only_alias(name: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html"""
    key = "route53:ChangeResourceRecordSets"
    return {
        "ForAllValues:StringEquals": {
            f"{key}NormalizedRecordNames": [name.lower().rstrip(".")],
            f"{key}RecordTypes": ["A"],
            f"{key}Actions": ["CREATE", "DELETE"],
        }
    }


def _verbs(*methods: str) -> list[str]:
    return [f"apigateway:{method}" for method in methods]
