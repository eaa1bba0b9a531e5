"""What the doctor looks at besides what pages show anyway. For ``glances``, so without the database."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.aws import connections, history, monitoring
from apigw_ws.aws.client import client
from apigw_ws.aws.errors import CREDENTIAL_ERRORS, NO_CREDENTIALS, SIGN_IN_ERRORS, translated
from apigw_ws.aws.history import DeploymentState
from apigw_ws.exceptions import ApigwWsError, AwsError, ConfigurationError, ConnectionGone
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints, lookups, targets
from apigw_ws.services.lookups import Identity

#: AWS's codes for a call that a policy forbids. Without "ForbiddenException", which ``@connections`` answers
#: also if the stage does not exist.
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})
#: STS answers everybody who they are, so these codes mean that the credentials are invalid.
NOBODY: Final = {*CREDENTIAL_ERRORS, *NO_CREDENTIALS, *SIGN_IN_ERRORS, "SignatureDoesNotMatch"}
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Why AWS does not let us in."""

    reason: str


def who(gateway: ApiGateway) -> Identity | Stranger:
    """Return the identity that AWS sees, or why it rejects us. Raises AwsError if it has not answered."""
    try:
        return lookups.identity(gateway)
    except ConfigurationError as problem:
        return Stranger(reason=str(problem))
    except AwsError as problem:
        if problem.code in NOBODY or (problem.operation == "AssumeRole" and problem.code in DENIED):
            return Stranger(reason=str(problem))
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """The actions that were tried, such as "apigateway:GET"."""

    allowed: tuple[str, ...]
    denied: tuple[str, ...]


def permissions(gateway: ApiGateway) -> Permissions:
    """Return which reading actions of the gateway's policy AWS allows, by trying them.

    iam:SimulatePrincipalPolicy would cover writes, too. But it is rarely allowed, ignores assumed roles
    and what the organisation and the session forbid. Raises any other error that a call met, if none was
    denied.
    """
    said = {action: _asked(ask, gateway) for action, ask in _reads(gateway)}
    denied = tuple(action for action, problem in said.items() if _is_denial(problem))
    problem = next(filter(None, said.values()), None)
    if problem and not denied:
        raise problem
    return Permissions(allowed=tuple(action for action in said if said[action] is None), denied=denied)


def _reads(gateway: ApiGateway) -> Iterator[tuple[str, Callable[[ApiGateway], object]]]:
    yield "apigateway:GET", _an_api
    if gateway.deployment_id:
        yield "execute-api:ManageConnections", _a_connection
        yield "cloudwatch:GetMetricData", _a_metric
    if gateway.domain_name:
        yield "acm:ListCertificates", lookups.certificates
    if gateway.hosted_zone_id:
        yield "route53:ListResourceRecordSets", _a_record


def _asked(ask: Callable[[ApiGateway], object], gateway: ApiGateway) -> AwsError | None:
    """AWS's objection to the call. A 404 means that the call is allowed."""
    try:
        ask(gateway)
    except ConnectionGone:
        return None
    except AwsError as problem:
        return problem if _is_denial(problem) or problem.status not in (400, 404) else None
    return None


def _is_denial(problem: AwsError | None) -> bool:
    return problem is not None and problem.code in DENIED


def _an_api(gateway: ApiGateway) -> None:
    api, asked = endpoints.control_client(gateway), {"ApiId": gateway.api_id}
    with translated():
        if gateway.api_id:
            api.get_api(**asked)
        else:
            api.get_apis(MaxResults="1")


def _a_connection(gateway: ApiGateway) -> object:
    """The ID belongs to no connection; AWS says so only to those who may ask."""
    return connections.get(endpoints.connections_client(gateway), "doctor00000000==")


def _a_metric(gateway: ApiGateway) -> object:
    now = timezone.now()
    query = monitoring.Query(
        api_id=gateway.api_id,
        stage_name=gateway.live_stage,
        metric=monitoring.CONNECTS,
        statistic="Sum",
        period=60,
    )
    cloudwatch = client("cloudwatch", endpoints.dns_config(endpoints.config_for(gateway)))
    return monitoring.read(cloudwatch, [query], start=now - timedelta(minutes=5), end=now)


def _a_record(gateway: ApiGateway) -> None:
    zone, route53 = gateway.hosted_zone_id.rpartition("/")[2], endpoints.dns_client(gateway)
    with translated():
        route53.list_resource_record_sets(HostedZoneId=zone, MaxItems="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The deployment that the stage serves, and the newest that AWS has finished."""

    live: DeploymentState
    newest: DeploymentState


def served(gateway: ApiGateway) -> Served | None:
    """Return what the stage serves; None for nothing. Raises AwsError, with status 404 if it is gone."""
    api = endpoints.control_client(gateway)
    with translated():
        live_id = api.get_stage(ApiId=gateway.api_id, StageName=gateway.live_stage).get("DeploymentId")
    if not live_id:
        return None
    live = history.deployment(api, gateway.api_id, live_id)
    done = [each for each in history.deployments(api, gateway.api_id) if each.status == "DEPLOYED"]
    return Served(live=live, newest=max((live, *done), key=lambda each: each.created_on))


def target(gateway: ApiGateway) -> list[targets.Finding]:
    """Return what a request from this server to the target URL finds."""
    local = urlsplit(endpoints.config_for(gateway).endpoint_url).hostname in LOOPBACK
    return targets.check(gateway.target_base_endpoint, local=local)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The addresses of names; none if a name is unknown."""

    domain: tuple[str, ...]
    target: tuple[str, ...]


def dns(gateway: ApiGateway) -> Resolved:
    """Resolve, as this server sees DNS, the custom domain and AWS's own name for it.

    Raises ApigwWsError if the name server gives no answer.
    """
    return Resolved(
        domain=_addresses(gateway.domain_name), target=_addresses(gateway.api_gateway_domain_name)
    )


def _addresses(name: str) -> tuple[str, ...]:
    try:
        found: list[Any] = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise ApigwWsError(_("The name server does not answer. Look again in a moment.")) from error
        return ()
    except UnicodeError:  # not a possible DNS name
        return ()
    return tuple(sorted({str(each[4][0]) for each in found}))
