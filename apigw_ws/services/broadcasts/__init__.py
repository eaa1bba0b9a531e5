"""One message for many connections, with a ledger: choose whom, send, watch, and know what came of it."""

from __future__ import annotations

from apigw_ws.services.broadcasts import audiences, payloads, templates
from apigw_ws.services.broadcasts.ending import explain
from apigw_ws.services.broadcasts.jobs import (
    cancel,
    discard,
    may_control,
    pause,
    prepare,
    resume,
    retry,
    start,
)
from apigw_ws.services.broadcasts.progress import Progress, failures, progress, series
from apigw_ws.services.broadcasts.running import run
from apigw_ws.services.broadcasts.sharding import begin
from apigw_ws.services.broadcasts.tending import tend

__all__ = [
    "Progress",
    "audiences",
    "begin",
    "cancel",
    "discard",
    "explain",
    "failures",
    "may_control",
    "pause",
    "payloads",
    "prepare",
    "progress",
    "resume",
    "retry",
    "run",
    "series",
    "start",
    "templates",
    "tend",
]
