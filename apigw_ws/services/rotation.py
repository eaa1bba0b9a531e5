"""Rotates a gateway's secret without refusing an event: start, apply, watch, retire.

Starting makes the next version the wanted one and still accepts the one before. The plan then brings it into
every integration, like any change. Once no request has the old version any longer, it is retired.
From version 0 to 1 the check is turned on; until 0 is retired, requests without a secret pass.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apigw_ws.exceptions import RotationRefused
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import audit, gateways, runs

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: How long after a deployment the old secret may still come: AWS and Django's processes switch gradually.
GRACE: Final = timedelta(minutes=1)
#: How far back sessions count. No connection is older than two hours
#: (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
LOOK_BACK: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The sessions whose last connect or message came with this version; 0: without a secret."""

    version: int
    #: Open sessions.
    sessions: int
    last_seen_on: datetime
    #: Sessions heard from more than a minute after the live version went live.
    late: int
    #: Open sessions among those.
    late_open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The state of a gateway's rotation. Each ``cannot`` is a sentence, empty if the step can be taken."""

    traffic: tuple[Traffic, ...]
    cannot_start: str
    cannot_cancel: str
    cannot_retire: str
    #: How many open sessions' events would be refused after retiring.
    would_refuse: int
    #: Whether it can be retired by force: the only obstacle is that the old version may still be used.
    can_force: bool


def traffic(gateway: ApiGateway) -> tuple[Traffic, ...]:
    """Return the sessions of the last day by version, the newest version first; one query."""
    heard = gateway.sessions.filter(created_on__gt=timezone.now() - LOOK_BACK).order_by()
    heard = heard.annotate(heard_on=Coalesce("last_seen_on", "created_on"))
    is_open = Q(connected=True)
    late = Q(heard_on__gt=_graced(gateway))
    rows = heard.values("secret_version").annotate(
        sessions=Count("pk", filter=is_open),
        last=Max("heard_on"),
        late=Count("pk", filter=late),
        late_open=Count("pk", filter=late & is_open),
    )
    return tuple(
        Traffic(
            version=row["secret_version"],
            sessions=row["sessions"],
            last_seen_on=row["last"],
            late=row["late"],
            late_open=row["late_open"],
        )
        for row in rows.order_by("-secret_version")
    )


def status(gateway: ApiGateway) -> Rotation:
    """Return the state of the rotation, the traffic of each version, and the next step. Does not call AWS."""
    found = traffic(gateway)
    old = next((each for each in found if each.version == gateway.retiring_secret_version), None)
    blocked = _not_retirable(gateway)
    return Rotation(
        traffic=found,
        cannot_start=_not_startable(gateway),
        cannot_cancel=_not_cancellable(gateway),
        cannot_retire=blocked or _too_early(gateway) or _still_seen(gateway, old),
        would_refuse=old.late_open if old else 0,
        can_force=not blocked,
    )


