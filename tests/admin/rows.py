"""Rows for the console's pages."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone

from apigw_ws.models import (
    ApiGateway,
    AwsAccount,
    ChannelPermission,
    ChannelPermissionRule,
    Refusal,
    Run,
    Step,
    WebSocketSession,
    WebSocketToken,
)


def gateway(number: int = 0, **fields: object) -> ApiGateway:
    return ApiGateway.objects.create(
        **{
            "api_name": f"gateway-{number}",
            "api_id": f"api{number}",
            "api_endpoint": f"wss://api{number}.example.com",
            "api_created": True,
            "target_base_endpoint": "https://www.example.com/ws/",
        }
        | fields
    )


def fill(number: int) -> None:
    """A row of each kind, with all that it can refer to; its ID is one more than ``number``."""
    pk = number + 1  # said, because PostgreSQL counts on from test to test; see ``_count_on``
    now = timezone.now()
    user = User.objects.create_user(f"user-{number}")
    made = gateway(number, pk=pk, account=AwsAccount.objects.create(pk=pk, label=f"account-{number}"))
    made.additional_routes.create(name="a", route_key="a", integration_url="https://www.example.com/a")
    run = Run.objects.create(pk=pk, gateway=made, started_by=user, state="done", planned=1, finished_on=now)
    Step.objects.create(
        run=run, position=1, operation="Deploy", description="Deploy.", started_on=now, finished_on=now
    )
    WebSocketSession.objects.create(
        pk=pk,
        connection_id=f"connection-{number}=",
        user=user,
        api_gateway=made,
        channel_name="lobby",
        connected_on=now,
    )
    WebSocketToken.objects.create(pk=pk, token_hash=f"{number:064}", user=user, session_key_hash="f" * 64)
    Refusal.objects.create(
        pk=pk,
        guard="origin",
        phase="connect",
        status=403,
        reason=f"Refused {number}.",
        facts={"origin": "https://evil.example.com"},
        api_gateway=made,
        user=user,
    )
    permission = ChannelPermission.objects.create(pk=pk, channel_name=f"channel-{number}", access="rules")
    ChannelPermissionRule.objects.create(channel_permission=permission)
    _count_on()


def _count_on() -> None:
    """PostgreSQL does not notice keys that are said: what is stored next would meet one of them."""
    ours = [*apps.get_app_config("apigw_ws").get_models()]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), ours):
            cursor.execute(statement)
