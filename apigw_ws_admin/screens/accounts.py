"""AWS accounts, and whether Django gets into them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, ClassVar

from django import forms
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import AwsAccount
from apigw_ws.services import accounts, lookups
from apigw_ws_admin.auditing import AuditedDeletions, AuditedSaves
from apigw_ws_admin.labels import ENVIRONMENT, Label
from apigw_ws_admin.permissions import demand_look
from apigw_ws_admin.sites import reverse


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if region := self.fields.get("default_region"):  # not there for who may only look
            names = {*lookups.regions(), self.instance.default_region} - {""}
            choices = [("", _("As this server is set up")), *((name, name) for name in sorted(names))]
            region.widget = UnfoldAdminSelectWidget(choices=choices)


class AwsAccountAdmin(AuditedSaves, AuditedDeletions):
    form = AccountForm
    list_per_page = 50
    list_display = ("label", "badge", "default_region", "account_id", "gateway_count")
    list_fullwidth = True
    search_fields = ("label", "account_id", "role_arn", "profile")
    change_form_outer_before_template = "apigw_ws_admin/accounts/check.html"
    fieldsets = (
        (None, {"fields": ("label", "environment")}),
        (_("Who asks"), {"fields": ("profile", "role_arn", "external_id")}),
        (_("Where"), {"fields": ("default_region", "endpoint_url")}),
    )

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/gateways.css",)}
        js = ("apigw_ws_admin/deployment.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AwsAccount]:
        found: QuerySet[AwsAccount] = super().get_queryset(request)
        return found.annotate(gateway_count=Count("gateways"))

    @display(description=_("Environment"), label=ENVIRONMENT, ordering="environment")
    def badge(self, account: AwsAccount) -> Label:
        return account.environment, account.get_environment_display()

    @display(description=_("Gateways"), ordering="gateway_count")
    def gateway_count(self, account: Any) -> SafeString:
        url = reverse("admin:apigw_ws_apigateway_changelist", query={"account__id__exact": account.pk})
        link = '<a class="font-semibold underline" href="{}">{}</a>'
        return format_html(link, url, account.gateway_count)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_continue": False}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def response_post_save_add(self, request: HttpRequest, obj: AwsAccount) -> HttpResponse:
        """Go on to its page, which shows whether Django gets in."""
        if self.has_view_permission(request, obj):
            return self.response_post_save_change(request, obj)
        response: HttpResponse = super().response_post_save_add(request, obj)
        return response

    def response_post_save_change(self, request: HttpRequest, obj: AwsAccount) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:apigw_ws_awsaccount_change", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.check_view)
        return [path("<int:object_id>/check/", view, name="apigw_ws_awsaccount_check"), *super().get_urls()]

    def check_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show who STS says we are, or why it does not and what to do."""
        account = self.get_object(request, str(object_id))
        demand_look(self, request)
        if account is None:
            raise Http404
        context = {"account": account, "before": account.account_id} | _checked(account)
        return render(request, "apigw_ws_admin/accounts/_check.html", context)


def _checked(account: AwsAccount) -> dict[str, Any]:
    try:
        return {"identity": accounts.check(account)}
    except ApigwWsError as problem:
        # Only assuming the role can be refused: STS answers everybody who they are.
        refused = getattr(problem, "code", "") == "AccessDenied"
        return {"problem": problem, "trust": _trust_policy(account) if refused else ""}


def _trust_policy(account: AwsAccount) -> str:
    """The trust policy that the role may lack; empty if AWS does not say who would assume it."""
    with suppress(ApigwWsError):
        return json.dumps(accounts.trust_policy(account), indent=2)
    return ""
