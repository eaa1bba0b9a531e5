"""What the console needs of the project that installs it. The IDs go on from those of ``apigw_ws.checks``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from apigw_ws.tasks import apply_gateway


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
