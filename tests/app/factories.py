"""The rows that tests start from."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError

from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.testing import WebSocketTestClient

API_ID = "abc123"
HOST = "https://www.example.com"


def new_gateway(path: str = "ws", **fields: Any) -> ApiGateway:
    """A gateway that calls the view mounted at ``path``."""
    values = {"api_name": f"chat at {path}", "api_id": API_ID, "target_base_endpoint": f"{HOST}/{path}/"}
    return ApiGateway.objects.create(**{**values, **fields})


def failing(*args: Any) -> None:
    """For ``connection.execute_wrapper``: the database is not there."""
    raise DatabaseError("The database is gone.")


def new_user(name: str = "ada", *permissions: str, **fields: Any) -> User:
    user = User.objects.create_user(name, password="right", **fields)
    for codename in permissions:
        content_type = ContentType.objects.get_for_model(User)
        user.user_permissions.add(content_type.permission_set.get(codename=codename))
    return user


def session_of(socket: WebSocketTestClient) -> WebSocketSession:
    return WebSocketSession.objects.get(connection_id=socket.connection_id)
