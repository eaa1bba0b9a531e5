"""boto3 clients, and their errors in our words. The only import of boto3, made when a client is needed."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.aws import roles
from apigw_ws.exceptions import (
    ApigwWsError,
    AwsError,
    AwsUnreachable,
    ConfigurationError,
    ConnectionGone,
    Throttled,
)

Service = Literal["apigatewayv2", "apigatewaymanagementapi", "route53", "acm", "sts", "cloudwatch"]

CONFIGURATION_ERRORS: Final = (
    "NoRegionError",
    "ProfileNotFound",
    "InvalidRegionError",
    "ConfigParseError",
    "InvalidConfigError",
)
CREDENTIAL_ERRORS: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
#: A profile of IAM Identity Center that nobody has signed in to, or not for hours.
SIGN_IN_ERRORS: Final = ("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError")
#: What services other than API Gateway answer, with 400, where they limit the rate.
RATE_ERRORS: Final = frozenset({"Throttling", "ThrottlingException", "PriorRequestNotComplete"})
#: What to do about the statuses that have one remedy.
HINTS: Final = {
    404: gettext_lazy("Somebody may have removed it in AWS: look again."),
    409: gettext_lazy(
        "Something in AWS is in the way, or being changed by somebody else: look, then try again."
    ),
}
#: A web server's threads share a client, each with senders of its own. urllib3 throws away the connections
#: beyond its pool, with a warning each; those that nobody needs are never opened.
_POOL: Final = 100

_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Where AWS is and who asks. Empty fields leave the choice to boto3's own chain."""

    region: str = ""
    endpoint_url: str = ""
    profile: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    #: The role that these credentials assume; empty: they are used as they are.
    role_arn: str = ""
    external_id: str = field(default="", repr=False)
    #: Where STS is asked for the role; empty: AWS.
    sts_url: str = ""
    #: How often a call is sent at most, with growing pauses between.
    attempts: int = 5
    #: How many calls may be under way at once.
    pool: int = 10
    #: Seconds that AWS may take for one answer.
    timeout: int = 15


def client(service: Service, config: ClientConfig) -> Any:
    """The process's boto3 client for ``service`` and ``config``; it may be used from several threads.

    Raises ConfigurationError when boto3 finds no region or not the profile, or the endpoint is no URL;
    AwsUnreachable when there are no credentials that could assume the role.
    """
    try:
        with _lock, translated():
            return _client(service, config, os.getpid())
    except ValueError as error:
        raise ConfigurationError(
            _("%(said)s. Write the endpoint as a URL, such as http://127.0.0.1:8790.") % {"said": error}
        ) from error


@lru_cache(maxsize=128)
def _client(service: Service, config: ClientConfig, _process: int) -> Any:
    # A forked process must not share its parent's sockets.
    provisioning = service == "apigatewayv2"
    made = _session(config).client(
        service,
        endpoint_url=config.endpoint_url or None,
        config=_network(config, attempts=1 if provisioning else config.attempts),
    )
    if provisioning:
        made.meta.events.register("needs-retry.apigatewayv2", _Retry(config.attempts))
    return made


def _session(config: ClientConfig) -> Any:
    import boto3

    chosen = {"region_name": config.region or None, "profile_name": config.profile or None}
    source = boto3.Session(
        aws_access_key_id=config.access_key_id or None,
        aws_secret_access_key=config.secret_access_key or None,
        **chosen,
    )
    if not config.role_arn:
        return source
    role = roles.Role(
        arn=config.role_arn,
        external_id=config.external_id,
        sts_url=config.sts_url,
        identity=(config.profile, config.access_key_id),
    )
    acting = roles.session_as(role, source, _network(config, attempts=config.attempts))
    return boto3.Session(botocore_session=acting, **chosen)


def _network(config: ClientConfig, *, attempts: int) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=min(5, config.timeout),
        read_timeout=config.timeout,
        max_pool_connections=max(config.pool, _POOL),
        retries={"mode": "standard", "total_max_attempts": attempts},
    )


