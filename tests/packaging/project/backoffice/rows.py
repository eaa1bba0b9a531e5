"""Something of everything that the console shows."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from people.models import Person
from shop.models import Order

from apigw_ws import models


def fill(person: Person) -> None:
    now = timezone.now()
    Order.objects.create(number="A 1")
    account = models.AwsAccount.objects.create(label="Frankfurt", environment="production")
    gateway = models.ApiGateway.objects.create(
        api_name="chat",
        account=account,
        api_id="abcdefghij",
        api_endpoint="wss://abcdefghij.example.com",
        api_created=True,
        deployment_id="d1",
        target_base_endpoint="https://intranet.example.org/prefix/ws/",
    )
    url = "https://intranet.example.org/prefix/ws/say"
    gateway.additional_routes.create(name="say", route_key="say", integration_url=url)
    run = models.Run.objects.create(
        gateway=gateway,
        started_by=person,
        state="failed",
        finished_on=now,
        error_code="AccessDenied",
    )
    models.Step.objects.create(run=run, position=1, operation="Deploy", description="Deploy.", started_on=now)
    models.DeployedSnapshot.objects.create(
        gateway=gateway, deployment_id="d1", routes={}, secret_version=1, run=run
    )
    session = models.WebSocketSession.objects.create(
        connection_id="A1b2C3d4=", user=person, api_gateway=gateway, channel_name="lobby", connected_on=now
    )
    models.Channel.objects.create(name="lobby", members=1)
    models.ChannelPermission.objects.create(channel_name="lobby", access="everyone")
    models.Ban.objects.create(network="203.0.113.0/24", reason="Noise.", created_by=person)
    models.Refusal.objects.create(
        guard="origin", phase="connect", status=403, reason="No.", api_gateway=gateway, user=person
    )
    models.AuditEvent.objects.create(
        user=person,
        who=str(person),
        verb="apply",
        gateway=gateway,
        object_text="chat",
        result="done",
        run=run,
    )
    models.WebSocketToken.objects.create(token_hash="0" * 64, user=person, session_key_hash="f" * 64)
    trace = models.Trace.objects.create(channel_name="lobby", ends_on=now + timedelta(hours=1), reason="?")
    models.TraceEntry.objects.create(
        trace=trace, connection_id=session.connection_id, direction="in", at=now, size=2, payload="{}"
    )
    broadcast = models.Broadcast.objects.create(payload="{}", created_by=person, state="done", failed=1)
    models.BroadcastRecipient.objects.create(
        broadcast=broadcast, connection_id=session.connection_id, session=session, result="failed"
    )
    models.BroadcastTemplate.objects.create(name="hello", payload="{}")
    models.Act.objects.create(deed="disconnect", audience="lobby", by=person, finished_on=now)
