"""Filters for change lists."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateTimeFilter, RelatedDropdownFilter
from unfold.contrib.filters.forms import DropdownForm

from apigw_ws.models import ApiGateway
from apigw_ws.services import narrowing
from apigw_ws_admin.widgets import LongSelect


class _GatewayForm(DropdownForm):
    widget = LongSelect(
        {"data-theme": "admin-autocomplete", "class": "unfold-admin-autocomplete admin-autocomplete"}
    )


class GatewayFilter(RelatedDropdownFilter):
    """Filters by gateway. Only the gateways' names are read, and only if the filter is shown."""

    form_class = _GatewayForm

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Any:
        self.lookup_choices = [*ApiGateway.objects.order_by("api_name").values_list("pk", "api_name")]
        return super().choices(changelist)

    def get_facet_queryset(self, changelist: Any) -> dict[str, int]:
        """Count the rows of all gateways in one query; Django would use one for each."""
        rows = changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters())
        numbers = dict(rows.order_by().values_list(self.field_path).annotate(Count("pk")))
        return {f"{pk}__c": numbers.get(pk, 0) for pk, _name in self.lookup_choices}


class MomentsFilter(RangeDateTimeFilter):
    """Filters from a time to a time in the current zone. Unfold's own filter uses naive times."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, lookup in (("from", "gte"), ("to", "lte")):
            if moment := narrowing.range_end(self.used_parameters, self.field_path, end):
                queryset = queryset.filter(**{f"{self.field_path}__{lookup}": moment})
        return queryset