def start(gateway: ApiGateway, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> None:
    """Want the next version, and still accept the one before. AWS does not change until the plan is applied.

    Raises RotationRefused if another rotation is unfinished, or nothing is deployed.
    """
    with _audited(AuditEvent.Verb.ROTATE_SECRET, gateway, by, ip) as outcome:
        _refuse_for(_not_startable(gateway))
        old = gateway.secret_version
        _change(gateway, secret_version=old + 1, retiring_secret_version=old)
        outcome.after = _facts(gateway)


def cancel(gateway: ApiGateway, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> None:
    """Want the version before again. The next plan takes back what a run has changed.

    Raises RotationRefused if no rotation is under way or its version is live, RunInProgress.
    """
    with _audited(AuditEvent.Verb.CANCEL_ROTATION, gateway, by, ip) as outcome:
        if run := runs.active(gateway):
            raise runs.in_progress(run)
        _refuse_for(_not_cancellable(gateway))
        _change(gateway, secret_version=gateway.retiring_secret_version, retiring_secret_version=None)
        outcome.after = _facts(gateway)


def retire(
    gateway: ApiGateway,
    *,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    force: bool = False,
) -> None:
    """Refuse the old version from now on; other processes do so within ten seconds.

    Raises RotationRefused while the new version is not live and, without ``force``, while the old one
    may still be used or was.
    """
    with _audited(AuditEvent.Verb.RETIRE_SECRET, gateway, by, ip) as outcome:
        now = status(gateway)
        _refuse_for("" if force and now.can_force else now.cannot_retire)
        _change(gateway, retiring_secret_version=None)
        outcome.after = _facts(gateway) | {"refuses": now.would_refuse, "forced": bool(now.cannot_retire)}


def _not_startable(gateway: ApiGateway) -> str:
    if gateway.retiring_secret_version is not None:
        return _("Version %(old)d is not retired yet. Finish that rotation, or cancel it.") % {
            "old": gateway.retiring_secret_version
        }
    if not gateway.deployment_id:
        return _(
            "Nothing is deployed yet: the first “Apply to AWS” brings the secret into every integration."
        )
    if gateway.live_secret_version not in (None, gateway.secret_version):
        return _not_live(gateway)
    return ""


def _not_cancellable(gateway: ApiGateway) -> str:
    if gateway.retiring_secret_version is None:
        return _("No rotation is under way.")
    if gateway.live_secret_version == gateway.secret_version:
        return _("Version %(new)d is live already. Retire the old one; then rotate once more.") % {
            "new": gateway.secret_version
        }
    return ""


def _not_retirable(gateway: ApiGateway) -> str:
    """Why it cannot be retired, not even by force."""
    if gateway.retiring_secret_version is None:
        return _("No rotation is under way.")
    return "" if gateway.live_secret_version == gateway.secret_version else _not_live(gateway)


def _not_live(gateway: ApiGateway) -> str:
    return _("Version %(new)d is not live yet. Apply the gateway to AWS first.") % {
        "new": gateway.secret_version
    }


def _too_early(gateway: ApiGateway) -> str:
    if timezone.now() >= _graced(gateway):
        return ""
    return _(
        "Version %(new)d went live just now. Wait until %(time)s, when the old one should be out of use."
    ) % {
        "new": gateway.secret_version,
        "time": _clock(_graced(gateway)),
    }


def _still_seen(gateway: ApiGateway, old: Traffic | None) -> str:
    if old is None or not old.late:
        return ""
    return _(
        "Version %(old)d is still used: sessions since version %(new)d went live: %(number)d, the last at "
        "%(time)s. Look for another stage, or for one that serves an earlier deployment."
    ) % {
        "old": old.version,
        "new": gateway.secret_version,
        "number": old.late,
        "time": _clock(old.last_seen_on),
    }


def _graced(gateway: ApiGateway) -> datetime:
    return (gateway.secret_rotated_on or timezone.now()) + GRACE


def _clock(moment: datetime) -> str:
    return date_format(timezone.localtime(moment) if timezone.is_aware(moment) else moment, "H:i:s")


def _refuse_for(reason: str) -> None:
    if reason:
        raise RotationRefused(reason)


def _change(gateway: ApiGateway, **values: Any) -> None:
    """Store the change in one statement, unless the secret was rotated, applied or retired in the meantime.

    Retiring does not change what AWS should hold, so it must not make the record newer than the last look.
    """
    known = ("secret_version", "retiring_secret_version", "live_secret_version")
    unchanged = ApiGateway.objects.filter(pk=gateway.pk, **{name: getattr(gateway, name) for name in known})
    if "secret_version" in values:
        values["updated_on"] = timezone.now()
    if not unchanged.update(**values):
        raise RotationRefused(_("The rotation has gone on in the meantime. Look at it again."))
    gateways.changed()
    for name, value in values.items():
        setattr(gateway, name, value)


def _audited(
    verb: AuditEvent.Verb, gateway: ApiGateway, by: AbstractBaseUser | None, ip: str | None
) -> AbstractContextManager[audit.Outcome]:
    return audit.recorded(verb, gateway, by=by, ip=ip, before=_facts(gateway))


def _facts(gateway: ApiGateway) -> dict[str, int | None]:
    return {"secret_version": gateway.secret_version, "retiring": gateway.retiring_secret_version}
