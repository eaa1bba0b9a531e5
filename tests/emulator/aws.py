"""What tests of the control plane share: a refusal, and the parts of a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

URL = "http://127.0.0.1:8000/ws/default"


@contextmanager
def refused(status: int, code: str, *says: str) -> Iterator[None]:
    """The call inside is refused by AWS with this status, this code and these words."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    got = answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
    assert (status, code) == got, answer["Error"]
    for words in says:
        assert words in answer["Error"]["Message"]


def make_api(api: Any, **changes: Any) -> str:
    asked = {
        "Name": "chat",
        "ProtocolType": "WEBSOCKET",
        "RouteSelectionExpression": "$request.body.action",
        **changes,
    }
    made: str = api.create_api(**asked)["ApiId"]
    return made


def make_integration(api: Any, api_id: str, **changes: Any) -> str:
    asked = {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "POST",
        "IntegrationUri": URL,
        **changes,
    }
    made: str = api.create_integration(ApiId=api_id, **asked)["IntegrationId"]
    return made


def make_route(api: Any, api_id: str, key: str = "$default", **changes: Any) -> str:
    target = f"integrations/{make_integration(api, api_id)}"
    made: str = api.create_route(ApiId=api_id, RouteKey=key, Target=target, **changes)["RouteId"]
    return made


def status_of(answer: dict[str, Any]) -> int:
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status
