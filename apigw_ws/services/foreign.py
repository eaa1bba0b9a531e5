"""Drafts the record of an API that was made elsewhere. Calls nothing and saves nothing."""

from __future__ import annotations

import os.path
import uuid
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apigw_ws.aws.catalogue import ApiState, Inventory
from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.spec import CONNECT, DISCONNECT, IntegrationState, RouteState, StageState
from apigw_ws.exceptions import OwnershipConflict
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.models.validators import domain_validator
from apigw_ws.services.drafts import Draft
from apigw_ws.services.specs import spec_for

DEFAULT: Final = "$default"
#: The routes that come with a gateway -> the last part of the URL that each calls.
OWN: Final = {CONNECT: "connect", DEFAULT: "default", DISCONNECT: "disconnect"}
#: How many versions of a secret are tried.
VERSIONS: Final = 30
#: Prefixes of tags that AWS and we reserve.
_RESERVED: Final = ("aws:", "apigw-ws:")


def draft(place: ApiGateway, region: str, found: Inventory, stage: StageState | None, name: str) -> Draft:
    """Return the gateway and its routes as they would be saved, not validated.

    ``place`` has the account and the endpoint. ``name`` is the gateway's; empty: the API's own. Raises
    OwnershipConflict if the API carries a tag of ours that names nobody.
    """
    held, api, default = found.snapshot, found.snapshot.api, found.snapshot.route(DEFAULT)
    gateway = ApiGateway(
        uid=uid_of(found.api),
        account=place.account,
        region=region,
        endpoint_url=place.endpoint_url,
        api_name=name or api.name,
        api_description=api.description,
        target_base_endpoint=base_url(held.routes),
        api_key_selection_expression=api.api_key_selection_expression,
        route_selection_expression=api.route_selection_expression,
        two_way=bool(default.response_ids) if default else True,
        integration_timeout=_timeout(default),
        disable_execute_api_endpoint=api.disable_execute_api_endpoint,
        tags={key: value for key, value in held.tags.items() if not key.startswith(_RESERVED)},
        adopting=True,
        api_id=found.api.id,
        api_endpoint=found.api.endpoint,
        api_created=True,
        **_stage_fields(stage),
        **_domain_fields(domain_of(found, stage), found),
    )
    made = Draft(gateway=gateway, routes=_routes(gateway, held.routes))
    gateway.secret_version = gateway.live_secret_version = _proven(made, held.live_digest)
    return made


def _proven(draft: Draft, live_digest: str) -> int:
    """The version of the secret with which the live state equals the record; 0 for none.

    So a gateway of ours whose record was lost comes back without a gap in which forged requests pass.
    """
    gateway = draft.gateway
    if live_digest and gateway.target_base_endpoint:
        for version in range(1, VERSIONS + 1):
            gateway.secret_version = version
            if spec_for(gateway, draft.routes).digest == live_digest:
                return version
    return 0


def uid_of(api: ApiState) -> uuid.UUID:
    """Return the uid in its tag, else one derived from its address: adopting it twice gives the same."""
    if not api.owner:
        return uuid.uuid5(uuid.NAMESPACE_URL, api.endpoint)
    try:
        return uuid.UUID(api.owner)
    except ValueError as error:
        raise OwnershipConflict(
            _("The API's tag apigw-ws:uid is “%(tag)s”, which names no gateway. Remove the tag in AWS first.")
            % {"tag": api.owner}
        ) from error


def base_url(routes: Iterable[RouteState]) -> str:
    """Return what the URLs of the routes have in common, with a final slash; empty if nothing is called.

    The routes that come with a gateway decide, preferably by their usual endings, as in …/connect.
    """
    urls = {route.key: route.integration.url for route in routes if route.integration and is_adoptable(route)}
    own = {key: urls[key] for key in OWN if key in urls}
    ends = [url.rstrip("/") for key, url in own.items() if url.rstrip("/").endswith(f"/{OWN[key]}")]
    if ends:
        return Counter(url[: url.rindex("/") + 1] for url in ends).most_common(1)[0][0]
    calls = [*own.values()] or [*urls.values()]
    shared = os.path.commonprefix(calls)  # noqa: RUF071 - _directory cuts it to whole parts of a path
    return _directory(shared) or next(map(_directory, calls), "")


