"""The numbers of the last minute and hour, the gateways and the channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.models import ApiGateway, AwsAccount, Channel
from apigw_ws.models.sessions import SessionState
from apigw_ws.services.health import Health, State
from apigw_ws.services.trends import TIMED, Now
from apigw_ws_admin.labels import ENVIRONMENT, HEALTH
from apigw_ws_admin.screens.home.charts import NOTHING, REFUSALS, SESSIONS, count, milliseconds
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.ways import channel_page

#: The most rows of gateways, and of channels; the lists have the rest.
MOST: Final = 8
#: The worst first.
_ORDER: Final = (State.FAILING, State.NEEDS_APPLY, State.UNKNOWN, State.NEVER_APPLIED, State.HEALTHY)

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_BROADCASTS: Final = "apigw_ws.view_broadcast"
_IN_A_MINUTE: Final = gettext_lazy("in a minute")
_IN_AN_HOUR: Final = gettext_lazy("in the last hour")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    title: str | Promise
    value: str
    #: The time that the number covers.
    note: str | Promise
    #: When it was counted, unless ``note`` says it.
    counted: datetime | None = None
    href: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    gateway: ApiGateway
    health: Health
    colour: str
    #: The environment of its account, and its colour; empty if it has none.
    environment: str
    environment_colour: str
    numbers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A channel with messages or members."""

    name: str
    href: str
    members: str
    messages: str


def tiles(now: Now, may: Callable[[str], bool]) -> list[Tile]:
    found = _of_sessions(now, may) if may(SESSIONS) else []
    return [*found, _refusals(now)] if may(REFUSALS) else found


def rows(gateways: Sequence[tuple[ApiGateway, Health]], now: Now) -> list[Row]:
    """Return the gateways that need most attention, among equals those with most sessions."""

    def rank(pair: tuple[ApiGateway, Health]) -> tuple[int, int, str]:
        gateway, health = pair
        return _ORDER.index(health.state), -now.gateways.get(gateway.pk, {}).get("live", 0), str(gateway)

    return [_row(gateway, health, now) for gateway, health in sorted(gateways, key=rank)[:MOST]]


def busiest() -> list[Busy]:
    """Return the channels with most messages a minute, then with most members, as last counted."""
    channels = Channel.objects.filter(members__gt=0).order_by("-messages", "-members", "name")[:MOST]
    return [
        Busy(
            name=each.name,
            href=channel_page(each.name),
            members=count(each.members),
            messages=count(each.messages),
        )
        for each in channels
    ]


def _of_sessions(now: Now, may: Callable[[str], bool]) -> list[Tile]:
    totals, talking = now.totals, _sessions(idle="lt1")
    in_a_minute = [
        (_("Connects"), totals["connects"], _sessions(state="all", **_between(now.minute, _MINUTE))),
        (_("Messages in"), totals["messages_in"], talking),
        (_("Messages out"), totals["messages_out"], talking),
    ]
    in_an_hour = [
        (_("Failed sends"), totals["send_failures"], _broadcasts() if may(_BROADCASTS) else ""),
        (_("Failed handlers"), totals["handler_failures"], _sessions(state="all", failed="1")),
    ]
    times = NOTHING if now.p50 is None else f"{count(now.p50)} / {milliseconds(now.p95)}"
    over = _("over %d minutes") % TIMED
    return [
        _live(now),
        *(
            Tile(title=title, value=count(number), note=_IN_A_MINUTE, href=href)
            for title, number, href in in_a_minute
        ),
        Tile(title=_("Handler p50 / p95"), value=times, note=over),
        *(
            Tile(title=title, value=count(number), note=_IN_AN_HOUR, href=href, bad=number > 0)
            for title, number, href in in_an_hour
        ),
    ]


def _sessions(**query: str) -> str:
    return reverse("admin:apigw_ws_websocketsession_changelist", query=query)


def _broadcasts() -> str:
    """Of the same hour, each with whom it did not reach. Of what a project sends there are no rows."""
    return reverse("admin:apigw_ws_activity", query={"kind": "broadcast", "span": "1h"})


def _between(begin: datetime, length: timedelta) -> dict[str, str]:
    """For a list's filter of when its rows were created, in the operator's zone as the filter has it."""
    ends = {"from": timezone.localtime(begin), "to": timezone.localtime(begin + length)}
    form = ("%Y-%m-%d", "%H:%M")
    return {
        f"created_on_{end}_{part}": f"{moment:{form[part]}}"
        for end, moment in ends.items()
        for part in (0, 1)
    }


def _live(now: Now) -> Tile:
    href = _sessions(state=SessionState.LIVE)
    if now.counted is None:
        note = _("“ws_reap --forever” counts them")
        return Tile(title=_("Live sessions"), value=NOTHING, note=note, href=href)
    value = count(now.totals["live"])
    return Tile(title=_("Live sessions"), value=value, note="", counted=now.counted, href=href)


def _refusals(now: Now) -> Tile:
    hour = _between(now.minute + _MINUTE - _HOUR, _HOUR + _MINUTE)
    number, href = now.totals["refusals"], reverse("admin:apigw_ws_refusal_changelist", query=hour)
    return Tile(title=_("Refusals"), value=count(number), note=_IN_AN_HOUR, href=href, bad=number > 0)


def _row(gateway: ApiGateway, health: Health, now: Now) -> Row:
    numbers: Mapping[str, Any] = now.gateways.get(gateway.pk, {})
    named = getattr(gateway, "environment")  # noqa: B009 - annotated
    environment = AwsAccount.Environment(named) if named else None
    return Row(
        gateway=gateway,
        health=health,
        colour=HEALTH[health.state],
        environment=str(environment.label) if environment else "",
        environment_colour=ENVIRONMENT[environment] if environment else "",
        numbers={
            name: count(numbers.get(name, 0)) for name in ("live", "connects", "messages_in", "messages_out")
        },
    )
