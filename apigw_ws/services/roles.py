"""Makes groups, as sets of permissions, for the people who run gateways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext as _

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import AuditEvent
from apigw_ws.services import audit, transactions

#: Tries gateways out.
_TESTS: Final = ("test_apigateway", "add_savedframe", "change_savedframe", "delete_savedframe")
#: Looks after connections. Neither reads messages nor broadcasts to very many.
_OPERATES: Final = (
    "disconnect_websocketsession",
    "send_message_websocketsession",
    "change_channels_websocketsession",
    "view_address_websocketsession",
    "add_ban",
    "change_ban",
    *_TESTS,
    "send_broadcast",
    "add_broadcasttemplate",
    "change_broadcasttemplate",
    "delete_broadcasttemplate",
)
#: Makes and changes what is in AWS, and who may join what; nothing that cannot be undone.
_DEPLOYS: Final = (
    "add_apigateway",
    "change_apigateway",
    "deploy_apigateway",
    "rollback_apigateway",
    "rotate_secret_apigateway",
    *_TESTS,
    "add_channelpermission",
    "change_channelpermission",
    "delete_channelpermission",
    "add_channelpermissionrule",
    "change_channelpermissionrule",
    "delete_channelpermissionrule",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The permissions of this app that a group lacks, and has too many; codenames, sorted."""

    group: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def roles() -> dict[str, frozenset[str]]:
    """Return the groups by name, with codenames of this app's permissions; the last one has all of them."""
    models = list(apps.get_app_config("apigw_ws").get_models())
    standard = {
        f"{verb}_{each._meta.model_name}" for each in models for verb in each._meta.default_permissions
    }
    named = {codename for each in models for codename, _name in each._meta.permissions}
    viewer = frozenset(codename for codename in standard if codename.startswith("view_"))
    return {
        "WebSocket viewer": viewer,
        "WebSocket operator": viewer.union(_OPERATES),
        "WebSocket deployer": viewer.union(_DEPLOYS),
        "WebSocket administrator": frozenset(standard | named),
    }


def make(*, dry_run: bool = False) -> tuple[Change, ...]:
    """Make the groups have exactly these permissions of this app; permissions of other apps stay.

    Return what changed or, with ``dry_run``, would. Each change is audited. Raises ConfigurationError
    before the permissions are in the database.
    """
    known = {each.codename: each for each in Permission.objects.filter(content_type__app_label="apigw_ws")}
    if missing := roles()["WebSocket administrator"] - known.keys():
        problem = _("The permission “%s” is not in the database yet. Run migrate first.")
        raise ConfigurationError(problem % min(missing))
    with transactions.atomic():
        changes = tuple(_change(name, wanted) for name, wanted in roles().items())
        for change in () if dry_run else changes:
            _carry_out(change, known)
    return changes


def _change(name: str, wanted: frozenset[str]) -> Change:
    held = Permission.objects.filter(group__name=name, content_type__app_label="apigw_ws")
    has = set(held.values_list("codename", flat=True))
    return Change(group=name, added=_sorted(wanted - has), removed=_sorted(has - wanted))


def _carry_out(change: Change, known: dict[str, Permission]) -> None:
    group, _made = Group.objects.get_or_create(name=change.group)
    group.permissions.add(*(known[codename] for codename in change.added))
    group.permissions.remove(*(known[codename] for codename in change.removed))
    if change.added or change.removed:
        after = {"added": change.added, "removed": change.removed}
        audit.record(AuditEvent.Verb.CHANGE, None, what=f"{Group._meta.verbose_name} {group}", after=after)


def _sorted(codenames: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codenames))
