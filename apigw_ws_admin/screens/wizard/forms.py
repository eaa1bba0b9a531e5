"""The forms of the steps."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws_admin.places import PlaceForm

MAX_ROUTES: Final = 50


class AccountForm(PlaceForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].help_text = _(
            "Where AWS runs the gateway: best near your servers and your users."
        )


class BasicsForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiGateway
        fields = ["api_name", "api_description", "default_channel_name", "stage_name"]
        widgets = dict.fromkeys(fields, UnfoldAdminTextInputWidget)
        help_texts = {
            "api_name": _("How you and AWS call it, for example “chat”."),
            "stage_name": _("The last part of the URL that clients connect to."),
        }


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiGateway
        fields = ["target_base_endpoint"]
        widgets = {
            "target_base_endpoint": UnfoldAdminTextInputWidget(
                attrs={"inputmode": "url", "placeholder": "https://www.example.com/ws/"}
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target_base_endpoint"].required = True

    def clean_target_base_endpoint(self) -> str:
        return str(self.cleaned_data["target_base_endpoint"]).rstrip("/") + "/"


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiGatewayAdditionalRoute
        fields = ["route_key", "integration_url", "two_way"]
        widgets = {
            "route_key": UnfoldAdminTextInputWidget,
            "integration_url": UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
            "two_way": UnfoldBooleanSwitchWidget,
        }
        help_texts = {
            "route_key": _("The “action” of the messages that take this route."),
            "two_way": _("What the handler returns goes back to the client."),
        }

    def has_changed(self) -> bool:
        """A row with nothing but its switch counts as empty."""
        return any(name != "two_way" for name in self.changed_data)


class BaseRoutes(forms.BaseFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        keys = Counter(
            form.cleaned_data.get("route_key") for form in self.forms if hasattr(form, "cleaned_data")
        )
        if twice := [key for key, count in keys.items() if key and count > 1]:
            raise ValidationError(
                _("Two routes have the key “%(key)s”. Give each its own."), params={"key": twice[0]}
            )


RoutesForm: Final = forms.formset_factory(
    RouteForm, formset=BaseRoutes, extra=1, max_num=MAX_ROUTES, absolute_max=MAX_ROUTES
)


class DomainForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiGateway
        fields = ["domain_name", "certificate_arn", "hosted_zone_id"]
        widgets = dict.fromkeys(fields, UnfoldAdminTextInputWidget)
        help_texts = {
            "domain_name": _("For example ws.example.com. Empty: clients use the address AWS gives.")
        }

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("domain_name") and not self.data.get("certificate_arn"):
            self.add_error("certificate_arn", _("A custom domain needs a certificate: choose one."))
        if not self.cleaned_data.get("domain_name") and "domain_name" not in self.errors:
            self.cleaned_data.update(certificate_arn="", hosted_zone_id="")


class ReviewForm(forms.Form):
    """Submits the digest of the plan that was shown."""

    seen = forms.CharField(widget=forms.HiddenInput)