def _directory(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path[: parts.path.rfind("/") + 1]
    return f"{parts.scheme}://{parts.netloc}{path}" if parts.netloc and path else ""


def is_adoptable(route: RouteState) -> bool:
    return route.integration is not None and route.integration.adoptable


def domain_of(found: Inventory, stage: StageState | None) -> DomainState | None:
    """Return the custom domain whose root leads to the stage, preferably one that can be taken over."""
    leading = [state for state in found.domains if stage and _leads(state, found.api.id, stage.name)]
    return min(leading, key=lambda state: not _manageable(state, found), default=None)


def _leads(state: DomainState, api_id: str, stage: str) -> bool:
    try:
        domain_validator(state.name)
    except ValidationError:  # such as *.example.com
        return False
    return state.root is not None and (state.root.api_id, state.root.stage) == (api_id, stage)


def _manageable(state: DomainState, found: Inventory) -> bool:
    ours = bool(state.owner) and state.owner == found.api.owner
    return bool(state.certificate_arn) and (ours or state.is_free(found.api.id))


def _domain_fields(state: DomainState | None, found: Inventory) -> dict[str, Any]:
    if state is None or state.root is None:
        return {}
    fields = {
        "domain_name": state.name,
        "api_gateway_domain_name": state.target,
        "api_mapping_id": state.root.id,
        "live_domain_name": state.name,
    }
    if not _manageable(state, found):
        return fields
    zones = (zone for zone in state.records if state.has_alias(zone))
    return fields | {
        "certificate_arn": state.certificate_arn,
        "hosted_zone_id": next(zones, ""),
        "custom_domain_created": True,
    }


def _stage_fields(stage: StageState | None) -> dict[str, Any]:
    """AWS's defaults, and limits of 0, were set by nobody and stay unmanaged."""
    if stage is None:
        return {}
    limited = bool(stage.throttling_rate_limit and stage.throttling_burst_limit)
    return {
        "stage_name": stage.name,
        "stage_description": stage.description,
        "throttling_rate_limit": stage.throttling_rate_limit if limited else None,
        "throttling_burst_limit": stage.throttling_burst_limit if limited else None,
        "detailed_metrics": stage.detailed_metrics or None,
        "logging_level": "" if stage.logging_level == "OFF" else stage.logging_level,
        "data_trace": stage.data_trace or None,
        "access_log_destination_arn": stage.access_log_destination_arn,
        "access_log_format": stage.access_log_format,
        "stage_variables": dict(stage.variables),
        "deployment_id": stage.deployment_id,
        "live_stage_name": stage.name if stage.deployment_id else "",
    }


def _timeout(route: RouteState | None) -> int:
    integration = route.integration if route and is_adoptable(route) else None
    return integration.timeout if integration else 29_000


def _routes(gateway: ApiGateway, states: Iterable[RouteState]) -> Collection[ApiGatewayAdditionalRoute]:
    candidates = [
        _route(gateway, state, state.integration)
        for state in states
        if state.key not in OWN and state.integration and state.integration.adoptable
    ]
    return [route for route in candidates if not problems(route)]


def _route(
    gateway: ApiGateway, state: RouteState, integration: IntegrationState
) -> ApiGatewayAdditionalRoute:
    timeout = integration.timeout
    return ApiGatewayAdditionalRoute(
        name=state.key[:63],
        route_key=state.key,
        integration_url=integration.url,
        two_way=bool(state.response_ids),
        integration_timeout=None if timeout == gateway.integration_timeout else timeout,
        route_id=state.id,
        integration_id=integration.id,
    )


def problems(row: ApiGateway | ApiGatewayAdditionalRoute) -> list[str]:
    """Return why the row cannot be saved, in sentences."""
    try:
        row.full_clean(exclude=["api_gateway"], validate_constraints=False)
    except ValidationError as error:
        return [
            f"{row._meta.get_field(field).verbose_name}: {text}" if field != "__all__" else text  # type: ignore[union-attr]
            for field, texts in error.message_dict.items()
            for text in texts
        ]
    return []
