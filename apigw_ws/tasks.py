"""Work off the request, for whichever backend the project's ``TASKS`` names."""

from __future__ import annotations

from django import VERSION
from django.contrib.auth import get_user_model

from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import audit, provisioning

if VERSION >= (6, 0):
    from django.tasks import task
else:
    from django_tasks import task  # type: ignore[assignment,no-redef,unused-ignore]


@task()
def apply_gateway(
    gateway_id: int, user_id: int | str | None = None, seen: str | None = None, ip: str | None = None
) -> int:
    """Apply a gateway's plan, put it on record, and return the ID of the run.

    ``ip`` is where the user who asked for it sat. See ``services.provisioning.apply``.
    """
    gateway = ApiGateway.objects.get(pk=gateway_id)
    user = get_user_model().objects.filter(pk=user_id).first() if user_id else None
    with audit.recorded(AuditEvent.Verb.APPLY, gateway, by=user, ip=ip) as outcome:
        run = outcome.run = provisioning.apply(gateway, by=user, seen=seen)
        outcome.after = {"operations": run.planned, "deployment_id": gateway.deployment_id}
    return run.pk
