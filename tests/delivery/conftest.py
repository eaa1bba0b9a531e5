from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from apigw_ws.aws import posting
from apigw_ws.aws.client import ClientConfig
from apigw_ws.delivery import Endpoint, curl, engine
from tests.delivery.server import Script, Server, serving

_keys = itertools.count()


def endpoint_at(url: str, **config: Any) -> Endpoint:
    """As the product makes it; no two share a session, which remembers the environment."""
    keys = {"access_key_id": f"AKIA{next(_keys)}", "secret_access_key": "secret"}
    return posting.endpoint(
        ClientConfig(
            **{"region": "eu-west-1", "attempts": 1, "timeout": 10, **keys, "endpoint_url": url, **config}
        )
    )


@pytest.fixture(params=["pycurl", "boto3"])
def either_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is tested holds for both."""
    if request.param == "boto3":
        monkeypatch.setattr(engine, "CurlLine", None)
    return str(request.param)


@pytest.fixture(autouse=True)
def no_connections_of_other_tests() -> Iterator[None]:
    yield
    curl.close_idle()


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    """Start a server that follows a script."""
    with ExitStack() as stack:

        def start(script: Script, **options: Any) -> Server:
            return stack.enter_context(serving(script, **options))

        yield start
