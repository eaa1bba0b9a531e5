"""Failures on request: AWS at its worst, on the nth call of an operation.

Operations are named ``apigateway:CreateRoute``, ``execute-api:PostToConnection`` and, for the calls to the
backend, ``execute-api:$connect``, ``execute-api:$disconnect`` or ``execute-api:`` and a route key; ``*`` and
``?`` match as in file names.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, TypeVar, get_args

T = TypeVar("T")
Effect = Literal["delay", "drop", "error", "reset", "throttle", "timeout"]

_WHEN: Final = ("before", "after")
#: The least and the greatest number that a member may be.
_RANGES: Final = {"nth": (1, 10**9), "times": (1, 10**9), "status": (400, 599), "seconds": (0, 86_400)}
_MEMBERS: Final = ("operation", "effect", "when", *_RANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, and when.

    ``error`` answers ``status``, ``throttle`` 429; ``reset`` cuts the connection, ``timeout`` does so after
    ``seconds`` (a minute, unless given); ``delay`` adds ``seconds`` and lets the call succeed; ``drop``
    keeps a call to the backend from being made.
    """

    operation: str
    effect: Effect
    #: Whether the operation has taken effect when it fails.
    when: Literal["before", "after"] = "before"
    #: The first call that is hit, counted from now.
    nth: int = 1
    #: How many calls are hit; None: every one from then on.
    times: int | None = 1
    status: int = 500
    seconds: float = 0.0

    @classmethod
    def parse(cls, data: Any) -> Fault:
        """The fault that a JSON object describes. Raises ValueError with a sentence."""
        if not isinstance(data, Mapping) or not {"operation", "effect"} <= set(data):
            raise ValueError("A fault is a JSON object with at least “operation” and “effect”.")
        for name, value in data.items():
            if name not in _MEMBERS:
                raise ValueError(f"A fault has no “{name}”; it has {', '.join(_MEMBERS)}.")
            if not _fits(name, value):
                raise ValueError(f"“{name}” cannot be {value!r}.")
        return cls(**data)


class Faulted(Exception):
    """The call was hit by a fault that fails it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.effect} on request")
        self.fault = fault


class Faults:
    """The faults that are set, each with the number of calls it has seen."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._ids = itertools.count(1)
        self._set: dict[int, tuple[Fault, itertools.count[int]]] = {}
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> int:
        """The number by which the fault can be removed."""
        number = next(self._ids)
        self._set[number] = (fault, itertools.count(1))
        return number

    def remove(self, number: int) -> bool:
        return self._set.pop(number, None) is not None

    def clear(self) -> None:
        self._set.clear()

    def list(self) -> dict[int, Fault]:
        return {number: fault for number, (fault, _) in self._set.items()}

    def hit(self, operation: str) -> Fault | None:
        """The fault that this call of ``operation`` meets. Every fault that matches has counted it."""
        hits = [
            fault
            for fault, seen in self._set.values()
            if fnmatchcase(operation, fault.operation) and _is_due(fault, next(seen))
        ]
        return hits[0] if hits else None

    async def around(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        """What ``call`` returns, or Faulted raised before or after it."""
        fault = self.hit(operation)
        if fault is None:
            return await call()
        early = [await call()] if fault.when == "after" else []
        await asyncio.sleep(fault.seconds or (60 if fault.effect == "timeout" else 0))
        if fault.effect != "delay":
            raise Faulted(fault)
        return early[0] if early else await call()


def _fits(name: str, value: Any) -> bool:
    if name in _RANGES:
        kinds = (int, float) if name == "seconds" else (int,)
        least, greatest = _RANGES[name]
        number = isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= greatest
        return number or (name == "times" and value is None)
    choices = {"effect": get_args(Effect), "when": _WHEN}.get(name)
    return isinstance(value, str) and (choices is None or value in choices)


def _is_due(fault: Fault, call: int) -> bool:
    return call >= fault.nth and (fault.times is None or call < fault.nth + fault.times)
