"""Actions on the gateways that are selected in the list."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.contrib.admin import action, helpers
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import ApiGateway
from apigw_ws.services import observation, specs
from apigw_ws_admin import worker
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.labels import environment_colour
from apigw_ws_admin.pages import address_of

#: The most gateways at a time, because each is read from AWS while the page waits.
MOST: Final = 20


class Syncing(ModelAdmin):
    """Plans are shown and confirmed on a page; the worker carries out those that were shown."""

    actions = ("create_api_gateway", "create_custom_domain", "sync_to_aws", "sync_from_aws")

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Without “delete selected”, which would leave several APIs behind in AWS at once."""
        # Django 6.1 asks by location (the list or the form), 5.2 does not have the argument.
        location = {"action_location": action_location} if action_location else {}
        actions = super().get_actions(request, **location)
        return {name: each for name, each in actions.items() if name in self.actions}

    @action(description=gettext_lazy("Create API Gateway"), permissions=["apply"])
    def create_api_gateway(self, request: HttpRequest, queryset: QuerySet[ApiGateway]) -> HttpResponse | None:
        for gateway in queryset.filter(api_created=True):
            messages.warning(request, _("“%s” is in AWS already; “Sync to AWS” updates it.") % gateway)
        new = queryset.filter(api_created=False)
        return self._confirmed(request, new, "create_api_gateway", _("Create API Gateway"))

    @action(description=gettext_lazy("Create custom domain"), permissions=["apply"])
    def create_custom_domain(
        self, request: HttpRequest, queryset: QuerySet[ApiGateway]
    ) -> HttpResponse | None:
        complete = [gateway.pk for gateway in queryset if _has_domain(request, gateway)]
        title = _("Create custom domain")
        return self._confirmed(request, queryset.filter(pk__in=complete), "create_custom_domain", title)

    @action(description=gettext_lazy("Sync to AWS"), permissions=["apply"])
    def sync_to_aws(self, request: HttpRequest, queryset: QuerySet[ApiGateway]) -> HttpResponse | None:
        return self._confirmed(request, queryset, "sync_to_aws", _("Sync to AWS"))

    @action(description=gettext_lazy("Sync from AWS"), permissions=["change"])
    def sync_from_aws(self, request: HttpRequest, queryset: QuerySet[ApiGateway]) -> None:
        if _too_many(request, gateways := list(queryset)):
            return
        user, ip = cast(AbstractBaseUser, request.user), address_of(request)
        for gateway, problem in zip(gateways, observation.refresh(gateways, by=user, ip=ip), strict=True):
            names = {"name": gateway, "api": gateway.api_id, "deployment": gateway.deployment_id}
            if problem:
                messages.error(request, explained(problem, said=f"“{gateway}”: {problem}"))
            elif not gateway.api_created:
                messages.warning(request, _("“%(name)s” is not in AWS.") % names)
            elif not gateway.deployment_id:
                messages.warning(request, _("“%(name)s” is the API %(api)s; it is not deployed.") % names)
            else:
                messages.success(
                    request,
                    _("“%(name)s” is the API %(api)s; the deployment %(deployment)s is live.") % names,
                )

    def _confirmed(
        self, request: HttpRequest, queryset: QuerySet[ApiGateway], name: str, title: str
    ) -> HttpResponse | None:
        gateways = list(queryset)
        if not gateways or _too_many(request, gateways):
            return None
        if request.POST.get("confirmed"):
            _hand_over(request, gateways)
            return None
        sights = observation.observe(gateways)
        context = self.admin_site.each_context(request) | {
            "title": title,
            "action": name,
            "opts": self.opts,
            "rows": list(zip(gateways, sights, map(environment_colour, gateways), strict=True)),
            "anything": any(_shown(sight) for sight in sights),
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "apigw_ws_admin/gateways/confirm.html", context)


def _has_domain(request: HttpRequest, gateway: ApiGateway) -> bool:
    try:
        specs.check_domain(gateway)
    except ConfigurationError as problem:
        messages.error(request, explained(problem))
        return False
    return True


def _shown(sight: observation.Sight) -> bool:
    """Whether the plan can be confirmed: it is current, and not empty."""
    return bool(sight.problem is None and sight.observation and sight.observation.pending)


def _too_many(request: HttpRequest, gateways: list[ApiGateway]) -> bool:
    if len(gateways) > MOST:
        messages.error(request, _("Nothing was done: select at most %d gateways.") % MOST)
    return len(gateways) > MOST


def _hand_over(request: HttpRequest, gateways: list[ApiGateway]) -> None:
    for gateway in gateways:
        if seen := request.POST.get(f"seen-{gateway.pk}"):
            worker.hand_over(request, gateway, seen)
        else:
            messages.warning(request, _("“%s” was left out: there was no plan to confirm.") % gateway)
