"""Takes a gateway out of AWS: what there is of it, in the order in which AWS lets it go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apigw_ws.aws.calls import Calls
from apigw_ws.aws.executor import perform
from apigw_ws.aws.operations import Operation
from apigw_ws.aws.spec import Snapshot
from apigw_ws.exceptions import AwsError


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveApi(Operation):
    """The API and all that is below it: AWS removes them in one call."""

    destructive = True

    api_id: str
    name: str
    routes: tuple[str, ...]
    #: Keys of routes in this API that were not made here. They cannot outlive it.
    foreign: tuple[str, ...]
    stages: tuple[str, ...]

    def describe(self) -> str:
        parts = [
            _("Remove the API “%(name)s” (%(id)s).") % {"name": self.name, "id": self.api_id},
            *_with(_("Its routes go too: %(names)s."), self.routes),
            *_with(_("So do routes that were not made here: %(names)s."), self.foreign),
            *_with(_("Its stages go too, and their connections are closed: %(names)s."), self.stages),
        ]
        return " ".join(parts)


def plan(snapshot: Snapshot | None) -> tuple[Operation, ...]:
    """The operations, in order, after which AWS holds nothing of the gateway."""
    return (*_api(snapshot),) if snapshot else ()


def log_groups(snapshot: Snapshot | None) -> tuple[str, ...]:
    """The log groups that API Gateway makes for stages with execution logging, and never removes.

    AWS's guide does not say how they are called for WebSocket APIs; these are the names seen in accounts.
    """
    if snapshot is None:
        return ()
    return tuple(f"/aws/apigateway/{snapshot.api_id}/{stage.name}" for stage in snapshot.stages)


def _api(snapshot: Snapshot) -> Iterator[Operation]:
    yield RemoveApi(
        api_id=snapshot.api_id,
        name=snapshot.api.name,
        routes=tuple(route.key for route in snapshot.routes if route.managed),
        foreign=tuple(route.key for route in snapshot.routes if not route.managed),
        stages=tuple(stage.name for stage in snapshot.stages),
    )


@perform.register
def remove_api(operation: RemoveApi, calls: Calls) -> None:
    delete(calls, "delete_api", ApiId=operation.api_id)


def delete(calls: Calls, method: str, **parameters: str) -> None:
    """Afterwards the thing is gone; that somebody else, or a lost answer, deleted it is no error."""
    try:
        calls.call(method, **parameters)
    except AwsError as error:
        if error.status != 404:
            raise


def _with(sentence: str, names: tuple[str, ...]) -> list[str]:
    return [sentence % {"names": ", ".join(names)}] if names else []
