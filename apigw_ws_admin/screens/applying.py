"""Applies a gateway's plan to AWS: from a dialog, and after a save as the gateway's push mode says."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.forms import CharField, HiddenInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from apigw_ws.models import ApiGateway
from apigw_ws.services import observation, transactions
from apigw_ws_admin import worker
from apigw_ws_admin.dialogs import dialog_action
from apigw_ws_admin.labels import environment_colour
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import APPLY
from apigw_ws_admin.sites import reverse

#: Seconds that the dialog waits for AWS; longer than a page, because somebody has asked for it.
PATIENCE: Final = 10.0


class ApplyForm(BaseDialogForm):
    """Shows the plan, and submits its digest."""

    form_before_template = "apigw_ws_admin/gateways/_plan.html"
    seen = CharField(widget=HiddenInput)

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:
        """Called before the fields are rendered, so that the digest submitted is that of the plan shown."""
        self.is_bound = False
        gateway = get_object_or_404(ApiGateway, pk=number(object_id))
        (sight,) = observation.observe([gateway], budget=PATIENCE)
        if sight.problem is None and sight.observation:
            self.initial["seen"] = sight.observation.digest
        return {"sight": sight, "gateway": gateway, "colour": environment_colour(gateway)}


class Applying(ModelAdmin):
    """A save, with all the routes that it adds, changes and removes, is applied once, on commit."""

    actions_detail: tuple[Any, ...] = ("apply",)

    @dialog_action(
        page="overview",
        description=gettext_lazy("Apply to AWS"),
        icon="rocket_launch",
        variant=ActionVariant.PRIMARY,
        permissions=["apply"],
        url_path="apply",
        dialog={
            "title": gettext_lazy("Apply to AWS"),
            "description": gettext_lazy("What differs between the gateway, as it is saved here, and AWS."),
            "form_class": ApplyForm,
            "form_submit_text": gettext_lazy("Apply"),
        },
    )
    def apply(self, request: HttpRequest, form: ApplyForm, object_id: str) -> HttpResponse:
        """Let the worker carry out the plan that was shown, or nothing; the gateway's page shows it."""
        gateway = get_object_or_404(ApiGateway, pk=number(object_id))
        worker.hand_over(request, gateway, form.cleaned_data["seen"])
        here = getattr(getattr(request, "htmx", None), "current_url_abs_path", None)
        routes, overview = (
            reverse(f"admin:apigw_ws_apigateway_{name}", args=[gateway.pk]) for name in ("routes", "overview")
        )
        # The routes' page shows the progress of each route.
        return HttpResponse(headers={"HX-Redirect": routes if here == routes else overview})

    def has_apply_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(APPLY) and bool(self.has_view_permission(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change or form.has_changed() or any(formset.has_changed() for formset in formsets):
            transactions.on_commit(partial(self._saved, request, form.instance))

    def _saved(self, request: HttpRequest, gateway: ApiGateway) -> None:
        if gateway.push_mode == ApiGateway.PushMode.MANUAL:
            return
        if not self.has_apply_permission(request):
            messages.info(request, _("This is not in AWS yet: somebody who may apply it has to do so."))
        elif gateway.push_mode == ApiGateway.PushMode.AUTO:
            worker.hand_over(request, gateway)
        else:
            self._offer(request, gateway)

    def _offer(self, request: HttpRequest, gateway: ApiGateway) -> None:
        (sight,) = observation.observe([gateway])
        if sight.problem or (sight.observation and sight.observation.pending):
            context = {"gateway": gateway, "sight": sight}
            offer = render_to_string("apigw_ws_admin/gateways/_offer.html", context, request)
            messages.info(request, mark_safe(offer))  # noqa: S308 - a template's
