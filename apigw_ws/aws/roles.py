"""Makes sessions that assume a role, usually of another account, and renew its credentials themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.config import Config

#: The session name that CloudTrail shows with the role.
SESSION_NAME: Final = "apigw-ws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    arn: str
    #: Empty: none is sent.
    external_id: str = field(default="", repr=False)
    #: The endpoint of STS; empty: AWS.
    sts_url: str = ""
    #: Names the credentials that assume the role: clients with the same identity share what STS gave it.
    identity: tuple[str, ...] = ()


def session_as(role: Role, source: Any, config: Config) -> Any:
    """Return a botocore session that signs as the role, assumed with the credentials of ``source`` (boto3's).

    STS is called when something is first signed, and again before the hour is over. Raises NoCredentialsError
    (botocore's) where ``source`` has none.
    """
    from botocore.credentials import AssumeRoleCredentialFetcher
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    external = {"ExternalId": role.external_id} if role.external_id else {}
    fetcher = AssumeRoleCredentialFetcher(
        partial(source.client, endpoint_url=role.sts_url or None, config=config),
        credentials,
        role.arn,
        extra_args={"RoleSessionName": SESSION_NAME, **external},
        cache=_given(role.sts_url, role.identity),
    )
    session = get_session()
    session.register_component("credential_provider", _Provider(fetcher=fetcher))
    return session


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    """The credential provider that botocore asks."""

    fetcher: Any

    def load_credentials(self) -> Any:
        from botocore.credentials import DeferredRefreshableCredentials

        return DeferredRefreshableCredentials(self.fetcher.fetch_credentials, "assume-role")


@lru_cache(maxsize=128)
def _given(_sts_url: str, _identity: tuple[str, ...]) -> dict[str, Any]:
    """botocore's cache of credentials, by role and external ID. They never leave memory."""
    return {}
