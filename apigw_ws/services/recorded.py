"""Describes what adopting an API records: each value, and where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from apigw_ws.aws.catalogue import Inventory
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.services.differences import shown
from apigw_ws.services.drafts import Draft
from apigw_ws.services.foreign import OWN

_DOMAIN: Final = gettext_lazy("Its custom domain")
_STAGE: Final = gettext_lazy("The stage")
#: Group -> field -> where its value comes from.
_FIELDS: Final[Mapping[str, Mapping[str, Promise]]] = {
    gettext_noop("Gateway"): {
        "api_name": gettext_lazy("The API's name, unless you choose another"),
        "api_description": gettext_lazy("The API's description"),
        "account": gettext_lazy("Where you looked"),
        "region": gettext_lazy("Where you looked"),
        "target_base_endpoint": gettext_lazy("What the URLs of its routes have in common"),
        "route_selection_expression": gettext_lazy("The API's own"),
        "api_key_selection_expression": gettext_lazy("The API's own"),
        "two_way": gettext_lazy("Whether its $default route has a route response"),
        "integration_timeout": gettext_lazy("That of its $default route"),
        "disable_execute_api_endpoint": gettext_lazy("The API's own"),
        "tags": gettext_lazy("The API's tags"),
        "push_mode": gettext_lazy("Chosen here, so that nothing is applied before you have seen it"),
        "secret_version": gettext_lazy("What its calls prove themselves with; 0: nothing"),
    },
    gettext_noop("Stage"): {
        "stage_name": gettext_lazy("You chose it, or it is the likeliest"),
        "stage_description": _STAGE,
        "throttling_rate_limit": _STAGE,
        "throttling_burst_limit": _STAGE,
        "detailed_metrics": _STAGE,
        "logging_level": _STAGE,
        "data_trace": _STAGE,
        "access_log_destination_arn": _STAGE,
        "access_log_format": _STAGE,
        "stage_variables": _STAGE,
        "deployment_id": gettext_lazy("What the stage serves"),
    },
    gettext_noop("Custom domain"): {
        "domain_name": gettext_lazy("The domain whose root leads to the stage"),
        "certificate_arn": _DOMAIN,
        "hosted_zone_id": gettext_lazy("The zone with its alias record"),
        "api_mapping_id": _DOMAIN,
        "api_gateway_domain_name": _DOMAIN,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the record that adopting makes."""

    #: The gateway, its routes, its stage or its domain.
    group: str
    label: str
    #: Empty if there is none.
    value: str
    source: str

    @property
    def empty(self) -> bool:
        return not self.value


def values(draft: Draft, found: Inventory) -> Iterator[Value]:
    """Return every value that is recorded, empty ones included, which leave AWS as it is."""
    gateway = draft.gateway
    for group, fields in _FIELDS.items():
        for name, source in fields.items():
            yield _value(_(group), gateway, name, source)
        if group == "Gateway":
            yield from (_own(gateway, found, key, end) for key, end in OWN.items())
            yield from map(_route, draft.routes)


def _value(group: str, gateway: ApiGateway, name: str, source: Promise) -> Value:
    held = getattr(gateway, name)
    if name == "push_mode":
        held = gateway.get_push_mode_display()
    value = shown(held)
    return Value(
        group=group,
        label=capfirst(str(gateway._meta.get_field(name).verbose_name)),  # type: ignore[union-attr]
        value=value,
        source=str(source) if value else _("None there, or AWS's default, which stays"),
    )


def _own(gateway: ApiGateway, found: Inventory, key: str, end: str) -> Value:
    """A route that comes with the gateway; its URL follows from the base URL."""
    base = gateway.target_base_endpoint
    url, state = f"{base}{end}" if base else "", found.snapshot.route(key)
    held = state.integration.url if state and state.integration else ""
    if state is None:
        source = _("Missing in AWS: the first apply makes it")
    elif held == url:
        source = _("What its integration calls")
    else:
        source = _("Follows from the base URL; now it calls %(url)s") % {"url": held or _("nothing")}
    return Value(group=_("Routes"), label=key, value=url, source=source)


def _route(route: ApiGatewayAdditionalRoute) -> Value:
    parts = [route.integration_url]
    if route.two_way:
        parts.append(_("two-way"))
    if route.integration_timeout:
        parts.append(_("timeout %(number)d ms") % {"number": route.integration_timeout})
    return Value(
        group=_("Routes"),
        label=route.route_key,
        value=", ".join(parts),
        source=_("Its integration and route response"),
    )
