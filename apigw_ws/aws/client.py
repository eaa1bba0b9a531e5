"""Makes boto3 clients. The only module that imports boto3, and only when a client is needed."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from apigw_ws.aws import roles
from apigw_ws.aws.errors import translated
from apigw_ws.exceptions import AwsUnreachable, ConfigurationError

Service = Literal[
    "apigateway", "apigatewayv2", "apigatewaymanagementapi", "route53", "acm", "sts", "cloudwatch"
]

#: A web server's threads share a client, each with senders of its own. urllib3 throws away the connections
#: beyond its pool, with a warning each; those that nobody needs are never opened.
_POOL: Final = 100

_lock = threading.Lock()
#: The time on the monotonic clock after which no call is begun.
_deadline: Final[ContextVar[float | None]] = ContextVar("apigw_ws_deadline", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """The endpoint and the credentials to use. Empty fields leave the choice to boto3's own chain."""

    region: str = ""
    endpoint_url: str = ""
    profile: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    #: The role that these credentials assume; empty: none.
    role_arn: str = ""
    external_id: str = field(default="", repr=False)
    #: The endpoint of STS that is asked for the role; empty: AWS.
    sts_url: str = ""
    #: How often a call is sent at most, with growing pauses.
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


def session(config: ClientConfig) -> Any:
    """The boto3 session that signs what the clients of ``config`` send. Raises as ``client`` does."""
    with _lock, translated():
        return _session(_identity(config), os.getpid())


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """In the block, once the seconds have passed, calls to AWS raise AwsUnreachable instead of being sent."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _check_deadline(**_event: Any) -> None:
    deadline = _deadline.get()
    if deadline is not None and time.monotonic() > deadline:
        raise AwsUnreachable(_("AWS answers too slowly. Look again in a moment."), code="TooSlow")


@lru_cache(maxsize=128)
def _client(service: Service, config: ClientConfig, process: int) -> Any:
    # A forked process must not share its parent's sockets.
    provisioning = service == "apigatewayv2"
    made = _session(_identity(config), process).client(
        service,
        endpoint_url=config.endpoint_url or None,
        config=_network(config, attempts=1 if provisioning else config.attempts),
    )
    made.meta.events.register("before-call", _check_deadline)
    if provisioning:
        made.meta.events.register("needs-retry.apigatewayv2", _Retry(config.attempts))
    return made


def _identity(config: ClientConfig) -> ClientConfig:
    """What a session depends on. Its clients share a role's credentials, and botocore's files once read."""
    same = replace(config, endpoint_url="", pool=0)
    return same if config.role_arn else replace(same, attempts=1, timeout=0)


@lru_cache(maxsize=128)
def _session(config: ClientConfig, _process: int) -> Any:
    import boto3

    chosen: dict[str, Any] = {"region_name": config.region or None, "profile_name": config.profile or None}
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
    """Decides when a control-plane call is repeated.

    boto3 would also repeat a create whose answer was lost, though it may have taken effect: a second API.
    So a POST is repeated only if AWS certainly did nothing: it limited the rate, or somebody else was
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
