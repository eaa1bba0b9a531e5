"""Whoever lacks the permission to see addresses, or what messages say, finds neither on any page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apigw_ws.models import Ban, Broadcast, Channel, Refusal, Trace, TraceEntry, WebSocketSession
from apigw_ws.services import roles
from tests.admin import rows

pytestmark = pytest.mark.django_db

ADDRESS = "203.0.113.77"
WORDS = "the-words-of-a-message"


@pytest.fixture
def planted() -> None:
    """A row of each kind that holds an address or words."""
    rows.fill(0)
    now, nobody = timezone.now(), User.objects.create_user("somebody")
    where = {"ip_address": ADDRESS, "address_block": ADDRESS}
    WebSocketSession.objects.update(**where)
    Refusal.objects.update(**where, facts={"limit": 3})
    Ban.objects.create(pk=1, network=f"{ADDRESS}/32", reason="Floods.", created_by=nobody)
    Channel.objects.create(name="lobby", members=1)
    payload = f'{{"text": "{WORDS}"}}'
    Broadcast.objects.create(pk=1, payload=payload, created_by=nobody, state="done")
    for pk, whom in ((1, {"ip_address": ADDRESS}), (2, {"channel_name": "lobby"})):
        trace = Trace.objects.create(pk=pk, **whom, reason="Why.", ends_on=now + dt.timedelta(hours=1))
        TraceEntry.objects.create(
            trace=trace, connection_id="connection-0=", direction="in", at=now, size=9, payload=payload
        )


def pages() -> list[str]:
    """Those of our records that ask nobody but the database."""
    found = [reverse("admin:index"), reverse("admin:apigw_ws_channel_page", query={"channel": "lobby"})]
    for model in admin.site._registry:
        if model._meta.app_label != "apigw_ws" or model._meta.model_name in {"apigateway", "awsaccount"}:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        first = model._default_manager.order_by("pk").first()
        pk = first.pk if first else 1
        found += [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[pk])]
        for page in ("timeline", "facts", "entries"):
            try:
                found.append(reverse(f"{name}_{page}", args=[pk]))
            except NoReverseMatch:
                continue
    user = User.objects.get(username="user-0")
    found.append(reverse("admin:apigw_ws_trace_change", args=[2]))
    return [*found, reverse("admin:apigw_ws_websocketsession_user", args=[user.pk])]


def texts(client: Client) -> dict[str, str]:
    """What the pages say, the exports and what Ctrl+K finds, by their paths."""
    said = {path: client.get(path, follow=True).text for path in pages()}
    for name in (
        "websocketsession",
        "refusal",
        "ban",
        "auditevent",
        "run",
        "broadcast",
        "broadcastrecipient",
    ):
        path = reverse(f"admin:apigw_ws_{name}_export_file")
        said[path] = b"".join(client.post(path, {"choice": "csv"})).decode()
    for word in ("lobby", "connection-0=", "203.0.113"):
        said[f"search for {word}"] = client.get("/admin/search/", {"extended": 1, "s": word}).text
    return said


@pytest.mark.usefixtures("planted")
def test_a_viewer_sees_no_address_and_no_words(staff: Callable[..., Client]) -> None:
    said = texts(staff(*roles.roles()["WebSocket viewer"]))

    assert len(said) > 30
    assert {path for path, text in said.items() if ADDRESS in text} == set()
    assert {path for path, text in said.items() if WORDS in text} == set()


@pytest.mark.usefixtures("planted")
def test_they_are_there_for_those_who_may(operator: Client) -> None:
    shows = {
        "websocketsession/": ADDRESS,
        "refusal/1/change/": ADDRESS,
        "websocketsession/export-file/": ADDRESS,
        "broadcast/1/change/": WORDS,
    }

    for path, word in shows.items():
        page = f"/admin/apigw_ws/{path}"
        answer = operator.post(page, {"choice": "csv"}) if "export" in path else operator.get(page)
        assert word in b"".join(answer).decode(), path
