"""Route 53: one made-up hosted zone whose records can be read and changed."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from typing import Any

from apigw_ws.emulator.aws_services import route53_changes as changes
from apigw_ws.emulator.state import State
from apigw_ws.emulator.values import AwsError

Values = dict[str, Any]
NAME_SERVERS = ("ns-1.awsdns-01.com.", "ns-2.awsdns-02.net.", "ns-3.awsdns-03.org.", "ns-4.awsdns-04.co.uk.")
_ALPHABET = string.ascii_uppercase + string.digits


class Route53:
    def __init__(self, state: State, now: Callable[[], float]) -> None:
        self._now = now
        self._zones: dict[str, Values] = state.section("hosted_zones")
        if not self._zones:
            zone = _new_zone("example.com.")
            self._zones[zone["Id"]] = zone
            state.save()

    def operations(self) -> dict[str, Any]:
        return {
            "ChangeResourceRecordSets": self.change_resource_record_sets,
            "GetChange": self.get_change,
            "GetHostedZone": self.get_hosted_zone,
            "ListHostedZones": self.list_hosted_zones,
            "ListResourceRecordSets": self.list_resource_record_sets,
        }

    def list_hosted_zones(self, asked: Values) -> Values:
        size = _size(asked, 100)
        zones = [self._shown(zone) for zone in self._zones.values()]
        start = next(
            (n for n, zone in enumerate(zones) if zone["Id"].endswith(asked.get("Marker", ""))), len(zones)
        )
        page: Values = {
            "HostedZones": zones[start : start + size],
            "Marker": asked.get("Marker"),
            "IsTruncated": start + size < len(zones),
            "MaxItems": str(size),
        }
        if page["IsTruncated"]:
            page["NextMarker"] = zones[start + size]["Id"].rpartition("/")[2]
        return page

    def get_hosted_zone(self, asked: Values) -> Values:
        zone = self._zone(asked["Id"])
        return {"HostedZone": self._shown(zone), "DelegationSet": {"NameServers": list(NAME_SERVERS)}}

    def get_change(self, asked: Values) -> Values:
        """Changes are everywhere at once."""
        return {"ChangeInfo": self._change(asked["Id"].rpartition("/")[2], "INSYNC")}

    def change_resource_record_sets(self, asked: Values) -> Values:
        """All of the batch has happened, or none of it."""
        zone = self._zone(asked["HostedZoneId"])
        batch = asked["ChangeBatch"]
        zone["Records"] = changes.applied(zone, batch["Changes"])
        return {"ChangeInfo": self._change(_new_id("C"), "PENDING", batch.get("Comment"))}

    def list_resource_record_sets(self, asked: Values) -> Values:
        zone, size = self._zone(asked["HostedZoneId"]), _size(asked, 300)
        start = _start(asked)
        records = sorted(zone["Records"], key=changes.order)
        found = [record for record in records if changes.order(record) >= start]
        page: Values = {
            "ResourceRecordSets": found[:size],
            "IsTruncated": len(found) > size,
            "MaxItems": str(size),
        }
        if page["IsTruncated"]:
            following = found[size]
            page |= {"NextRecordName": following["Name"], "NextRecordType": following["Type"]}
            page["NextRecordIdentifier"] = following.get("SetIdentifier")
        return page

    def _zone(self, name: str) -> Values:
        zone = self._zones.get(name.rpartition("/")[2])
        if zone is None:
            raise AwsError(
                "NoSuchHostedZone", 404, f"No hosted zone found with ID: {name.rpartition('/')[2]}"
            )
        return zone

    def _shown(self, zone: Values) -> Values:
        return {
            "Id": f"/hostedzone/{zone['Id']}",
            "Name": zone["Name"],
            "CallerReference": zone["CallerReference"],
            "Config": {"Comment": "Made up by the emulator", "PrivateZone": False},
            "ResourceRecordSetCount": len(zone["Records"]),
        }

    def _change(self, name: str, status: str, comment: str | None = None) -> Values:
        return {"Id": f"/change/{name}", "Status": status, "SubmittedAt": self._now(), "Comment": comment}


def _new_id(first: str) -> str:
    return first + "".join(secrets.choice(_ALPHABET) for _ in range(20))


def _new_zone(name: str) -> Values:
    authority = f"{NAME_SERVERS[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    return {
        "Id": _new_id("Z"),
        "Name": name,
        "CallerReference": "apigw-ws emulator",
        "Records": [
            {
                "Name": name,
                "Type": "NS",
                "TTL": 172_800,
                "ResourceRecords": [{"Value": n} for n in NAME_SERVERS],
            },
            {"Name": name, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": authority}]},
        ],
    }


def _size(asked: Values, most: int) -> int:
    text = str(asked.get("MaxItems", most))
    if not text.isdecimal() or int(text) < 1:
        raise AwsError("InvalidInput", 400, f"The value '{text}' of maxitems is not a positive number.")
    return min(int(text), most)


def _start(asked: Values) -> tuple[list[str], str, str]:
    if asked.get("StartRecordType") and not asked.get("StartRecordName"):
        raise AwsError("InvalidInput", 400, "The input is not valid: a type needs a name to start from.")
    if not asked.get("StartRecordName"):
        return [], "", ""
    name = changes.absolute(asked["StartRecordName"])
    first = {"Name": name, "Type": asked.get("StartRecordType", "")}
    return changes.order(first | {"SetIdentifier": asked.get("StartRecordIdentifier", "")})
