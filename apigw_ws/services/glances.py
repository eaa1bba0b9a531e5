"""What AWS says while somebody waits: within two seconds, or as it was when it was last seen.

A look runs in a thread, which goes on when the wait is over: the next one finds what it has found. It asks
AWS, and of the database only what was loaded before: the gateway's account, and what ``load`` names of it.
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
#: To ``load`` a gateway's routes.
ROUTES: Final = "additional_routes"
#: Seconds that AWS may take for one answer, while nobody may be waiting any longer.
PATIENCE: Final = 5


class TooSlow(AwsUnreachable):
    """AWS had not answered when the budget was spent; the reading goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance(Generic[T]):
    """Without a problem it is so now, with one it was so on ``seen_on``, if it was ever seen."""

    found: T | None = None
    seen_on: datetime | None = None
    problem: ApigwWsError | None = None

    @property
    def just_now(self) -> bool:
        """It was seen within the last minute."""
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
    """What ``look`` finds of one gateway; see ``glances``."""
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
    """What ``look`` finds of all gateways at once, in their order, within ``budget`` seconds (``BUDGET``).

    What it raises as ApigwWsError is the glance's problem. To ``keep`` is for a function of a module, and for
    what holds no secret: it is in the cache until the next look, and who asks meanwhile waits for the same.
    """
    return _looked([(gateway, look) for gateway in _loaded(gateways, load)], keep, ROUTES in load, budget)


def together(
    gateway: ApiGateway,
    looks: Sequence[Callable[[ApiGateway], Any]],
    *,
    load: Sequence[str] = (),
    budget: float | None = None,
) -> list[Glance[Any]]:
    """What each of ``looks`` finds of one gateway, in their order and all at the same time; each is kept."""
    (loaded,) = _loaded([gateway], load)
    return _looked([(loaded, look) for look in looks], True, ROUTES in load, budget)


def last_seen(gateways: Sequence[ApiGateway], look: Callable[[ApiGateway], T]) -> list[Glance[T]]:
    """What ``look`` found last of each, where it was kept, in their order; does not call AWS."""
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
    """Start to look, in a thread of its own, unless somebody is at the same already."""
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
    except BaseException as error:  # the thread has nobody else to tell
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
