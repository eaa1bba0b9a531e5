"""The kind of rows that the demo has, so many times over: the console's pages are measured on them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any, Final, TypeVar
from unittest.mock import patch

from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.models import DateTimeField, Model
from django.utils import timezone

from apigw_ws import models
from apigw_ws.models import ApiGateway, AwsAccount, Run, WebSocketSession
from apigw_ws.services import figures, reaper
from apigw_ws.services.observation import Observation

Row = TypeVar("Row", bound=Model)
#: Of each of these, so many to a gateway.
OPEN: Final = 10
CLOSED: Final = 90
REFUSALS: Final = 50
EVENTS: Final = 20
USERS: Final = 10
#: Rows of what is shown in full on the page of what it belongs to: more than such a page may cost queries.
INSIDE: Final = 14

_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_RECENT: Final = "\n" + 20 * "m1763892345.123 say 200 12 345\n"
_PAYLOAD: Final = json.dumps({"action": "say", "text": "Hello, everybody. " * 10})
_FACTS: Final = {"origin": "https://elsewhere.example.com", "allowed": ["https://www.example.com"] * 3}
_ROUTE: Final = {"url": "https://www.example.com/ws/", "method": "POST", "timeout": 29_000, "two_way": True}
_ROUTES: Final = dict.fromkeys(("$connect", "$default", "$disconnect", "time"), _ROUTE)
_HOUR: Final = dt.timedelta(hours=1)


def fill(times: int, *, minutes: int = 60) -> User:
    """``times`` gateways with what is theirs, and rollups of so many minutes; all is counted and analyzed.

    Returned is an operator with a draft of a broadcast.
    """
    now = timezone.now()
    with _dated():
        users = _stored(User(username=f"user-{n}", last_login=now) for n in range(USERS * times))
        _groups(times, users)
        accounts = _accounts(times)
        gateways = _gateways(times, accounts)
        runs = _runs(gateways, users, now)
        _of_gateways(gateways, runs, now)
        _sessions(times, gateways, users, now)
        _records(times, gateways, users, now)
        _broadcasts(times, gateways, users, now)
        _keeping_out(times, users)
        _traces(times, users, now)
        _acts(times, users)
        _rollups(gateways, minutes, now)
    models.Chore.objects.create(name=reaper.NAME, started_on=now, finished_on=now)
    figures.count()
    operator = User.objects.create_superuser("operator")
    audience = {"kind": "channels", "channels": ["channel-1"]}
    models.Broadcast.objects.create(audience=audience, payload=_PAYLOAD, created_by=operator)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return operator


@contextmanager
def _dated() -> Iterator[None]:
    """Rows may say when they were made."""
    now = DateTimeField.pre_save

    def pre_save(field: DateTimeField[Any, Any], row: Model, add: bool) -> Any:
        return getattr(row, field.attname) or now(field, row, add)

    with patch.object(DateTimeField, "pre_save", pre_save):
        yield


def _stored(rows: Iterable[Row]) -> list[Row]:
    left, stored = iter(rows), []
    while chunk := [*islice(left, 2000)]:
        model: Any = type(chunk[0])
        stored += model._default_manager.bulk_create(chunk)
    return stored


def _groups(times: int, users: list[User]) -> None:
    groups = _stored(Group(name=f"group-{n}") for n in range(max(INSIDE, times // 10)))
    some = [*Permission.objects.filter(content_type__app_label="apigw_ws")[:INSIDE]]
    groups[0].permissions.set(some)
    users[0].groups.set(groups[:INSIDE])
    users[0].user_permissions.set(some)


def _accounts(times: int) -> list[AwsAccount]:
    return _stored(
        AwsAccount(label=f"account-{n}", environment=("development", "staging", "production")[n % 3])
        for n in range(max(1, times // 20))
    )


def _gateways(times: int, accounts: list[AwsAccount]) -> list[ApiGateway]:
    gateways = _stored(
        ApiGateway(
            api_name=f"gateway-{n}",
            account=accounts[n % len(accounts)],
            region="us-east-1",
            api_id=f"api{n}",
            api_endpoint=f"wss://api{n}.execute-api.us-east-1.amazonaws.com",
            api_created=True,
            deployment_id="d0",
            target_base_endpoint="https://www.example.com/ws/",
        )
        for n in range(times)
    )
    _stored(
        models.ApiGatewayAdditionalRoute(
            api_gateway=gateway,
            name="clock",
            route_key=f"time-{n}",
            integration_url="https://www.example.com/clock",
        )
        for gateway in gateways
        for n in range(INSIDE if gateway is gateways[0] else 2)
    )
    return gateways


def _runs(gateways: list[ApiGateway], users: list[User], now: dt.datetime) -> list[Run]:
    """The first of each gateway is its newest; of some, that failed."""
    runs = _stored(
        Run(
            gateway=gateway,
            started_by=users[n],
            state="failed" if n % 50 == 7 and not ago else "done",
            error_text="No access." if n % 50 == 7 else "",
            planned=6,
            started_on=now - _HOUR * (ago * 30 + n % 24),
            finished_on=now,
        )
        for n, gateway in enumerate(gateways)
        for ago in range(INSIDE if gateway is gateways[0] else 3)
    )
    _stored(
        models.Step(
            run=run,
            position=position,
            operation="CreateRoute",
            description="Create the route.",
            route_key=f"time-{position}",
            started_on=now,
            finished_on=now,
        )
        for run in runs
        for position in range(INSIDE if run is runs[0] else 6)
    )
    return runs


def _of_gateways(gateways: list[ApiGateway], runs: list[Run], now: dt.datetime) -> None:
    first = {run.gateway_id: run for run in reversed(runs)}
    _stored(
        models.DeployedSnapshot(
            gateway=gateway,
            deployment_id=f"d{ago}",
            digest="0" * 64,
            routes=_ROUTES,
            secret_version=1,
            run=first[gateway.pk],
            deployed_on=now - _HOUR * ago,
        )
        for gateway in gateways
        for ago in range(INSIDE if gateway is gateways[0] else 3)
    )
    seen = asdict(Observation(seen_on=now, pending=(), digest="0" * 64, deployment_id="d0", deployed_on=now))
    _stored(
        models.Sighting(gateway=gateway, tried_on=now, seen_on=now, observation=seen, pending=0)
        for gateway in gateways
    )
    _stored(
        models.SavedFrame(name=f"frame-{n}", gateway=gateway, payload=_PAYLOAD)
        for gateway in gateways
        for n in range(INSIDE if gateway is gateways[0] else 2)
    )


def _sessions(times: int, gateways: list[ApiGateway], users: list[User], now: dt.datetime) -> None:
    """The last ones are open, for two hours at most; the others ended in the weeks before."""
    total, are_open = times * (OPEN + CLOSED), times * OPEN
    rows = _stored(
        WebSocketSession(
            connection_id=f"{n * 2_654_435_761 % 2**32:08x}=",  # as random as those of AWS
            user=users[n % len(users)],
            api_gateway=gateways[n // 7 % len(gateways)],
            channel_name=f"channel-{n // 10 % (5 * times)}",
            ip_address=f"10.0.{n % 250}.{n // 250 % 250}",
            address_block=f"10.0.{n % 250}.{n // 250 % 250}",
            user_agent=_AGENT,
            recent=_RECENT,
            connected=newer <= are_open,
            created_on=now - 2 * _HOUR * newer / are_open,
            active_on=now - 2 * _HOUR * newer / are_open + dt.timedelta(minutes=min(5, newer)),
            request_count=n % 997,
        )
        for n, newer in enumerate(range(total, 0, -1))
    )
    _stored(
        models.ChannelMembership(session=row, name=f"further-{n % times}")
        for row in rows[-are_open:]
        for n in range(INSIDE if row is rows[-1] else 1)
    )


def _records(times: int, gateways: list[ApiGateway], users: list[User], now: dt.datetime) -> None:
    _stored(
        models.Refusal(
            guard=("origin", "rate", "token", "ban")[n % 4],
            phase="connect",
            status=403,
            reason="The origin is not among those that may connect.",
            facts=_FACTS,
            api_gateway=gateways[n % times],
            user=users[n % len(users)],
            ip_address=f"10.0.{n % 250}.7",
            address_block=f"10.0.{n % 250}.7",
            user_agent=_AGENT,
            created_on=now - dt.timedelta(seconds=n * 50),
        )
        for n in range(REFUSALS * times)
    )
    _stored(
        models.AuditEvent(
            who=f"user-{n % len(users)}",
            user=users[n % len(users)],
            gateway=gateways[n % times],
            verb="change",
            object_text=f"gateway-{n % times}",
            result="done",
            before={"api_description": "One"},
            after={"api_description": "Another"},
            happened_on=now - dt.timedelta(minutes=2 * n),
        )
        for n in range(EVENTS * times)
    )
    _stored(
        models.WebSocketToken(
            token_hash=f"{n:064}", user=users[n % len(users)], session_key_hash="f" * 64, created_on=now
        )
        for n in range(USERS * times)
    )


def _broadcasts(times: int, gateways: list[ApiGateway], users: list[User], now: dt.datetime) -> None:
    broadcasts = _stored(
        models.Broadcast(
            title=f"broadcast-{n}",
            audience={"kind": "channels", "channels": ["channel-1", "channel-2"]},
            payload=_PAYLOAD,
            state="done",
            created_by=users[n],
            total=1000,
            sent=900,
            gone=50,
            failed=50,
            created_on=now - _HOUR * n,
            started_on=now - _HOUR * n,
            finished_on=now - _HOUR * n + dt.timedelta(minutes=1),
        )
        for n in range(times)
    )
    first = broadcasts[0]
    _stored(
        models.BroadcastShard(
            broadcast=each, number=n, gateway=gateways[0], targets=[*range(500)], size=500, is_done=True
        )
        for each in broadcasts
        for n in range(INSIDE if each is first else 2)
    )
    _stored(
        models.BroadcastRecipient(
            broadcast=each,
            connection_id=f"gone-{n}=",
            result="failed" if n % 2 else "gone",
            code="LimitExceededException" if n % 2 else "GoneException",
            user_label=f"user-{n}",
        )
        for each in broadcasts
        for n in range(100 * INSIDE if each is first else 20)
    )
    _stored(
        models.BroadcastSample(broadcast=each, at=now - dt.timedelta(seconds=n), sent=90, failed=10)
        for each in broadcasts
        for n in range(10 * INSIDE if each is first else 10)
    )
    _stored(models.BroadcastTemplate(name=f"template-{n}", payload=_PAYLOAD) for n in range(times))


def _keeping_out(times: int, users: list[User]) -> None:
    """Bans, and rules of channels."""
    _stored(models.Ban(user=user, reason="Floods the lobby.", created_by=user) for user in users[: 2 * times])
    _stored(
        models.Ban(network=f"203.0.{n // 250}.{n % 250}/32", reason="Floods the lobby.", created_by=users[n])
        for n in range(times)
    )
    permissions = _stored(
        models.ChannelPermission(channel_name=f"channel-{n}", access="rules") for n in range(times)
    )
    rules = _stored(
        models.ChannelPermissionRule(channel_permission=each)
        for each in permissions
        for _ in range(INSIDE if each is permissions[0] else 1)
    )
    for rule in rules[:INSIDE]:
        rule.groups.set(Group.objects.all()[:2])
        rule.permissions.set(Permission.objects.all()[:2])


def _traces(times: int, users: list[User], now: dt.datetime) -> None:
    traces = _stored(
        models.Trace(
            channel_name=f"channel-{n}",
            reason="Ticket 7",
            ends_on=now + _HOUR if n < 3 else now,
            entry_count=20,
            created_by=users[n],
        )
        for n in range(times)
    )
    _stored(
        models.TraceEntry(
            trace=each,
            connection_id=f"{n:08x}=",
            direction="in",
            at=now,
            handler="say",
            size=200,
            payload=_PAYLOAD,
        )
        for each in traces
        for n in range(100 * INSIDE if each is traces[0] else 20)
    )


def _acts(times: int, users: list[User]) -> None:
    sessions = [*WebSocketSession.objects.values_list("pk", flat=True)[: 10 * INSIDE]]
    acts = _stored(
        models.Act(deed="disconnect", audience="10 sessions", by=users[n], finished_on=timezone.now())
        for n in range(times)
    )
    _stored(
        models.ActOutcome(act=each, session_id=session, result="done")
        for each in acts
        for session in (sessions if each is acts[0] else sessions[:5])
    )


def _rollups(gateways: list[ApiGateway], minutes: int, now: dt.datetime) -> None:
    """Of all together each minute, and of each gateway too if there are few."""
    last = int(now.timestamp() // 60)
    numbers = {
        "connects": 7,
        "messages_in": 200,
        "messages_out": 300,
        "refusals": 3,
        "live": 900,
        "took_20": 200,
    }
    _stored(
        models.Rollup(minute=last - ago, gateway=gateway, **numbers)
        for ago in range(minutes)
        for gateway in (models.Rollup.ALL, *(each.pk for each in gateways[:10]))
    )
