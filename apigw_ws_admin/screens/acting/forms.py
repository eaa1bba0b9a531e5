"""The forms of acts, in a dialog for one session and on a page for many."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.forms import BooleanField, CharField, ChoiceField, HiddenInput, TypedChoiceField, UUIDField
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apigw_ws.exceptions import PayloadTooLarge
from apigw_ws.models.validators import validate_channel_name
from apigw_ws.services import bannable, bans
from apigw_ws.services.bannable import Bannable, Kind
from apigw_ws.services.messages import encode
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.labels import BAN_MINUTES
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import VIEW_ADDRESS
from apigw_ws_admin.screens.acting.chosen import Chosen, one

#: The most subjects that a choice names.
_NAMED: Final = 3


class TextMessage(CharField):
    """A message that is sent as it stands; None if empty."""

    def clean(self, value: Any) -> str | None:
        text: str = super().clean(value)
        try:
            encode(text)
        except PayloadTooLarge as error:
            raise ValidationError(explained(error)) from error
        return text or None


class JSONMessage(TextMessage):
    """A message in JSON, which is compacted."""

    def __init__(self, **how: Any) -> None:
        widget = UnfoldAdminTextareaWidget({"rows": 5, "spellcheck": "false", "data-json": _("%s bytes")})
        super().__init__(widget=widget, **how)

    def clean(self, value: Any) -> str | None:
        text = super().clean(value)
        return text and _compact(text)


class ActForm(BaseDialogForm):
    """``chosen`` are its sessions. The cleaned data are the act's ``what``; the ``uid`` makes it unique."""

    uid = UUIDField(widget=HiddenInput, initial=uuid4)

    def __init__(
        self,
        request: HttpRequest,
        object_id: int | str | None = None,
        *args: Any,
        chosen: Chosen | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(request, object_id, *args, **kwargs)
        self.chosen = chosen or one(object_id)

    @property
    def what(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.cleaned_data.items() if name not in ("uid", "_form_submitted")
        }


class MessageForm(ActForm):
    message = JSONMessage(label=gettext_lazy("Message, in JSON"))


class GoodbyeForm(ActForm):
    reason = CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the sessions and the audit trail; the clients do not see it."),
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
    )
    message = TextMessage(
        label=gettext_lazy("Last message"),
        help_text=gettext_lazy("Sent as it stands before the connection is closed. Empty: nothing is sent."),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )


class LeaveForm(ActForm):
    channel = CharField(
        label=gettext_lazy("Channel"),
        max_length=128,
        validators=[validate_channel_name],
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    message = JSONMessage(
        label=gettext_lazy("Message to those that it moves, in JSON"),
        help_text=gettext_lazy("So that their clients know. Empty: nothing is sent."),
        required=False,
    )


class JoinForm(LeaveForm):
    override = BooleanField(
        label=gettext_lazy("Also those whom the channel's rules, a ban or the limit would keep out"),
        help_text=gettext_lazy("The audit trail says so."),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    field_order = ("channel", "override", "message")


class BanForm(GoodbyeForm):
    """Offers what can be banned, with the number of bans that each choice makes."""

    whom = ChoiceField(label=gettext_lazy("Ban"), widget=UnfoldAdminRadioSelectWidget)
    minutes = TypedChoiceField(
        label=gettext_lazy("For"),
        choices=BAN_MINUTES,
        coerce=int,
        initial=15,
        help_text=gettext_lazy("Then it ends by itself. It can be lifted before."),
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("whom", "minutes", "reason", "message")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in Kind if kind not in _OF_ADDRESSES or self._may_see_addresses()]
        found = (bannable.behind(self.chosen.rows, kind) for kind in kinds)
        self.offers = {offer.kind.value: offer for offer in found if offer.bans}
        whom: Any = self.fields["whom"]
        whom.choices = [(kind, _label(offer)) for kind, offer in self.offers.items()]
        whom.initial = next(iter(self.offers), None)
        whom.help_text = self._warnings()

    def clean_whom(self) -> Bannable:
        offer = self.offers[self.cleaned_data["whom"]]
        if offer.more:
            raise ValidationError(_("These are more than %d. Choose fewer sessions.") % bannable.MOST)
        for ban in offer.bans:
            if problem := self._objection(ban) or bans.breadth(ban):
                raise ValidationError(problem)
        return offer

    def _warnings(self) -> str:
        if not self.offers:
            return _("Nobody is signed in there, and nothing else is known that could be banned.")
        objections = (self._objection(ban) for offer in self.offers.values() for ban in offer.bans)
        return " ".join(dict.fromkeys(filter(None, objections)))

    def _objection(self, ban: Any) -> str:
        by: Any = self.request.user
        return bans.objection(ban, by=by, ip=address_of(self.request))

    def _may_see_addresses(self) -> bool:
        return bool(self.request.user.has_perm(VIEW_ADDRESS))


_OF_ADDRESSES: Final = (Kind.ADDRESS, Kind.NETWORK)


def _label(offer: Bannable) -> str:
    """“3 users: ada, bob, cyd”."""
    number = len(offer.bans)
    counted = {
        Kind.USER: ngettext("%d user", "%d users", number),
        Kind.ADDRESS: ngettext("%d address", "%d addresses", number),
        Kind.NETWORK: ngettext("%d network", "%d networks", number),
        Kind.AGENT: ngettext("%d agent", "%d agents", number),
    }[offer.kind]
    names = ", ".join(ban.subject for ban in offer.bans[:_NAMED])
    said = _("more than %d") % number if offer.more else counted % number
    return f"{said}: {names}{' …' if number > _NAMED else ''}"


def _compact(text: str) -> str:
    try:
        data = json.loads(text)
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno, "why": error.msg}
        raise ValidationError(
            _("This is no JSON. Line %(line)d, column %(column)d: %(why)s. Texts stand in double quotes.")
            % where
        ) from error
    # Thousands of digits, deep nesting, NaN.
    except (ValueError, RecursionError) as error:
        raise ValidationError(str(error)) from error
