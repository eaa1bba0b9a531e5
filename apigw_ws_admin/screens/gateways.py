"""The list of gateways, with what is known here; AWS is asked after the page has loaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.context_processors import PermWrapper
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.views import ChangeList

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, DeployedSnapshot, WebSocketSession
from apigw_ws.services import health, metrics, observation, summaries
from apigw_ws.services.health import State
from apigw_ws.services.summaries import RECENT, Summary
from apigw_ws_admin.labels import ENVIRONMENT, HEALTH, Label
from apigw_ws_admin.moments import past
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import demand_look
from apigw_ws_admin.sites import reverse

#: How many gateways are looked up in AWS at once. Each takes some six calls, and AWS allows a burst of forty,
#: then ten a second, for everybody in the account: somebody may be deploying.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
AT_ONCE: Final = 5
CELLS: Final = "apigw_ws_admin/gateways/cells"
#: What was seen so recently is not looked up again.
FRESH: Final = timedelta(seconds=30)


def _sessions() -> Any:
    """The number of live sessions, to sort by."""
    live = WebSocketSession.objects.live().filter(api_gateway=OuterRef("pk")).order_by()
    return Coalesce(Subquery(live.values("api_gateway").annotate(n=Count("pk")).values("n")), 0)


def _deployed_on() -> Subquery:
    """The time of the last deployment, to sort by."""
    deployments = DeployedSnapshot.objects.filter(gateway=OuterRef("pk")).order_by("-pk")
    return Subquery(deployments.values("deployed_on")[:1])


def _by_region(gateways: QuerySet[ApiGateway]) -> QuerySet[Any]:
    """Annotate the region as ``where``: the gateway's, else its account's; empty if AWS's settings decide."""
    own = Case(When(region="", then="account__default_region"), default="region")
    return gateways.annotate(where=Coalesce(own, Value("")))


