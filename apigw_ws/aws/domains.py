"""Reads the custom domains of a gateway, with their mappings and DNS records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from apigw_ws.aws.domain_spec import ZONE_TAG, DomainSpec, DomainState, MappingState
from apigw_ws.aws.errors import translated
from apigw_ws.aws.spec import OWNER_TAG
from apigw_ws.exceptions import AwsError

Answer = Mapping[str, Any]


def read(
    client: Any, dns: Callable[[], Any], *, uid: str, wanted: DomainSpec | None
) -> tuple[DomainState, ...]:
    """Return the domains with the gateway's tag, and the wanted one, whether or not it exists.

    ``dns`` makes Route 53's client, which is needed only if a hosted zone is named. Raises AwsError.
    """
    with translated():
        pages = client.get_paginator("get_domain_names").paginate()
        found = {item["DomainName"]: item for page in pages for item in page["Items"]}
        names = {name for name, item in found.items() if item.get("Tags", {}).get(OWNER_TAG) == uid}
        if wanted:
            names.add(wanted.name)
        return tuple(
            _state(dns, name, found.get(name), wanted, _mappings(client, name) if name in found else ())
            for name in sorted(names)
        )


def leading_to(client: Any, dns: Callable[[], Any], api_id: str) -> tuple[DomainState, ...]:
    """Return the domains with a path that leads to the API, whoever owns them. Otherwise as ``read``."""
    with translated():
        pages = client.get_paginator("get_domain_names").paginate()
        items = [item for page in pages for item in page["Items"] if _is_regional(item)]
        mapped = [(item, tuple(_mappings(client, item["DomainName"]))) for item in items]
        return tuple(
            _state(dns, item["DomainName"], item, None, mappings)
            for item, mappings in mapped
            if any(mapping.api_id == api_id for mapping in mappings)
        )


def _is_regional(item: Answer) -> bool:
    """A WebSocket API can have no others, and AWS refuses to tell the mappings of those
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-custom-domain-names.html)."""
    return all(each.get("EndpointType") == "REGIONAL" for each in item.get("DomainNameConfigurations", ()))


def alias_in(dns: Any, zone_id: str, name: str) -> tuple[Answer, ...]:
    """The address records and the CNAME of ``name`` in a zone, as Route 53 has them."""
    answer = dns.list_resource_record_sets(HostedZoneId=zone_id, StartRecordName=name, MaxItems="20")
    return tuple(
        record
        for record in answer["ResourceRecordSets"]
        if record["Name"].rstrip(".") == name and record["Type"] in ("A", "CNAME")
    )


def target_of(record: Answer) -> str:
    """What a record points at: the name of an alias, else its type and values."""
    if "AliasTarget" in record:
        return str(record["AliasTarget"]["DNSName"]).rstrip(".")
    return " ".join([record["Type"], *(item["Value"] for item in record["ResourceRecords"])])


def _state(
    dns: Callable[[], Any],
    name: str,
    item: Answer | None,
    wanted: DomainSpec | None,
    mappings: Iterable[MappingState],
) -> DomainState:
    tags = item.get("Tags", {}) if item else {}
    configuration = item["DomainNameConfigurations"][0] if item else {}
    zones = {tags.get(ZONE_TAG, ""), wanted.zone_id if wanted and wanted.name == name else ""} - {""}
    target = configuration.get("ApiGatewayDomainName", "")
    return DomainState(
        name=name,
        target=target,
        certificate_arn=configuration.get("CertificateArn", ""),
        owner=tags.get(OWNER_TAG, ""),
        zone_id=tags.get(ZONE_TAG, ""),
        mappings=tuple(mappings),
        records={
            zone: _record(dns(), zone, name, target, required=wanted is not None and zone == wanted.zone_id)
            for zone in sorted(zones)
        },
    )


def _mappings(client: Any, name: str) -> Iterator[MappingState]:
    page: Answer = {"NextToken": ""}
    while "NextToken" in page:  # boto3 has no paginator for these
        token = {"NextToken": page["NextToken"]} if page["NextToken"] else {}
        page = client.get_api_mappings(DomainName=name, **token)
        for item in page["Items"]:
            yield MappingState(
                id=item["ApiMappingId"],
                api_id=item["ApiId"],
                stage=item["Stage"],
                key=item.get("ApiMappingKey", ""),
            )


def _record(dns: Any, zone: str, name: str, target: str, *, required: bool) -> str:
    """What the name points at, ``target`` if it does so at all; a zone that is gone holds nothing."""
    try:
        with translated():
            found = [target_of(record) for record in alias_in(dns, zone, name)]
    except AwsError as error:
        if required or error.code != "NoSuchHostedZone":
            raise
        return ""
    return target if target in found else next(iter(found), "")
