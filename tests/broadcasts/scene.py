"""A broadcast to many sessions at a stub, for workers: ``python -m tests.broadcasts.scene URL SESSIONS``."""

from __future__ import annotations

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from apigw_ws.models import ApiGateway, WebSocketSession  # noqa: E402
from apigw_ws.services import broadcasts  # noqa: E402


def main(url: str, number: str) -> None:
    """Print the broadcast's primary key once it is started."""
    call_command("migrate", verbosity=0)
    gateway, _ = ApiGateway.objects.get_or_create(
        api_name="chat",
        defaults={"target_base_endpoint": "https://www.example.com/ws/", "deployment_id": "d1"},
    )
    ApiGateway.objects.filter(pk=gateway.pk).update(api_endpoint=url)
    WebSocketSession.objects.all().delete()
    WebSocketSession.objects.bulk_create(
        (
            WebSocketSession(connection_id=f"c{n:06}=", api_gateway=gateway, channel_name="news")
            for n in range(int(number))
        ),
        batch_size=2000,
    )
    broadcast = broadcasts.prepare(
        audience={"kind": "channels", "channels": ["news"]}, payload='{"text": "Hello"}'
    )
    broadcasts.start(broadcast)
    print(broadcast.pk)


if __name__ == "__main__":
    main(*sys.argv[1:])