class Gateways(ChangeList):
    """A page of the list, with a summary of each of its rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        gateways: list[Any] = list(self.result_list)  # type: ignore[has-type]
        for gateway, summary in zip(gateways, summaries.of(gateways), strict=True):
            gateway.shown = _shown(request, summary)
        self.result_list = gateways
        self.shown, self.stale = [gateway.pk for gateway in gateways], _stale(gateways)

    def url_for_result(self, result: ApiGateway) -> str:
        return reverse("admin:apigw_ws_apigateway_overview", args=[result.pk])


class RegionFilter(DropdownFilter):
    title = _("region")
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        regions = _by_region(ApiGateway.objects.order_by()).values_list("where", flat=True).distinct()
        return [(region, region) for region in sorted(filter(None, regions))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiGateway]) -> QuerySet[ApiGateway]:
        known = any(region == self.value() for region, _label in self.lookup_choices)
        return _by_region(queryset).filter(where=self.value()) if known else queryset


class HealthFilter(DropdownFilter):
    """As ``health`` judges them: by what was applied, and by what of AWS was seen last."""

    title = _("health")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiGateway]) -> QuerySet[ApiGateway]:
        if self.value() not in State.values:
            return queryset
        judged = [*queryset.order_by().select_related("sighting").defer("sighting__observation")]
        states = zip(judged, health.of(judged), strict=True)
        return queryset.filter(pk__in=[each.pk for each, found in states if found.state == self.value()])


class GatewayList(ModelAdmin):
    list_display = (
        "api_name",
        "health",
        "environment",
        "region_shown",
        "live_sessions",
        "last_deployment",
        "drift_seen",
        "errors_last_hour",
    )
    list_fullwidth = True
    list_filter = (("account__environment", ChoicesDropdownFilter), RegionFilter, HealthFilter)
    list_filter_submit = True
    list_per_page = 25  # a row is made of five parts: twice as many take a fifth of a second
    search_fields = ("api_name", "api_id", "domain_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiGateway]:
        gateways: QuerySet[ApiGateway] = super().get_queryset(request)
        gateways = gateways.select_related("account", "sighting")
        return gateways.alias(live=_sessions())  # counted only where the list is sorted by it

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Gateways

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "apigw_ws_apigateway"
        return [
            path("seen/", wrap(self.seen_view), name=f"{name}_seen"),
            path("errors/", wrap(self.errors_view), name=f"{name}_errors"),
            *super().get_urls(),
        ]

    def seen_view(self, request: HttpRequest) -> HttpResponse:
        """Fill the cells of the first few of ``?pk=`` with their state in AWS, and link to the rest."""
        gateways, left = self._asked(request, AT_ONCE)
        sights = observation.observe(gateways)
        rows = [
            _shown(request, summary, sight.problem)
            for summary, sight in zip(summaries.of(gateways), sights, strict=True)
        ]
        return render(request, f"{CELLS}/seen.html", {"rows": rows, "stale": left})

    def errors_view(self, request: HttpRequest) -> HttpResponse:
        """Fill the cells of ``?pk=`` with their errors, CloudWatch's included."""
        gateways, _left = self._asked(request, self.list_per_page)
        counted = metrics.errors_last_hour(gateways)
        rows = [
            _shown(request, summary, counted=counted[summary.gateway.pk])
            for summary in summaries.of(gateways)
        ]
        return render(request, f"{CELLS}/errors.html", {"rows": rows})

    def _asked(self, request: HttpRequest, most: int) -> tuple[list[ApiGateway], list[int]]:
        demand_look(self, request)
        asked = list(filter(None, map(number, request.GET.getlist("pk"))))
        gateways = self.get_queryset(request).filter(pk__in=asked[:most])
        return list(gateways), asked[most : self.list_per_page]

    @display(description=_("Health"))
    def health(self, gateway: Any) -> SafeString:
        return _cell("health", gateway)

    @display(description=_("Environment"), label=ENVIRONMENT, ordering="account__environment")
    def environment(self, gateway: ApiGateway) -> Label | None:
        account = gateway.account
        return (account.environment, account.get_environment_display()) if account else None

    @display(description=_("Region"), ordering="region")
    def region_shown(self, gateway: Any) -> str:
        return str(gateway.shown["summary"].region)

    @display(description=_("Live sessions"), ordering="live")
    def live_sessions(self, gateway: Any) -> SafeString:
        return _cell("sessions", gateway)

    @display(description=_("Last deployment"), ordering=_deployed_on())
    def last_deployment(self, gateway: Any) -> SafeString:
        return _cell("deployed", gateway)

    @display(description=_("Drift"))
    def drift_seen(self, gateway: Any) -> SafeString:
        return _cell("drift", gateway)

    @display(description=_("Errors, last hour"))
    def errors_last_hour(self, gateway: Any) -> SafeString:
        return _cell("errors", gateway)


def _shown(
    request: HttpRequest,
    summary: Summary,
    problem: ApigwWsError | None = None,
    counted: int | None = None,
) -> dict[str, Any]:
    """What the cells of a row need. ``counted`` are CloudWatch's errors, which include our refusals."""
    return {
        "counted": counted,
        "errors": max(summary.refusals, counted or 0) + summary.failed_runs,
        "gateway": summary.gateway,
        "summary": summary,
        "colour": HEALTH[summary.health.state],
        "deployed": past(summary.deployed.on) if summary.deployed else "",
        "seen": past(summary.seen.seen_on) if summary.seen else "",
        "problem": problem,
        "since": timezone.now() - RECENT,
        "perms": PermWrapper(request.user),
        "request": request,
    }


def _cell(name: str, gateway: Any) -> SafeString:
    return render_to_string(f"{CELLS}/_{name}.html", {"row": gateway.shown}, gateway.shown["request"])


def _stale(gateways: Sequence[Any]) -> list[int]:
    """The primary keys of those that were not seen lately, longest first."""
    never = timezone.now() - timedelta(days=36500)
    seen = {each.pk: getattr(each.shown["summary"].seen, "seen_on", never) for each in gateways}
    return sorted((pk for pk in seen if timezone.now() - seen[pk] > FRESH), key=lambda pk: seen[pk])
