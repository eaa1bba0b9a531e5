"""The console's first page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.app.factories import new_gateway

pytestmark = pytest.mark.django_db


def test_nothing_needs_anybody(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:apigw_ws_apigateway_home")).content.decode()
    print(page[-3000:])
