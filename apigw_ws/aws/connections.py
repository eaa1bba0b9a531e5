"""Single calls to `@connections`. See the API reference of the API Gateway Management API (2018-11-29)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apigw_ws.aws.errors import translated


def post(client: Any, connection_id: str, data: bytes) -> None:
    """Send ``data`` to this connection as one text message.

    Raises ConnectionGone when the connection is closed, AwsError otherwise. An accepted message is not
    yet a received one, because clients do not acknowledge; and if AWS's answer is lost, the
    message is sent again, so that a client may rarely get it twice.
    """
    with translated(connection_id):
        client.post_to_connection(ConnectionId=connection_id, Data=data)


def get(client: Any, connection_id: str) -> Mapping[str, Any]:
    """Return what AWS knows of an open connection: ``ConnectedAt``, ``LastActiveAt``, ``Identity``.

    Raises ConnectionGone when it is closed.
    """
    with translated(connection_id):
        answer: Mapping[str, Any] = client.get_connection(ConnectionId=connection_id)
    return answer


def close(client: Any, connection_id: str) -> None:
    """Close the connection: its client sees code 1000. Raises ConnectionGone when it is closed already."""
    with translated(connection_id):
        client.delete_connection(ConnectionId=connection_id)
