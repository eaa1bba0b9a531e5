"""Active bans. An import makes missing ones; it neither changes nor lifts any."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.widgets import Widget

from apigw_ws.models import Ban
from apigw_ws.models.bans import as_network
from apigw_ws.services import bans
from apigw_ws_admin.permissions import VIEW_ADDRESS
from apigw_ws_admin.resources.base import Change, Transfer

_SUBJECT: Final = ("user", "network", "user_agent", "channel_name")


class UserWidget(Widget):
    """A user, by username."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        if not value:
            return None
        model = get_user_model()
        try:
            return model._default_manager.get_by_natural_key(str(value))
        except model.DoesNotExist:
            raise ValueError(_("There is no user “%s” here.") % (value,)) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str | None:
        return value.get_username() if value else None


class BanTransfer(Transfer):
    """Without VIEW_ADDRESS, bans of networks are not exported, and files with some are refused."""

    naming = _SUBJECT
    user = Field(attribute="user", column_name="user", widget=UserWidget())

    class Meta(Transfer.Meta):
        model = Ban
        fields = (*_SUBJECT, "reason", "expires_on", "lifted_on")
        export_order = fields
        import_id_fields = ()

    def __init__(self, **who: Any) -> None:
        super().__init__(**who)
        if not (self.by and self.by.has_perm(VIEW_ADDRESS)):
            del self.fields["network"]

    def filter_export(self, queryset: QuerySet[Ban], **kwargs: Any) -> QuerySet[Ban]:
        shown = queryset if "network" in self.fields else queryset.filter(network="")
        return shown.select_related("user")

    def key(self, row: Mapping[str, Any]) -> Hashable:
        try:
            return tuple(self._subject(row).items())
        except (ValueError, ValidationError):
            return object()  # what is wrong with it is found later

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> Ban | None:
        """The equal active ban; None if the row is new or invalid."""
        try:
            return Ban.objects.active().filter(**self._subject(row)).select_related("user").first()
        except (ValueError, ValidationError):
            return None

    def _subject(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {"user": None} | dict.fromkeys(_SUBJECT[1:], "")
        found |= {name: self.fields[name].clean(row) for name in _SUBJECT if row.get(name)}
        return found | {"network": found["network"] and as_network(found["network"])}

    def skip_row(self, instance: Ban, original: Ban, row: Any, import_validation_errors: Any = None) -> bool:
        """One that is in force stays as it is; one that is over, or would be by now, is not made."""
        return not import_validation_errors and (original.pk is not None or not instance.active)

    def save_instance(self, instance: Ban, is_create: bool, row: Any, **kwargs: Any) -> None:
        """A dry run only stores the ban, without its effects."""
        if problem := bans.objection(instance, by=self.by, ip=self.ip) or bans.breadth(instance):
            raise ValidationError(problem)
        if not kwargs["dry_run"]:
            bans.make(instance, by=self.by, ip=self.ip)

    def noted(self, instance: Ban, changes: tuple[Change, ...], *, new: bool) -> None:
        """The service has audited it."""
