from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client

from apigw_ws.services import attention, first_steps, glances
from apigw_ws_admin import navigation

os.environ.setdefault("APIGW_WS_SECRET_KEY", "only-for-tests")


@pytest.fixture(autouse=True)
def console(settings: Any) -> None:
    """The frame and the middleware of the standalone console."""
    from apigw_ws_admin.project import settings as project

    settings.UNFOLD, settings.CONSOLE_HEADERS = project.UNFOLD, project.CONSOLE_HEADERS
    settings.MIDDLEWARE = [name for name in project.MIDDLEWARE if "whitenoise" not in name]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait longer for AWS than people would, as the machine is busy with other tests."""
    monkeypatch.setattr(glances, "BUDGET", 20.0)


@pytest.fixture(autouse=True)
def nothing_seen_before() -> None:
    """And nothing waits for anybody: one page in half a minute counts that, and costs more than others."""
    cache.clear()
    cache.set_many({attention.key(kind): 0 for kind in attention.KINDS})
    cache.set_many({navigation.environment_key(""): "", first_steps.ROLES: True})


@pytest.fixture
def operator(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """The browser of a member of staff who has these permissions of `apigw_ws`."""

    def made(*codenames: str) -> Client:
        user = User.objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return client

    return made
