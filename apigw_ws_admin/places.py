"""A form for where in AWS a gateway is, or is looked for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import lookups


class AccountChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, account: AwsAccount) -> str:
        return f"{account} · {account.get_environment_display()}"


class PlaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its ``instance`` is a gateway with nothing but an account, a region and an endpoint."""

    account = AccountChoice(
        label=_("AWS account"),
        queryset=AwsAccount.objects.all(),
        required=False,
        empty_label=_("The credentials that Django has anyway"),
        widget=UnfoldAdminSelectWidget,
    )
    region = forms.ChoiceField(label=_("Region"), required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = ApiGateway
        fields = ["account", "region"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = _("As the account or this server is set up")
        if not (self.data.get("account") or AwsAccount.objects.exists()):
            default = _("As this server is set up")
            del self.fields["account"]  # nothing to choose from
        regions = [(name, name) for name in lookups.regions()]
        self.fields["region"].choices = [("", default), *regions]  # type: ignore[attr-defined]
