"""The list of broadcasts."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, TextFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apigw_ws.models import ApiGateway, Broadcast, is_channel_name
from apigw_ws_admin.filters import MomentsFilter
from apigw_ws_admin.labels import BROADCAST, Label
from apigw_ws_admin.moments import past
from apigw_ws_admin.permissions import SEND_BROADCAST
from apigw_ws_admin.readonly import RecordAdmin
from apigw_ws_admin.sites import reverse

_BY: Final = f"created_by__{get_user_model().USERNAME_FIELD}"


class ChannelFilter(TextFilter):
    """Broadcasts that named the channel."""

    title = gettext_lazy("channel")
    parameter_name = "channel"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> QuerySet[Broadcast]:
        name = str(self.value() or "").strip()
        if not name:
            return queryset
        # SQLite knows no "contains" for JSON; a name has no quotation mark in it.
        named = Q(audience__channels__icontains=f'"{name}"')
        return queryset.filter(named) if is_channel_name(name) else queryset.none()


class BroadcastList(RecordAdmin):
    list_display = ("what", "audience_shown", "state_shown", "sent_of_total", "created_by", "when")
    list_select_related = ("created_by",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ChannelFilter,
        (_BY, FieldTextFilter),
        ("created_on", MomentsFilter),
    )
    search_fields = ("title", "reason", _BY)
    search_help_text = gettext_lazy("Name, reason or user")
    actions_list: tuple[str, ...] = ("write",)
    actions_row = ("again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Broadcast]:
        """Drafts are shown only to their author."""
        broadcasts: QuerySet[Broadcast] = super().get_queryset(request)
        return broadcasts.filter(~Q(state=Broadcast.State.DRAFT) | Q(created_by=request.user.pk))

    def has_send_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(SEND_BROADCAST)

    @action(
        description=gettext_lazy("Compose"),
        icon="campaign",
        variant=ActionVariant.PRIMARY,
        permissions=["send"],
        url_path="write",
    )
    def write(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_compose"))

    @action(description=gettext_lazy("Send again"), icon="replay", permissions=["send"], url_path="again")
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_compose", query={"again": object_id}))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the gateways once for all rows."""
        changes = super().get_changelist_instance(request)
        wanted = {broadcast.audience.get("gateway") for broadcast in changes.result_list} - {None}
        names = ApiGateway.objects.in_bulk(wanted) if wanted else {}
        for broadcast in changes.result_list:
            broadcast.to = short(broadcast.audience, names)
        return changes

    @display(description=gettext_lazy("What"))
    def what(self, broadcast: Broadcast) -> str:
        return broadcast.title or broadcast.reason or str(broadcast)

    @display(description=gettext_lazy("To"))
    def audience_shown(self, broadcast: Any) -> str:
        return str(broadcast.to)

    @display(description=gettext_lazy("State"), label=BROADCAST, ordering="state")
    def state_shown(self, broadcast: Broadcast) -> Label:
        return broadcast.state, broadcast.get_state_display()

    @display(description=gettext_lazy("Sent"), ordering="sent")
    def sent_of_total(self, broadcast: Broadcast) -> str | None:
        if broadcast.total is None:
            return None
        sent, total = (number_format(each, force_grouping=True) for each in (broadcast.sent, broadcast.total))
        return _("%(sent)s of %(total)s") % {"sent": sent, "total": total}

    @display(description=gettext_lazy("When"), ordering="created_on")
    def when(self, broadcast: Broadcast) -> SafeString | None:
        if broadcast.state == Broadcast.State.SCHEDULED:
            return past(broadcast.scheduled_for)
        return past(broadcast.started_on or broadcast.created_on)


def short(audience: dict[str, Any], gateways: dict[int, ApiGateway]) -> str:
    """As ``audiences.describe``, without a query for each row."""
    kind, gateway = audience.get("kind"), gateways.get(audience.get("gateway", 0))
    number = len(audience.get(kind, ())) if kind in _NUMBERED else 0
    match kind:
        case "channels":
            text = ", ".join(audience["channels"][:3]) + (" …" if number > 3 else "")
        case "gateway":
            return str(gateway or _("Everybody"))
        case "filter":
            text = _("A filter of the list")
        case "not_reached":
            text = _("Not reached before")
        case _:
            text = _counted(str(kind), number)
    return f"{text} · {gateway}" if gateway else text


_NUMBERED = ("channels", "users", "groups", "sessions", "connections")


def _counted(kind: str, number: int) -> str:
    text = {
        "users": ngettext("%d user", "%d users", number),
        "groups": ngettext("%d group", "%d groups", number),
        "sessions": ngettext("%d session", "%d sessions", number),
        "connections": ngettext("%d connection ID", "%d connection IDs", number),
    }.get(kind, "%d")
    return text % number
