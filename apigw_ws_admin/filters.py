"""Filters for change lists."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms import SplitDateTimeField
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateTimeFilter, RelatedDropdownFilter
from unfold.contrib.filters.forms import DropdownForm

from apigw_ws.models import ApiGateway
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
            if moment := self._moment(end):
                queryset = queryset.filter(**{f"{self.field_path}__{lookup}": moment})
        return queryset

    def _moment(self, end: str) -> datetime | None:
        """None if it is missing or invalid. A date alone means midnight."""
        day, time = (self.used_parameters.get(f"{self.field_path}_{end}_{part}") for part in (0, 1))
        with suppress(ValidationError):
            return SplitDateTimeField().clean([day, time or "00:00"]) if day else None
        return None
