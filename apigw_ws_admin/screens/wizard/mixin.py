"""Adds the wizard to the admin of gateways."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from apigw_ws_admin.pages import number
from apigw_ws_admin.screens.wizard.parts import PartView
from apigw_ws_admin.screens.wizard.progress import ProgressView
from apigw_ws_admin.screens.wizard.views import NAMES, WizardView
from apigw_ws_admin.sites import reverse


class GatewayWizardMixin:
    """Adds the wizard's pages and the buttons that lead to them to the admin of gateways."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_apigateway"
        return [
            path(
                "wizard/<uuid:draft>/<slug:step>/",
                wrap(WizardView.as_view(model_admin=self)),
                name=f"{name}_wizard_step",
            ),
            path(
                "wizard/parts/<slug:part>/",
                wrap(PartView.as_view(model_admin=self)),
                name=f"{name}_wizard_part",
            ),
            path("<int:pk>/progress/", wrap(ProgressView.as_view(model_admin=self)), name=f"{name}_progress"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    @action(
        description=_("Add with the wizard"),
        icon="auto_fix_high",
        variant=ActionVariant.PRIMARY,
        permissions=["wizard"],
        url_path="wizard",
    )
    def wizard(self, request: HttpRequest) -> HttpResponse:
        """Begin a draft. Nothing is stored before the first answer."""
        url = reverse("admin:apigw_ws_apigateway_wizard_step", args=[uuid.uuid4(), NAMES[0]])
        return HttpResponseRedirect(url)

    def has_wizard_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(WizardView.permission_required)

    @action(description=_("Progress"), icon="checklist", permissions=["view"], url_path="watch")
    def watch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_progress", args=[number(object_id)]))
