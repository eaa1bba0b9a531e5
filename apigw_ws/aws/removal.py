"""Decides how to remove a gateway from AWS, in an order that AWS accepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apigw_ws.aws.calls import Calls
from apigw_ws.aws.domain_operations import RemoveAlias, RemoveDomain, UnmapDomain
from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.executor import perform
from apigw_ws.aws.operations import Operation
from apigw_ws.aws.spec import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveApi(Operation):
    """Removes the API with everything in it, which AWS does in one call."""

    destructive = True

    api_id: str
    name: str
    routes: tuple[str, ...]
    #: Keys of routes that were not made here. They go with the API.
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


def plan(
    snapshot: Snapshot | None, domains: tuple[DomainState, ...], *, uid: str, api_id: str
) -> tuple[Operation, ...]:
    """The operations, in order, after which AWS holds nothing of the gateway ``uid``.

    AWS keeps an API while a domain leads to it, so that the API goes last.
    """
    return (
        *(operation for state in domains for operation in _domain(state, uid, api_id)),
        *(_api(snapshot) if snapshot else ()),
    )


def remains(
    snapshot: Snapshot | None, domains: tuple[DomainState, ...], *, uid: str, api_id: str
) -> tuple[str, ...]:
    """Return what stays in AWS and why, a sentence for each thing."""
    sentences = [
        _("The custom domain “%(name)s” stays: it leads elsewhere too, or was not made here.")
        % {"name": state.name}
        for state in domains
        if state.target and not _alone(state, uid, api_id)
    ]
    for stage in snapshot.stages if snapshot else ():
        # AWS's guide does not name these for WebSocket APIs; this is how they appear in accounts.
        group = f"/aws/apigateway/{snapshot.api_id}/{stage.name}" if snapshot else ""
        sentences.append(_("The log group %(name)s stays, if there is one.") % {"name": group})
        if stage.access_log_destination_arn:
            arn = stage.access_log_destination_arn
            sentences.append(_("The access log %(name)s stays.") % {"name": arn})
    return tuple(sentences)


def _domain(state: DomainState, uid: str, api_id: str) -> Iterator[Operation]:
    alone = _alone(state, uid, api_id)
    if alone and state.has_alias(state.zone_id):
        yield RemoveAlias(name=state.name, zone_id=state.zone_id, target=state.target)
    for mapping in state.mappings:
        if mapping.api_id == api_id:
            yield UnmapDomain(name=state.name, mapping_id=mapping.id)
    if alone:
        yield RemoveDomain(name=state.name)


def _alone(state: DomainState, uid: str, api_id: str) -> bool:
    """The domain is ours and leads nowhere else."""
    return state.owner == uid and all(mapping.api_id == api_id for mapping in state.mappings)


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
    calls.remove("delete_api", ApiId=operation.api_id)


def _with(sentence: str, names: tuple[str, ...]) -> list[str]:
    return [sentence % {"names": ", ".join(names)}] if names else []
