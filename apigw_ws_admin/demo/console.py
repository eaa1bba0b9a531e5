"""What the demo does through Django at the start, and once an hour."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DatabaseError, OperationalError
from django.utils import timezone

from apigw_ws.models import ApiGateway, BroadcastTemplate, WebSocketSession
from apigw_ws.services import runs, sessions
from apigw_ws.tasks import apply_gateway
from apigw_ws_admin.demo.state import DemoError

#: Closed sessions are kept for a day.
KEPT: Final = timedelta(days=1)
#: Seconds that the worker has to make the gateway.
PATIENCE: Final = 60.0
#: A message to start from.
TEMPLATE: Final = """{
  "type": "notice",
  "text": "We are back in {{ minutes }} minutes."
}"""
#: To try the gateway with.
FRAMES: Final = (
    ("Say hello", {"action": "say", "text": "Hello from the console"}),
    ("What time is it?", {"action": "time"}),
    ("Who is here?", {"action": "who"}),
)


def prepare() -> str | None:
    """Migrate, end what an earlier start left open, and return the operator's password if they are new."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
        for gateway in ApiGateway.objects.all():
            runs.interrupt(gateway)
            sessions.close_of_gateway(gateway, reason="The demo was stopped")
        return _operator()
    except DatabaseError as error:
        raise DemoError(f"The demo's database cannot be used: {error}. Pass another --state.") from error


def _operator() -> str | None:
    users = get_user_model().objects
    if users.filter(username="operator").exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser("operator", password=password)
    BroadcastTemplate.objects.get_or_create(name="Maintenance", defaults={"payload": TEMPLATE})
    return password


def provision(aws: str, site: str, check: Callable[[], None]) -> str:
    """The gateway “demo” in the emulator at ``aws`` calls ``site``; its URL for clients is returned.

    The worker applies it, as it does for a person who presses the button. Raises DemoError.
    """
    # The emulator takes signatures for its own region only, so a changed one would stop the next start.
    moving = {"endpoint_url": aws, "region": "us-east-1", "target_base_endpoint": f"{site}/ws/"}
    fixed = {"api_description": "Made by apigw-ws demo", "default_channel_name": "lobby"}
    gateway, made = ApiGateway.objects.update_or_create(
        api_name="demo", defaults=moving, create_defaults=moving | fixed
    )
    for name, frame in FRAMES if made else ():
        gateway.saved_frames.create(name=name, payload=json.dumps(frame, indent=2))
    gateway.additional_routes.update_or_create(
        route_key="time", defaults={"name": "clock", "integration_url": f"{site}/clock/message"}
    )
    _apply(gateway, check)
    gateway.refresh_from_db()
    return gateway.client_url


def _apply(gateway: ApiGateway, check: Callable[[], None]) -> None:
    result = apply_gateway.enqueue(gateway.pk)
    deadline = time.monotonic() + PATIENCE
    while not result.is_finished:
        check()
        if time.monotonic() > deadline:
            raise DemoError(f"The worker has not made the gateway in {PATIENCE:.0f} seconds.")
        time.sleep(0.1)
        result.refresh()
    if result.errors:
        run = gateway.runs.latest("started_on")
        raise DemoError(f"The gateway could not be made: {run.error_text or result.errors[0].traceback}")


def tidy() -> None:
    """Forget sessions that ended long ago, so that a demo can run for weeks."""
    with suppress(OperationalError):  # the database is busy: in an hour, then
        WebSocketSession.objects.filter(connected=False, disconnected_on__lt=timezone.now() - KEPT).delete()
