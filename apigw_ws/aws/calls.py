"""The control-plane calls of one run: they share the API's ID and collect AWS's request IDs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from apigw_ws.aws.errors import translated
from apigw_ws.aws.spec import ROUTE_SETTINGS, ApiSpec, RouteSpec, StageSpec, mark
from apigw_ws.exceptions import AwsError, Throttled

T = TypeVar("T")
#: Seconds between attempts where AWS limits the rate, after the client's own short ones: a domain may be
#: made or removed every 30 seconds, a deployment every 5, by the whole account.
PAUSES: Final = (5, 10, 15, 30, 30, 30)
#: The member of UpdateStage that holds a field of ours; members are sent whole.
STAGE_MEMBERS: Final = {
    "description": "Description",
    "auto deploy": "AutoDeploy",
    "access_log_destination_arn": "AccessLogSettings",
    "access_log_format": "AccessLogSettings",
    "variables": "StageVariables",
    **dict.fromkeys(ROUTE_SETTINGS, "DefaultRouteSettings"),
}
#: The only key that a route response, and the expression that selects it, can have.
DEFAULT: Final = "$default"


class Calls:
    """Calls that concern one API: ``api_id``, which CreateApi sets when there is none yet.

    ``dns`` makes Route 53's client when it is needed. ``on_pause`` is called with the seconds that AWS is
    about to be waited for; what it raises ends the run.
    """

    def __init__(
        self,
        client: Any,
        api_id: str = "",
        endpoint: str = "",
        *,
        dns: Callable[[], Any] = lambda: None,
        on_pause: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.client = client
        self.api_id = api_id
        self.endpoint = endpoint
        self.dns = dns
        self.on_pause = on_pause
        self.request_ids: list[str] = []

    @property
    def arn(self) -> str:
        return self.arn_of(f"apis/{self.api_id}")

    def arn_of(self, path: str) -> str:
        """The ARN of something in API Gateway, as its tagging operations need it."""
        meta = self.client.meta
        return f"arn:{meta.partition}:apigateway:{meta.region_name}::/{path}"

    def tag(self, arn: str, tags: Mapping[str, str], dropped: Iterable[str] = ()) -> None:
        if tags:
            self.call("tag_resource", ResourceArn=arn, Tags=tags)
        if dropped:
            self.call("untag_resource", ResourceArn=arn, TagKeys=list(dropped))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call the client's ``method`` and return its answer. Raises AwsError."""
        return self._answer(getattr(self.client, method), parameters)

    def change_record(self, zone_id: str, action: str, record: Mapping[str, Any]) -> None:
        """Make or delete a record of a hosted zone. Raises AwsError."""
        changes = [{"Action": action, "ResourceRecordSet": record}]
        parameters = {"HostedZoneId": zone_id, "ChangeBatch": {"Changes": changes}}
        self._answer(self.dns().change_resource_record_sets, parameters)

    def pause(self, seconds: float) -> None:
        pause(seconds, self.on_pause)

    def _answer(self, method: Callable[..., dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            with translated():
                return method(**parameters)

        answer = patiently(ask, self.on_pause)
        self.request_ids.append(answer["ResponseMetadata"].get("RequestId", ""))
        return answer

    def on_api(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.call(method, ApiId=self.api_id, **parameters)

    def delete(self, method: str, **parameters: Any) -> None:
        """As ``remove``, for something that belongs to the API."""
        self.remove(method, ApiId=self.api_id, **parameters)

    def remove(self, method: str, **parameters: Any) -> None:
        """Delete something. That it is gone already, by somebody else or a lost answer, is no error."""
        try:
            self.call(method, **parameters)
        except AwsError as error:
            if error.status != 404:
                raise

    def create_integration(self, route: RouteSpec) -> str:
        """Make the integration of ``route`` and return its ID."""
        answer = self.on_api("create_integration", IntegrationType="HTTP_PROXY", **integration_fields(route))
        integration_id: str = answer["IntegrationId"]
        return integration_id


def patiently(ask: Callable[[], T], on_pause: Callable[[float], None]) -> T:
    """Return what ``ask`` returns. If AWS limits the rate, retry for two minutes at most."""
    for seconds in PAUSES:
        try:
            return ask()
        except Throttled:
            pause(seconds, on_pause)
    return ask()


def pause(seconds: float, on_pause: Callable[[float], None]) -> None:
    """Wait for AWS, after telling ``on_pause``; what that raises ends the wait."""
    on_pause(seconds)
    time.sleep(seconds)


def api_fields(api: ApiSpec) -> dict[str, Any]:
    return {
        "Name": api.name,
        "Description": api.description,
        "RouteSelectionExpression": api.route_selection_expression,
        "ApiKeySelectionExpression": api.api_key_selection_expression,
        "DisableExecuteApiEndpoint": api.disable_execute_api_endpoint,
    }


def stage_fields(stage: StageSpec, kept: Mapping[str, Any], dropped: Iterable[str] = ()) -> dict[str, Any]:
    """The members of CreateStage and UpdateStage. AWS drops a variable that is set to nothing."""
    own = {name: getattr(stage, name) for name in ROUTE_SETTINGS}
    settings = {**kept, **{name: value for name, value in own.items() if value not in (None, "")}}
    return {
        "Description": stage.description,
        "DefaultRouteSettings": {ROUTE_SETTINGS[name]: value for name, value in settings.items()},
        "AccessLogSettings": {
            "DestinationArn": stage.access_log_destination_arn,
            "Format": stage.access_log_format,
        },
        "StageVariables": {**stage.variables, **dict.fromkeys(dropped, "")},
        "AutoDeploy": False,
    }


def integration_fields(route: RouteSpec) -> dict[str, Any]:
    return {
        "IntegrationUri": route.integration.url,
        "IntegrationMethod": route.integration.method,
        "TimeoutInMillis": route.integration.timeout,
        "RequestParameters": dict(route.integration.parameters),
        "Description": mark(route.key),
    }


def route_fields(route: RouteSpec, integration_id: str) -> dict[str, Any]:
    declared = {name: {"Required": False} for name in sorted(route.declared)}
    return {
        "Target": f"integrations/{integration_id}",
        **({"RequestParameters": declared} if declared else {}),
    }
