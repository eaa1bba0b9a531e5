"""Resolves a gateway's endpoints, region and credentials, and makes its clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _

from apigw_ws.aws import posting
from apigw_ws.aws.client import ClientConfig, client, within
from apigw_ws.conf import conf
from apigw_ws.delivery import Endpoint
from apigw_ws.exceptions import ConfigurationError, NotProvisioned
from apigw_ws.models import ApiGateway, AwsAccount

#: Seconds that AWS may take for one answer; None: the client's own time-out.
_hurry: Final[ContextVar[int | None]] = ContextVar("apigw_ws_hurry", default=None)


@contextmanager
def quickly(seconds: int) -> Iterator[None]:
    """In the block, calls to AWS are sent once and time out after ``seconds``, because somebody is waiting.

    If many answers each come just in time, the sequence is given up after four times as long.
    """
    token = _hurry.set(seconds)
    try:
        with within(4 * seconds):
            yield
    finally:
        _hurry.reset(token)


def config_for(gateway: ApiGateway) -> ClientConfig:
    """Return where the gateway is and the credentials: its own, else its account's, else the settings'.

    Raises ConfigurationError for half a key pair, which boto3 would accept.
    """
    account = gateway.account or AwsAccount()
    endpoint_url = gateway.endpoint_url or account.endpoint_url or conf.endpoint_url
    config = ClientConfig(
        region=gateway.home_region,
        endpoint_url=endpoint_url,
        role_arn=account.role_arn,
        external_id=account.external_id,
        sts_url=_beside_api_gateway(endpoint_url),
        **_credentials(account),
    )
    seconds = _hurry.get()
    return config if seconds is None else replace(config, attempts=1, timeout=seconds)


def _credentials(account: AwsAccount) -> dict[str, Any]:
    """The account's profile, else what the settings name."""
    if account.profile:
        return {"profile": account.profile}
    if bool(conf.aws_access_key_id) != bool(conf.aws_secret_access_key):
        raise ConfigurationError(
            _("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or neither.")
        )
    return {
        "profile": conf.aws_profile,
        "access_key_id": conf.aws_access_key_id,
        "secret_access_key": conf.aws_secret_access_key,
    }


def control_client(gateway: ApiGateway) -> Any:
    """Return the client that makes and changes the gateway. Raises ConfigurationError."""
    return client("apigatewayv2", config_for(gateway))


def dns_client(gateway: ApiGateway) -> Any:
    """Return the client for Route 53. Raises ConfigurationError."""
    return client("route53", dns_config(config_for(gateway)))


def dns_config(config: ClientConfig) -> ClientConfig:
    """As ``config_for``, for Route 53 and the other services besides API Gateway."""
    return replace(config, endpoint_url=_beside_api_gateway(config.endpoint_url))


def _beside_api_gateway(endpoint_url: str) -> str:
    """API Gateway's VPC endpoint serves nothing else; the emulator serves all of AWS."""
    return "" if ".amazonaws.com" in endpoint_url else endpoint_url


def connections_client(gateway: ApiGateway) -> Any:
    """Return the client for the gateway's connections. Raises NotProvisioned, ConfigurationError."""
    patience: dict[str, Any] = {"attempts": 3, "timeout": 10} if _hurry.get() is None else {}
    config = replace(
        config_for(gateway), endpoint_url=management_url(gateway), pool=conf.send_workers, **patience
    )
    return client("apigatewaymanagementapi", config)


def delivery_endpoint(gateway: ApiGateway | None) -> Endpoint:
    """Return the endpoint and credentials with which many messages are posted to the gateway's connections.

    Raises NotProvisioned, ConfigurationError, and AwsUnreachable when there are no credentials.
    """
    if gateway is None:
        raise NotProvisioned(_("The session belongs to no gateway, so nothing leads to its client."))
    # A delivery retries by itself.
    config = replace(config_for(gateway), endpoint_url=management_url(gateway), attempts=1, timeout=10)
    return posting.endpoint(config)


def management_url(gateway: ApiGateway) -> str:
    """Return the URL under which the gateway has its ``@connections``. Raises NotProvisioned.

    With a custom domain the mapping chooses the stage; otherwise the stage is in the path
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html).
    """
    if not (gateway.api_endpoint and gateway.deployment_id):
        raise NotProvisioned(
            _("The gateway “%(gateway)s” is not deployed in AWS yet. Apply its plan first.")
            % {"gateway": gateway}
        )
    if gateway.live_domain:
        return f"https://{gateway.live_domain}"
    scheme, _separator, rest = gateway.api_endpoint.partition("://")
    return f"{'http' if scheme == 'ws' else 'https'}://{rest}/{gateway.live_stage}"