class _Retry:
    """When the control plane is asked again.

    boto3 would also repeat a create whose answer was lost, though it may have taken effect: a second API.
    So a POST is repeated only when AWS surely did nothing: it limited the rate, or somebody else was
    changing the same API (409 "concurrent modification").
    """

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts

    def __call__(
        self, *, response: Any, operation: Any, attempts: int, caught_exception: Any, **_: Any
    ) -> float | None:
        """Seconds to wait before the next attempt; None gives up (botocore's contract)."""
        status, parsed = (response[0].status_code, response[1]) if response else (0, {})
        refused = status == 429 or (
            status == 409 and "concurrent modification" in parsed.get("Error", {}).get("Message", "")
        )
        failed = (caught_exception is not None or status >= 500) and operation.http["method"] != "POST"
        # A deployment is allowed every five seconds; the pauses of five attempts add up to more than that.
        limit = self.attempts if refused else min(self.attempts, 3) if failed else 0
        return 2 ** (attempts - 1) * random.uniform(0.5, 1) if attempts < limit else None  # noqa: S311


@contextmanager
def translated(subject: str = "") -> Iterator[None]:
    """Turn botocore's errors into ours, which say what to do; the cause is kept.

    ``subject`` names what the call was about, for errors whose answer is empty (410 Gone).
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refused(error.response, error.operation_name, subject) from error
    except BotoCoreError as error:
        raise _unanswered(error) from error


def _refused(response: Mapping[str, Any], operation: str, subject: str) -> ApigwWsError:
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "GoneException" or status == 410:
        return ConnectionGone(_("The connection %(id)s is closed.") % {"id": subject})
    kind = Throttled if status == 429 or code in RATE_ERRORS else AwsError
    said = response.get("Error", {}).get("Message", "") or _("no reason was given")
    request_id = response.get("ResponseMetadata", {}).get("RequestId", "")
    sentence = _("AWS refused %(operation)s: %(said)s (%(code)s).") % {
        "operation": operation,
        "said": said.rstrip("."),
        # AWS's support asks for it, and the sentence gets everywhere: pages, logs, tickets.
        "code": _("%(code)s, request ID %(id)s") % {"code": code, "id": request_id} if request_id else code,
    }
    return kind(
        f"{sentence} {_hint(code, status, operation)}",
        code=code,
        request_id=request_id,
        operation=operation,
        status=status,
    )


def _hint(code: str, status: int, operation: str) -> str:
    if operation == "AssumeRole" and status == 403 and code not in CREDENTIAL_ERRORS:
        return _(
            "Compare the account's role ARN and external ID with the role's trust policy, which has to name "
            "who asks; and who asks needs the permission sts:AssumeRole."
        )
    if code in CREDENTIAL_ERRORS:
        return _("Renew the AWS credentials that Django uses.")
    if status == 403:
        return _("Check the region, the stage and the IAM policy of the credentials that Django uses.")
    if status == 429 or code in RATE_ERRORS:
        return _("AWS limits the rate of calls; try again in a minute.")
    if status >= 500:
        return _("The failure is on AWS's side; try again.")
    return str(HINTS.get(status, _("Correct what it names, then try again.")))


def _unanswered(error: Exception) -> ApigwWsError:
    name = type(error).__name__
    if name in CONFIGURATION_ERRORS:
        return ConfigurationError(
            _(
                "%(said)s. Name the region on the gateway, its account or in APIGW_WS, and a profile of this "
                "server's AWS configuration on the account or in AWS_IAM_PROFILE."
            )
            % {"said": str(error).rstrip(".")}
        )
    if name in SIGN_IN_ERRORS:
        return AwsUnreachable(
            _("%(said)s. Run “aws sso login” with the profile, on the server and as the user of Django.")
            % {"said": str(error).rstrip(".")},
            code=name,
        )
    if name == "ParamValidationError":
        return AwsError(
            _("AWS takes no such value: %(said)s.") % {"said": " ".join(str(error).split())}, code=name
        )
    return AwsUnreachable(
        _("No answer from AWS: %(said)s. Check the network, the endpoint URL and the credentials.")
        % {"said": str(error).rstrip(".")},
        code=name,
    )
