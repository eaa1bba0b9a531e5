"""The control plane: every AWS service of the emulator behind one door."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from apigw_ws.emulator.aws_services.account import Account
from apigw_ws.emulator.aws_services.acm import Acm
from apigw_ws.emulator.aws_services.cloudwatch import CloudWatch
from apigw_ws.emulator.aws_services.route53 import Route53
from apigw_ws.emulator.aws_services.sts import Sts
from apigw_ws.emulator.control import mappings
from apigw_ws.emulator.control.crud import Crud
from apigw_ws.emulator.control.deployments import Deployments
from apigw_ws.emulator.control.extras import Extras
from apigw_ws.emulator.control.resources import Resource
from apigw_ws.emulator.control.rules import apis
from apigw_ws.emulator.control.tables import Path, Record, Tables
from apigw_ws.emulator.control.world import World
from apigw_ws.emulator.metrics import Metrics
from apigw_ws.emulator.roles import Roles
from apigw_ws.emulator.sigv4 import signature_of, token_of
from apigw_ws.emulator.state import State
from apigw_ws.emulator.values import AwsError, DeployedStage, HttpRequest, HttpResponse
from apigw_ws.emulator.wire.scalars import Malformed
from apigw_ws.emulator.wire.service import Service

logger = logging.getLogger("apigw_ws.emulator")
#: The services whose operations change the state; the others are asked by POST too.
WRITERS = ("apigateway", "apigatewayv2", "route53")
#: Where a path belongs to one service.
PATHS = {"/v2/": "apigateway", "/2013-04-01/": "route53"}
Removed = Callable[[str, str | None], None]


class ControlPlane:
    """Answers AWS's requests and tells the data plane what is deployed. May be called from any thread."""

    def __init__(
        self,
        *,
        region: str,
        account_id: str,
        state: State,
        metrics: Metrics,
        endpoint: Callable[[], str],
        now: Callable[[], float] = time.time,
        roles: Roles | None = None,
    ) -> None:
        """`endpoint` is http://127.0.0.1:PORT, asked for when an answer needs it."""
        self.on_removed: list[Removed] = []
        self.state = state
        self._lock = threading.RLock()
        self._served: dict[tuple[str, str], DeployedStage] = {}
        self._removed: list[tuple[str, str | None]] = []
        acm = Acm(region=region, account_id=account_id, now=now)
        tables = Tables(state)
        self.world = World(
            tables=tables,
            region=region,
            account_id=account_id,
            endpoint=endpoint,
            now=now,
            certificate=acm.find,
        )
        self.deployments = Deployments(self.world)
        crud = Crud(self.world, self._changed)
        api_gateway = crud.operations() | Extras(crud, self.deployments).operations()
        self.services = {
            "apigateway": Service("apigatewayv2", api_gateway, {"CreateApi": apis.check_protocol}),
            "account": Service("apigateway", Account(state).operations()),
            "monitoring": Service("cloudwatch", CloudWatch(metrics).operations()),
            "acm": Service("acm", acm.operations()),
            "route53": Service("route53", Route53(state, now).operations()),
        }
        self._sts = Sts(account_id, roles or Roles({}, ""))
        metrics.detailed = self._has_detailed_metrics

    def handle(self, request: HttpRequest) -> HttpResponse:
        """AWS's answer; a failure of the emulator itself is AWS's 500, and is logged."""
        try:
            with self._lock:
                service = self._service(request)
                response = service.handle(request)
                if service.name in WRITERS and request.method != "GET" and response.status < 300:
                    self._served.clear()
                    self.state.save()
                removed, self._removed = self._removed, []
        except AwsError as error:
            return self.fail(request, error)
        except Exception:
            logger.exception("The emulator failed to answer %s %s", request.method, request.raw_path)
            return self.fail(request, AwsError("InternalFailure", 500, "The emulator failed; see its log."))
        for api_id, stage in removed:
            for tell in self.on_removed:
                tell(api_id, stage)
        return response

    def operation(self, request: HttpRequest) -> str | None:
        """The service's signing name and the operation, ``apigateway:CreateRoute``; None if it is neither."""
        try:
            operation = self._service(request).operation(request)
        except (AwsError, Malformed):
            return None
        return f"{self._name(request)}:{operation.name}" if operation else None

    def signed_for(self, request: HttpRequest) -> str:
        """The service that must have been signed for; empty where only the signature tells the service."""
        return next((name for path, name in PATHS.items() if request.raw_path.startswith(path)), "")

    def fail(self, request: HttpRequest, error: AwsError) -> HttpResponse:
        """The error as the service that was asked would answer it."""
        try:
            return self._service(request).fail(request, error)
        except AwsError:
            body = json.dumps({"message": error.message}).encode()
            headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", error.code))
            return HttpResponse(status=error.status, headers=headers, body=body)

    def deployed(self, api_id: str, stage_name: str) -> DeployedStage | None:
        """What the stage serves now; None if the API or the stage is unknown or was never deployed."""
        served = self._served.get((api_id, stage_name))
        if served is None:
            with self._lock:
                served = self.deployments.deployed(api_id, stage_name)
                if served is not None:
                    self._served[api_id, stage_name] = served
        return served

    def stages_named(self, stage_name: str) -> list[str]:
        """The ids of the APIs that have a stage of this name."""
        with self._lock:
            stages = self.world.tables.items("Stage")
        return [path[0] for path, _ in stages if path[1] == stage_name]

    def resolve_domain(self, host: str, path: str) -> tuple[str, str, str] | None:
        """The API, the stage and the rest of the path that a custom domain leads to, longest key first."""
        with self._lock:
            return mappings.resolve(self.world.tables, host, path)

    def has_domain(self, host: str) -> bool:
        """Whether a ``Host`` header names a custom domain."""
        with self._lock:
            return mappings.domain_of(self.world.tables, host) is not None

    def _changed(self, resource: Resource, path: Path, before: Record | None) -> None:
        if resource.kind in ("Api", "Stage") and self.world.tables.get(resource.kind, *path) is None:
            self._removed.append((path[0], path[1] if resource.kind == "Stage" else None))
        self.deployments.after(resource, path, before)

    def _has_detailed_metrics(self, api_id: str, stage_name: str, route_key: str) -> bool:
        served = self.deployed(api_id, stage_name)
        if served is None:
            return False
        default = served.stage["DefaultRouteSettings"].get("DetailedMetricsEnabled", False)
        own = served.stage["RouteSettings"].get(route_key, {})
        return bool(own.get("DetailedMetricsEnabled", default))

    def _service(self, request: HttpRequest) -> Service:
        name = self._name(request)
        if name == "sts":
            return Service("sts", self._sts.operations(token_of(request)))
        if (name, request.raw_path) == ("apigateway", "/account"):  # of API Gateway's first version
            name = "account"
        if name not in self.services:
            raise AwsError("NotImplementedException", 501, f"The emulator does not build the service {name}.")
        return self.services[name]

    def _name(self, request: HttpRequest) -> str:
        """The service of the path, or the one that was signed for, or what an unsigned one looks like."""
        if name := self.signed_for(request):
            return name
        try:
            signature = signature_of(request)
        except AwsError:
            signature = None
        return signature.scope.service if signature else _guessed(request)


def _guessed(request: HttpRequest) -> str:
    target = request.header("x-amz-target")
    if target:
        return "acm" if target.startswith("CertificateManager") else "monitoring"
    version = parse_qs(request.body.decode(errors="replace") or request.raw_query).get("Version", [""])[0]
    return {"2010-08-01": "monitoring", "2011-06-15": "sts"}.get(version, "unknown")
