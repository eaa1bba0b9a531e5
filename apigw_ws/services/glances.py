"""Asks AWS while somebody waits: answers within two seconds, or with what was seen last.

A look runs in a thread that goes on when the wait is over, so that the next one finds its result. It asks
AWS, and uses of the database only what was loaded before: the gateway, its account, and what ``load`` names.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from django.core.cache import cache, caches
from django.db import connections
from django.db.models import prefetch_related_objects
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apigw_ws.exceptions import ApigwWsError, AwsUnreachable
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints

T = TypeVar("T")

#: Seconds that a page waits for AWS.
BUDGET: Final = 2
#: For ``load``: a gateway's routes.
ROUTES: Final = "additional_routes"
#: Seconds that AWS may take for one answer, even if nobody waits any longer.
PATIENCE: Final = 5


class TooSlow(AwsUnreachable):
    """AWS did not answer within the budget; the look goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance(Generic[T]):
    """What was found: without a problem, now; with one, on ``seen_on``, if ever."""

    found: T | None = None
    seen_on: datetime | None = None
    problem: ApigwWsError | None = None

    @property
    def just_now(self) -> bool:
        """Whether it was seen within the last minute."""
        return self.seen_on is not None and timezone.now() - self.seen_on < timedelta(minutes=1)


_lock = threading.Lock()
_looking: dict[Hashable, Future[Glance[Any]]] = {}


def glance(
    gateway: ApiGateway,
    look: Callable[[ApiGateway], T],
    *,
    keep: bool = False,
    load: Sequence[str] = (),
    budget: float | None = None,
) -> Glance[T]:
    """Return what ``look`` finds of one gateway; see ``glances``."""
    (seen,) = glances([gateway], look, keep=keep, load=load, budget=budget)
    return seen


def glances(
    gateways: Sequence[ApiGateway],
    look: Callable[[ApiGateway], T],
    *,
    keep: bool = False,
    load: Sequence[str] = (),
    budget: float | None = None,
) -> list[Glance[T]]:
    """Return what ``look`` finds of all gateways, in their order, within ``budget`` seconds (``BUDGET``).

    An ApigwWsError becomes the glance's problem. ``keep`` is for module-level functions whose result
    holds no secret: it stays in the cache until the next look, and concurrent callers share one look.
    """
    return _looked([(gateway, look) for gateway in _loaded(gateways, load)], keep, ROUTES in load, budget)


def together(
    gateway: ApiGateway,
    looks: Sequence[Callable[[ApiGateway], Any]],
    *,
    load: Sequence[str] = (),
    budget: float | None = None,
) -> list[Glance[Any]]:
    """Return what each of ``looks``, at the same time, finds of one gateway, in their order; all are kept."""
    (loaded,) = _loaded([gateway], load)
    return _looked([(loaded, look) for look in looks], True, ROUTES in load, budget)


def last_seen(gateways: Sequence[ApiGateway], look: Callable[[ApiGateway], T]) -> list[Glance[T]]:
    """Return what ``look`` found last of each, if kept, in their order; does not call AWS."""
    known = cache.get_many([_key(gateway, look) for gateway in gateways])
    return [known.get(_key(gateway, look), Glance()) for gateway in gateways]


def _loaded(gateways: Sequence[ApiGateway], load: Sequence[str]) -> list[ApiGateway]:
    loaded = [copy(gateway) for gateway in gateways]
    prefetch_related_objects(loaded, "account", *load)
    return loaded


def _looked(
    asked: Sequence[tuple[ApiGateway, Callable[[ApiGateway], T]]],
    keep: bool,
    routes: bool,
    budget: float | None,
) -> list[Glance[T]]:
    begun = [_begin(gateway, look, keep, routes) for gateway, look in asked]
    deadline = time.monotonic() + (BUDGET if budget is None else budget)
    seen = [_end(future, deadline) for future in begun]
    return [
        replace(cache.get(_key(gateway, look), Glance()), problem=each.problem)
        if keep and each.problem
        else each
        for (gateway, look), each in zip(asked, seen, strict=True)
    ]


def _begin(
    gateway: ApiGateway, look: Callable[[ApiGateway], T], keep: bool, routes: bool
) -> Future[Glance[T]]:
    """Start a look in a thread of its own, unless the same one is under way."""
    future: Future[Glance[T]] = Future()
    key, question = "", cast(Hashable, future)
    if keep:
        key = _key(gateway, look)
        changed = (route.updated_on for route in (gateway.additional_routes.all() if routes else ()))
        question = (key, gateway.updated_on, *changed)
    with _lock:
        if (same := _looking.setdefault(question, future)) is not future:
            return same
    speak = (translation.get_language(), timezone.get_current_timezone())
    work = (question, future, partial(_seen, gateway, look), key, *speak)
    threading.Thread(target=_work, args=work, daemon=True).start()
    return future


def _work(
    question: Hashable,
    future: Future[Glance[T]],
    see: Callable[[], Glance[T]],
    key: str,
    language: str | None,
    zone: tzinfo,
) -> None:
    try:
        with translation.override(language), timezone.override(zone):
            seen = see()
        if key and not seen.problem:
            cache.set(key, seen, timeout=None)
    except BaseException as error:  # nobody else would hear of it
        future.set_exception(error)
    else:
        future.set_result(seen)
    finally:
        with _lock:
            del _looking[question]
        connections.close_all()
        caches.close_all()


def _seen(gateway: ApiGateway, look: Callable[[ApiGateway], T]) -> Glance[T]:
    try:
        with endpoints.quickly(PATIENCE):
            return Glance(found=look(gateway), seen_on=timezone.now())
    except ApigwWsError as problem:
        return Glance(problem=problem)


def _end(future: Future[Glance[T]], deadline: float) -> Glance[T]:
    try:
        return future.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return Glance(problem=TooSlow(_("AWS has not answered in time. Look again in a moment.")))


def _key(gateway: ApiGateway, look: Callable[..., Any]) -> str:
    return f"apigw_ws:glance:{look.__module__}.{look.__qualname__}:{gateway.pk}"
