"""Performs the operations on custom domains. As in ``executor``, nothing is decided here."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from apigw_ws.aws.calls import Calls
from apigw_ws.aws.domain_operations import (
    CreateAlias,
    CreateDomain,
    MapDomain,
    RemoveAlias,
    RemoveDomain,
    TagDomain,
    TakeDomain,
    UnmapDomain,
    UpdateDomain,
)
from apigw_ws.aws.domain_spec import ZONE_TAG, DomainSpec
from apigw_ws.aws.domains import alias_in, target_of
from apigw_ws.aws.spec import OWNER_TAG
from apigw_ws.exceptions import AwsError

#: How often, five seconds apart, a domain is checked until it is AVAILABLE.
DOMAIN_PATIENCE: Final = 24


def create_domain(operation: CreateDomain, calls: Calls) -> None:
    answer = calls.call("create_domain_name", **_fields(operation.domain), Tags=operation.tags)
    _wait(calls, answer)


def update_domain(operation: UpdateDomain, calls: Calls) -> None:
    _wait(calls, calls.call("update_domain_name", **_fields(operation.domain)))


def tag_domain(operation: TagDomain, calls: Calls) -> None:
    arn = calls.arn_of(f"domainnames/{operation.name}")
    tags = {ZONE_TAG: operation.zone_id} if operation.zone_id else {}
    calls.tag(arn, tags, () if tags else (ZONE_TAG,))


def take_domain(operation: TakeDomain, calls: Calls) -> None:
    calls.tag(calls.arn_of(f"domainnames/{operation.name}"), {OWNER_TAG: operation.uid})


def map_domain(operation: MapDomain, calls: Calls) -> None:
    fields = {"DomainName": operation.name, "Stage": operation.stage_name}
    if operation.mapping_id:
        calls.on_api("update_api_mapping", ApiMappingId=operation.mapping_id, **fields)
    else:
        calls.on_api("create_api_mapping", **fields)


def create_alias(operation: CreateAlias, calls: Calls) -> None:
    domain = calls.call("get_domain_name", DomainName=operation.name)["DomainNameConfigurations"][0]
    record = {
        "Name": operation.name,
        "Type": "A",
        "AliasTarget": {
            "DNSName": domain["ApiGatewayDomainName"],
            # API Gateway's own zone, not the one that the record is in.
            "HostedZoneId": domain["HostedZoneId"],
            "EvaluateTargetHealth": False,
        },
    }
    # CREATE, unlike UPSERT, fails if somebody has made a record in the meantime.
    calls.change_record(operation.zone_id, "CREATE", record)


def remove_alias(operation: RemoveAlias, calls: Calls) -> None:
    for record in alias_in(calls.dns(), operation.zone_id, operation.name):
        if target_of(record) == operation.target:
            calls.change_record(operation.zone_id, "DELETE", record)


def unmap_domain(operation: UnmapDomain, calls: Calls) -> None:
    calls.remove("delete_api_mapping", DomainName=operation.name, ApiMappingId=operation.mapping_id)


def remove_domain(operation: RemoveDomain, calls: Calls) -> None:
    calls.remove("delete_domain_name", DomainName=operation.name)


PERFORMERS: Final = (
    create_domain,
    update_domain,
    tag_domain,
    take_domain,
    map_domain,
    create_alias,
    remove_alias,
    unmap_domain,
    remove_domain,
)


def _fields(domain: DomainSpec) -> dict[str, Any]:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-custom-domain-names.html
    configuration = {
        "CertificateArn": domain.certificate_arn,
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    return {"DomainName": domain.name, "DomainNameConfigurations": [configuration]}


def _wait(calls: Calls, answer: dict[str, Any]) -> None:
    """Poll until the domain is AVAILABLE. Raises AwsError when it takes two minutes, or needs a person."""
    for _attempt in range(DOMAIN_PATIENCE):
        configuration = answer["DomainNameConfigurations"][0]
        status = configuration.get("DomainNameStatus", "AVAILABLE")
        if status != "UPDATING":
            break
        calls.pause(5)
        answer = calls.call("get_domain_name", DomainName=answer["DomainName"])
    if status != "AVAILABLE":
        raise AwsError(
            _("AWS has not made the custom domain %(name)s available: %(said)s. Apply again.")
            % {"name": answer["DomainName"], "said": configuration.get("DomainNameStatusMessage") or status},
            code=status,
            operation="GetDomainName",
            request_id=calls.request_ids[-1],
        )
