"""Files of records: out of one installation, into another."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apigw_ws.models import (
    ApiGateway,
    AuditEvent,
    AwsAccount,
    Ban,
    ChannelPermission,
    WebSocketSession,
)
from tests.admin import rows

pytestmark = pytest.mark.django_db

ADMIN = "/admin/apigw_ws"
GATEWAYS = f"{ADMIN}/apigateway"


def upload(client: Client, text: str | bytes, name: str = "file.json", at: str = GATEWAYS) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return client.post(f"{at}/import-file/", {"file": SimpleUploadedFile(name, data)})


def confirm(client: Client, page: Any, at: str = GATEWAYS) -> Any:
    context = page.context
    values = {"name": context["name"], "data": context["data"], "seen": context["outcome"].digest}
    return client.post(f"{at}/import-file/", values, follow=True)


def export(client: Client, at: str = GATEWAYS, choice: str = "json", query: str = "") -> str:
    response = client.post(f"{at}/export-file/{query}", {"choice": choice})
    assert response.status_code == 200, response.headers
    return response.getvalue().decode()


def test_gateways_go_out_and_come_in(operator: Client) -> None:
    made = rows.gateway(api_name="chat")
    text = export(operator)
    made.delete()

    page = upload(operator, text)
    assert page.context["outcome"].counts == {"new": 1}, page.text
    assert not ApiGateway.objects.exists()

    done = confirm(operator, page)
    assert "Imported: 1 new" in done.text
    assert ApiGateway.objects.get().api_name == "chat"
