"""Channel permissions with their rules. Permissions and groups are named; there are no users."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.utils.translation import gettext as _
from import_export.fields import Field

from apigw_ws.models import ChannelPermission, ChannelPermissionRule
from apigw_ws_admin.resources.base import Transfer
from apigw_ws_admin.resources.values import check_names, listed, value_of

_VERB: Final[models.Field[Any, Any]] = ChannelPermissionRule._meta.get_field("verb")


class RulesField(Field):
    """All rules of a channel permission, sorted by content. They are stored after it."""

    def export(self, instance: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """The rules from the file, else the stored ones."""
        if hasattr(instance, "wanted_rules"):
            return _sorted(instance.wanted_rules)
        return _sorted(_said(rule) for rule in (instance.rules.all() if instance.pk else ()))

    def clean(self, row: Any, **kwargs: Any) -> list[dict[str, Any]]:
        return [_rule(rule) for rule in listed(row[self.column_name])]

    def save(self, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        instance.wanted_rules = self.clean(row, **kwargs)


class ChannelTransfer(Transfer):
    parts = (ChannelPermissionRule,)
    naming = ("channel_name",)
    rules = RulesField(attribute="rules", column_name="rules")

    class Meta(Transfer.Meta):
        model = ChannelPermission
        fields = ("channel_name", "access", "send_access", "broadcast_access", "description", "rules")
        export_order = fields
        import_id_fields = ("channel_name",)

    def get_queryset(self) -> Any:
        return self.filter_export(super().get_queryset())

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.prefetch_related("rules__permissions__content_type", "rules__groups")

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """If the file has rules, delete those that it does not have."""
        if not hasattr(instance, "wanted_rules"):
            return
        here = [(rule, _said(rule)) for rule in instance.rules.all()]
        wanted = list(instance.wanted_rules)
        for rule, said in here:
            if said in wanted:
                wanted.remove(said)
            else:
                rule.delete()
        for values in wanted:
            rule = instance.rules.create(verb=values["verb"])
            rule.permissions.set(map(_permission, values["permissions"]))
            rule.groups.set(map(_group, values["groups"]))


def _said(rule: ChannelPermissionRule) -> dict[str, Any]:
    return {
        "verb": rule.verb,
        "permissions": sorted(
            f"{each.content_type.app_label}.{each.codename}" for each in rule.permissions.all()
        ),
        "groups": sorted(group.name for group in rule.groups.all()),
    }


def _sorted(rules: Any) -> list[dict[str, Any]]:
    return sorted(rules, key=repr)


def _rule(values: Any) -> dict[str, Any]:
    """The reverse of ``_said``. Raises ValueError for names that do not exist."""
    check_names(values, ("verb", "permissions", "groups"))
    verb = value_of(_VERB, values.get("verb"))
    if verb not in dict(_VERB.flatchoices):
        raise ValueError(_("“%s” is none of “join”, “send” and “broadcast”.") % (verb,))
    permissions, groups = (listed(values.get(name)) for name in ("permissions", "groups"))
    return {
        "verb": verb,
        "permissions": sorted({_name(_permission(each)) for each in permissions}),
        "groups": sorted({_group(each).name for each in groups}),
    }


def _permission(name: Any) -> Permission:
    app, _dot, codename = str(name).partition(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename)
    for permission in found.select_related("content_type")[:1]:
        return permission
    raise ValueError(
        _("There is no permission “%s” here. Permissions are named like auth.view_user.") % (name,)
    )


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _group(name: Any) -> Group:
    if (found := Group.objects.filter(name=str(name)).first()) is None:
        raise ValueError(_("There is no group “%s” here. Add it first.") % (name,))
    return found
