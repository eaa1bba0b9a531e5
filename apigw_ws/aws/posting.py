"""Lets boto3 resolve what a delivery needs to know of AWS."""

from __future__ import annotations

import os
from typing import Any

from django.utils.translation import gettext as _

from apigw_ws.aws import connections
from apigw_ws.aws.client import ClientConfig, client, session
from apigw_ws.aws.errors import translated
from apigw_ws.delivery import Answer, Endpoint
from apigw_ws.exceptions import ApigwWsError, AwsError, AwsUnreachable, ConnectionGone


def endpoint(config: ClientConfig) -> Endpoint:
    """Return the URL, credentials, proxy and trusted certificates for ``config``'s ``@connections``.

    Raises ConfigurationError, and AwsUnreachable when there are no credentials.
    """
    made, asking = client("apigatewaymanagementapi", config), session(config)
    url = str(made.meta.endpoint_url)
    with translated():
        found = asking.get_credentials()
        proxy, ca_bundle = _proxy(url), _ca_bundle(asking)
    if found is None:
        raise AwsUnreachable(
            _("There are no AWS credentials. Give the servers of Django and its worker some."),
            code="NoCredentialsError",
        )
    return Endpoint(
        url=url,
        region=str(made.meta.region_name),
        service=str(made.meta.service_model.signing_name),
        credentials=lambda: _frozen(found),
        post=lambda connection_id, payload: _post(made, connection_id, payload),
        ca_bundle=ca_bundle,
        proxy=proxy,
    )


def _frozen(credentials: Any) -> Any:
    """A role's credentials are renewed when they are about to expire."""
    with translated():
        return credentials.get_frozen_credentials()


def _proxy(url: str) -> str:
    from botocore.httpsession import ProxyConfiguration
    from botocore.utils import get_environ_proxies

    return ProxyConfiguration(get_environ_proxies(url)).proxy_url_for(url) or ""


def _ca_bundle(asking: Any) -> str:
    """AWS_CA_BUNDLE or ca_bundle of the profile, else REQUESTS_CA_BUNDLE, else certifi's or botocore's."""
    from botocore.httpsession import get_cert_path

    named = asking._session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(named or get_cert_path(True))


def _post(made: Any, connection_id: str, payload: bytes) -> Answer:
    try:
        connections.post(made, connection_id, payload)
    except ConnectionGone:
        return Answer(410, "GoneException")
    except AwsError as error:
        return Answer(error.status, error.code, str(error))
    except ApigwWsError as error:
        return Answer(0, type(error).__name__, str(error))
    return Answer(200)
