"""A change batch of Route 53: what the zone's records are afterwards, or every reason why not.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from apigw_ws.emulator.hosted_zones import gateway_zone
from apigw_ws.emulator.values import AwsError

Record = dict[str, Any]
Key = tuple[str, str, str]
_ADDRESS: dict[str, tuple[type[Any], str]] = {
    "A": (ipaddress.IPv4Address, "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
    "AAAA": (ipaddress.IPv6Address, "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"),
}
_GATEWAY = re.compile(r"d-[^.]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com\.")


def absolute(name: str) -> str:
    """A name as Route 53 keeps it: lower case, a dot at its end, the asterisk as an octal escape."""
    return name.lower().rstrip(".").replace("*", "\\052") + "."


def order(record: Record) -> tuple[list[str], str, str]:
    """Records are listed by their labels from the right, then by type."""
    labels = record["Name"].rstrip(".").split(".")[::-1]
    return labels, record["Type"], record.get("SetIdentifier", "")


def applied(zone: Record, batch: list[Record]) -> list[Record]:
    """The zone's records after the whole batch.

    Raises:
        AwsError: InvalidInput for a record that has no meaning, InvalidChangeBatch with every
            reason for which the batch does not fit the zone.
    """
    records = {_key(record): record for record in zone["Records"]}
    errors: list[str] = []
    for change in batch:
        record = _absolute(change["ResourceRecordSet"])
        _check_form(change["Action"], record)
        errors += [
            *_misfits(zone["Name"], record),
            *_clashes(change["Action"], record, records),
        ]
        if change["Action"] == "DELETE":
            records.pop(_key(record), None)
        else:
            records[_key(record)] = record
    errors += (text for record in records.values() for text in _lost_alias(zone["Id"], record, records))
    errors += _shared_names(zone["Name"], records)
    if errors:
        raise AwsError("InvalidChangeBatch", 400, f"[{', '.join(errors)}]")
    return list(records.values())


def _absolute(record: Record) -> Record:
    changed = record | {"Name": absolute(record["Name"])}
    if target := record.get("AliasTarget"):
        changed["AliasTarget"] = target | {"DNSName": absolute(target["DNSName"])}
    return changed


def _key(record: Record) -> Key:
    return record["Name"], record["Type"], record.get("SetIdentifier", "")


def _check_form(action: str, record: Record) -> None:
    forms = ("AliasTarget" in record) + bool("TTL" in record and record.get("ResourceRecords"))
    if forms != 1 or ("AliasTarget" in record and "TTL" in record):
        found = "more than one" if "AliasTarget" in record else "none"
        which = f"Type={record['Type']}, SetIdentifier={record.get('SetIdentifier', 'null')}"
        raise AwsError(
            "InvalidInput",
            400,
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found {found} in Change with [Action={action}, "
            f"Name={record['Name']}, {which}]",
        )


def _misfits(zone: str, record: Record) -> Iterator[str]:
    name, kind = record["Name"], record["Type"]
    if name != zone and not name.endswith(f".{zone}"):
        yield f"RRSet with DNS name {name} is not permitted in zone {zone}"
    if kind == "CNAME" and name == zone:
        yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
    for item in record.get("ResourceRecords", []) if kind in _ADDRESS else []:
        address, problem = _ADDRESS[kind]
        try:
            address(item["Value"])
        except ValueError:
            yield f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{item['Value']}''"


def _lost_alias(zone_id: str, record: Record, records: dict[Key, Record]) -> Iterator[str]:
    """An alias must name a record of this zone, or API Gateway's own zone of the region it points at."""
    target = record.get("AliasTarget")
    if target is None:
        return
    name, wanted = target["DNSName"], target["HostedZoneId"].rpartition("/")[2]
    shown = f"Tried to create an alias that targets {name}, type {record['Type']} in zone {wanted}"
    if wanted == zone_id and not any(key[:2] == (name, record["Type"]) for key in records):
        yield f"{shown}, but the alias target name was not found"
    region = _GATEWAY.fullmatch(name)
    if region and wanted != gateway_zone(region[1]):
        yield f"{shown}, but the alias target name does not lie within the target zone"


def _clashes(action: str, record: Record, records: dict[Key, Record]) -> Iterator[str]:
    known = records.get(_key(record))
    shown = f"resource record set [name='{record['Name']}', type='{record['Type']}']"
    if action == "CREATE" and known is not None:
        yield f"Tried to create {shown} but it already exists"
    if action == "DELETE" and known is None:
        yield f"Tried to delete {shown} but it was not found"
    elif action == "DELETE" and known != record:
        yield f"Tried to delete {shown} but the values provided do not match the current values"


def _shared_names(zone: str, records: dict[Key, Record]) -> Iterator[str]:
    types: dict[str, set[str]] = {}
    for name, kind, _ in records:
        types.setdefault(name, set()).add(kind)
    for name, kinds in types.items():
        if "CNAME" in kinds and len(kinds) > 1 and name != zone:
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other "
                f"records with the same DNS name in zone {zone}"
            )
    if not {"NS", "SOA"} <= types.get(zone, set()):
        yield "A HostedZone must contain at least one NS record and one SOA record for the zone itself"
