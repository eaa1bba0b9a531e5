"""Create, get, list, update and delete, for every kind of resource alike."""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from apigw_ws.emulator.control.resources import BY_KIND, PARENT_KIND, RESOURCES, Resource
from apigw_ws.emulator.control.rules.tags import check as check_tags
from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import Values, World, bad_request, limit_reached, new_id, not_found

PAGE = 100
MOST = 500


class Crud:
    """The operations that follow from the table of resources."""

    def __init__(self, world: World, changed: Callable[[Resource, Path, Record | None], None]) -> None:
        """`changed` is called after each write with the resource, its path and what it was before."""
        self.world = world
        self.changed = changed

    def operations(self) -> dict[str, Callable[[Values], Values | None]]:
        """By AWS's names: CreateRoute, GetRoute, GetRoutes, UpdateRoute, DeleteRoute, and so on."""
        return {
            name: partial(run, resource)
            for resource in RESOURCES
            for name, run in (
                (f"Create{resource.kind}", self.create),
                (f"Get{resource.kind}", self.get),
                (f"Get{resource.plural}", self.list),
                (f"Update{resource.kind}", self.update),
                (f"Delete{resource.kind}", self.delete),
            )
        }

    def create(self, resource: Resource, asked: Values) -> Values:
        parent = self.parent(resource, asked)
        name = new_id(resource.id_length) if resource.id_length else asked[resource.id]
        record = _merged(resource, {}, asked) | {resource.id: name}
        if resource.dated:
            record["CreatedDate"] = self.world.now()
        check_tags(record.get("Tags", {}))
        resource.rule(self.world, (*parent, name), record, None)
        if resource.limit and len(self.world.tables.under(resource.kind, *parent)) >= resource.limit:
            raise limit_reached(resource.plural, "API" if parent else "account")
        return self.write(resource, (*parent, name), record, None)

    def get(self, resource: Resource, asked: Values) -> Values:
        return self.shown(resource, self.find(resource, asked)[1])

    def list(self, resource: Resource, asked: Values) -> Values:
        records = self.world.tables.under(resource.kind, *self.parent(resource, asked))
        start, size = _page(asked)
        page: Values = {"Items": [self.shown(resource, record) for record in records[start : start + size]]}
        if start + size < len(records):
            page["NextToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        return page

    def update(self, resource: Resource, asked: Values) -> Values:
        path, before = self.find(resource, asked)
        record = _merged(resource, before, asked)
        resource.rule(self.world, path, record, before)
        return self.write(resource, path, record, before)

    def delete(self, resource: Resource, asked: Values) -> None:
        path, record = self.find(resource, asked)
        resource.removal(self.world, path, record)
        self.world.tables.remove(resource.kind, *path)
        self.changed(resource, path, record)

    def write(self, resource: Resource, path: Path, record: Record, before: Record | None) -> Values:
        self.world.tables.put(resource.kind, path, record)
        self.changed(resource, path, before)
        return self.shown(resource, self.world.tables.get(resource.kind, *path) or record)

    def find(self, resource: Resource, asked: Values) -> tuple[Path, Record]:
        """The record that the input names, and its path.

        Raises:
            AwsError: 404; an unknown parent is said before an unknown child.
        """
        path = (*self.parent(resource, asked), asked[resource.id])
        record = self.world.tables.get(resource.kind, *path)
        if record is None:
            raise not_found(resource.missing(path[-1]))
        return path, record

    def parent(self, resource: Resource, asked: Values) -> Path:
        path: Path = ()
        for member in resource.parents:
            path = (*path, asked[member])
            kind = PARENT_KIND[member]
            if self.world.tables.get(kind, *path) is None:
                raise not_found(BY_KIND[kind].missing(path[-1]))
        return path

    def shown(self, resource: Resource, record: Record) -> Values:
        if resource.kind != "Api":
            return record
        address = self.world.endpoint().replace("http", "ws", 1)
        return {**record, "ApiEndpoint": f"{address}/_aws/execute-api/{record['ApiId']}"}


def _merged(resource: Resource, before: Record, asked: Values) -> Record:
    """The record with the input written over it; an empty text takes a member away."""
    record: dict[str, Any] = copy.deepcopy(dict(resource.defaults) | before)
    for name in asked.keys() - {*resource.parents, *resource.ignored}:
        value = asked[name]
        if name in resource.merged:
            value = {key: item for key, item in (record.get(name, {}) | value).items() if item != ""}
        if value != "":
            record[name] = value
        elif name in resource.defaults:
            record[name] = resource.defaults[name]
        else:
            record.pop(name, None)
    return record


def _page(asked: Values) -> tuple[int, int]:
    """Where a list starts and how long it may be; API Gateway's MaxResults is a string."""
    size = asked.get("MaxResults", str(PAGE))
    if not size.isdecimal() or not 1 <= int(size) <= MOST:
        raise bad_request(f"Invalid maxResults: it must be between 1 and {MOST}")
    try:
        start = int(base64.urlsafe_b64decode(asked.get("NextToken", "MA==")))
    except (ValueError, binascii.Error):
        start = -1
    if start < 0:
        raise bad_request("Invalid nextToken")
    return start, int(size)
