"""Decides what to change on an existing stage. Pure, like ``planner``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from apigw_ws.aws.operations import UpdateStage
from apigw_ws.aws.spec import OWNER_TAG, ROUTE_SETTINGS, VARIABLES_TAG, GatewaySpec, StageSpec, StageState

#: The fields that are compared one by one.
_PLAIN = [field.name for field in fields(StageSpec) if field.name not in ("name", "description", "variables")]


def stage_changes(spec: GatewaySpec, state: StageState) -> Iterator[UpdateStage]:
    """One operation if anything that is ours differs; unmanaged settings are left alone."""
    dropped = tuple(sorted((state.our_variables & state.variables.keys()) - spec.stage.variables.keys()))
    ledger = spec.stage_tags.get(VARIABLES_TAG, "")
    relabelled = ledger != state.ledger
    claimed = spec.adopts and state.owner != spec.uid
    changes = (*_changes(spec.stage, state, dropped), *(("owner",) if claimed else ()))
    if changes or relabelled:
        yield UpdateStage(
            stage=spec.stage,
            changes=changes or ("list of variables",),
            kept=_kept(spec.stage, state) if not ROUTE_SETTINGS.keys().isdisjoint(changes) else {},
            dropped=dropped,
            tags={
                **({OWNER_TAG: spec.uid} if claimed else {}),
                **({VARIABLES_TAG: ledger} if relabelled and ledger else {}),
            },
            dropped_tags=(VARIABLES_TAG,) if relabelled and not ledger else (),
        )


def _changes(stage: StageSpec, state: StageState, dropped: tuple[str, ...]) -> Iterator[str]:
    if stage.description != state.description:
        yield "description"
    for name in _PLAIN:
        wanted = getattr(stage, name)
        if wanted not in (None, "") and wanted != getattr(state, name):
            yield name
    if dropped or any(state.variables.get(name) != value for name, value in stage.variables.items()):
        yield "variables"
    # With automatic deployment AWS moves the stage by itself, past the digest that says what is live.
    if state.auto_deploy:
        yield "auto deploy"


def _kept(stage: StageSpec, state: StageState) -> dict[str, object]:
    """The settings of all routes that are not ours. AWS shows limits that nobody set as 0, which, sent back,
    would let nothing through."""
    there = {name: getattr(state, name) for name in ROUTE_SETTINGS if getattr(stage, name) in (None, "")}
    return {name: value for name, value in there.items() if value not in (0, "OFF")}
