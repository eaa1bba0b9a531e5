"""What the console needs of the project that installs it. The IDs go on from those of ``apigw_ws.checks``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from apigw_ws.checks.configured import check_settings
from apigw_ws.conf import conf
from apigw_ws.tasks import apply_gateway

#: As MIDDLEWARE names it.
READ_ONLY_MIDDLEWARE = "apigw_ws_admin.readers.ReadOnlyMiddleware"


@register
def check_worker(**_: Any) -> list[CheckMessage]:
    """The console hands over what takes minutes, and has no use for a backend that waits or forgets."""
    if settings.DEBUG:
        return []
    backend = type(apply_gateway.get_backend()).__name__
    does = {
        "ImmediateBackend": "Runs and broadcasts hold up the page that starts them.",
        "DummyBackend": "Runs and broadcasts never begin.",
    }
    if backend not in does:
        return []
    hint = (
        "Name a backend with a worker in TASKS, such as django_tasks_db.DatabaseBackend, and run db_worker."
    )
    return [Warning(f"{does[backend]} TASKS names {backend}.", hint=hint, id="apigw_ws.W013")]


@register
def check_read_only(**_: Any) -> list[CheckMessage]:
    """Somebody who relies on it must not find out by what was changed."""
    if check_settings() or not conf.read_only or READ_ONLY_MIDDLEWARE in settings.MIDDLEWARE:
        return []
    hint = f"Put “{READ_ONLY_MIDDLEWARE}” at the end of MIDDLEWARE."
    return [Error("READ_ONLY is set, and nothing in MIDDLEWARE sees to it.", hint=hint, id="apigw_ws.E008")]
