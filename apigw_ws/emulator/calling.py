"""Calls a route's integration: the one step between an event and the backend's answer."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from apigw_ws.emulator import frames
from apigw_ws.emulator.context import Event
from apigw_ws.emulator.faults import Fault, Faulted, Faults
from apigw_ws.emulator.forward import Answer, Forwarder, TimedOut, Unreachable
from apigw_ws.emulator.integration import Handshake, call_of
from apigw_ws.emulator.options import Options
from apigw_ws.emulator.values import DeployedRoute

logger = logging.getLogger(__name__)

#: As what CloudWatch counts a call that was made to fail, by the effect of the fault.
_COUNTED = {
    "error": "IntegrationError",
    "reset": "ExecutionError",
    "throttle": "ClientError",
    "timeout": "ExecutionError",
}
_MOCK_STATUS = re.compile(r'"statusCode"\s*:\s*([2-5]\d\d)')


class Counter(Protocol):
    """Where CloudWatch's numbers come from."""

    def count(self, api_id: str, stage: str, route_key: str, name: str, value: float = 1.0) -> None: ...


class CallFailed(Exception):
    """The integration gave no answer; what the client is told instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Caller:
    """Calls integrations and counts what became of it."""

    def __init__(
        self,
        *,
        options: Options,
        forwarder: Forwarder,
        faults: Faults,
        metrics: Counter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._forwarder = forwarder
        self._faults = faults
        self._metrics = metrics
        self._now = now

    async def call(
        self, route: DeployedRoute, event: Event, *, body: bytes = b"", handshake: Handshake | None = None
    ) -> Answer:
        """The integration's answer to ``event``. Raises CallFailed."""
        try:
            return await self._faults.around(
                f"execute-api:{route.key}", lambda: self._counted(route, event, body, handshake)
            )
        except Faulted as exc:
            if name := _COUNTED.get(exc.fault.effect):
                self.count(event, name)
            return self._faulted(exc.fault)

    async def _counted(
        self, route: DeployedRoute, event: Event, body: bytes, handshake: Handshake | None
    ) -> Answer:
        started = time.perf_counter()
        try:
            answer = await self._answer(route.integration or {}, event, body, handshake)
        except (TimedOut, Unreachable, ValueError, RecursionError) as exc:
            logger.warning("%s of %s failed: %s", route.key, event.context["apiId"], exc)
            self.count(event, "ExecutionError")
            if isinstance(exc, TimedOut):
                raise CallFailed(504, self._options.timeout_text) from exc
            raise CallFailed(500, frames.INTERNAL_ERROR) from exc
        self.count(event, "IntegrationLatency", (time.perf_counter() - started) * 1000)
        if answer.status >= 400:
            self.count(event, "IntegrationError")
        return answer

    async def _answer(
        self, integration: Mapping[str, Any], event: Event, body: bytes, handshake: Handshake | None
    ) -> Answer:
        kind = integration.get("IntegrationType")
        templates = integration.get("RequestTemplates") or {}
        if kind == "MOCK":
            status = _MOCK_STATUS.search(" ".join(templates.values()))
            return Answer(status=int(status[1]) if status else 200)
        if kind == "HTTP_PROXY" or (kind == "HTTP" and not templates):
            call = call_of(integration, event, self._options, now=self._now(), body=body, handshake=handshake)
            return await self._forwarder.send(call)
        raise Unreachable(f"{kind or 'no'} integration{' with templates' if templates else ''}: not built")

    def count(self, event: Event, name: str, value: float = 1.0) -> None:
        context = event.context
        self._metrics.count(context["apiId"], context["stage"], context["routeKey"], name, value)

    def _faulted(self, fault: Fault) -> Answer:
        """What the gateway makes of a call that was made to fail."""
        if fault.effect == "throttle":
            raise CallFailed(429, self._options.throttle_text)
        if fault.effect == "timeout":
            raise CallFailed(504, self._options.timeout_text)
        if fault.effect == "reset":
            raise CallFailed(500, frames.INTERNAL_ERROR)
        return Answer(status=fault.status if fault.effect == "error" else 200)
