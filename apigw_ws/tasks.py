"""Work off the request, for whichever backend the project's ``TASKS`` names."""

from __future__ import annotations

from collections import Counter

from django import VERSION
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from apigw_ws.models import Act, ApiGateway, Broadcast, WebSocketSession
from apigw_ws.services import acts, broadcasts, closing, deployments, provisioning, teardown

if VERSION >= (6, 0):
    from django.tasks import task
else:
    from django_tasks import task  # type: ignore[assignment,no-redef,unused-ignore]


@task()
def apply_gateway(
    gateway_id: int, user_id: int | str | None = None, seen: str | None = None, ip: str | None = None
) -> int:
    """Apply a gateway's plan and return the ID of the run.

    ``ip`` is the address of the user who asked for it. See ``services.provisioning.apply``.
    """
    gateway = ApiGateway.objects.get(pk=gateway_id)
    return provisioning.apply(gateway, by=_user(user_id), ip=ip, seen=seen).pk


@task()
def rollback_gateway(
    gateway_id: int,
    deployment_id: str,
    user_id: int | str | None = None,
    seen: str | None = None,
    ip: str | None = None,
) -> int:
    """Go back to a deployment and return the ID of the run; see ``services.deployments.rollback``."""
    gateway = ApiGateway.objects.get(pk=gateway_id)
    return deployments.rollback(gateway, deployment_id, by=_user(user_id), seen=seen, ip=ip).pk


@task()
def teardown_gateway(
    gateway_id: int,
    confirmed_name: str,
    user_id: int | str | None = None,
    seen: str | None = None,
    ip: str | None = None,
    delete_record: bool = False,
) -> int:
    """Tear a gateway down and return the ID of the run, which is gone if the record was deleted.

    See ``services.teardown.run``.
    """
    gateway = ApiGateway.objects.get(pk=gateway_id)
    run = teardown.run(
        gateway,
        confirmed_name=confirmed_name,
        by=_user(user_id),
        seen=seen,
        ip=ip,
        delete_record=delete_record,
    )
    return run.pk


@task()
def close_sessions(
    session_ids: list[int],
    reason: str = "",
    message: str | None = None,
    user_id: int | str | None = None,
    ip: str | None = None,
    act: str = "",
) -> dict[str, int]:
    """Close connections and their sessions; return how many by result. See ``services.closing.close``."""
    targets = WebSocketSession.objects.filter(pk__in=session_ids).select_related("api_gateway")
    outcomes = closing.close(targets, reason=reason, message=message, by=_user(user_id), ip=ip, act=act)
    return dict(Counter(str(outcome.result) for outcome in outcomes))


@task()
def run_act(act_id: int) -> bool:
    """Carry out an operator's act; see ``services.acts.run``."""
    return acts.run(Act.objects.select_related("by").get(pk=act_id))


@task()
def finish_closing() -> int:
    """Close at AWS what was closed here without AWS; see ``services.closing.finish_quickly``."""
    return closing.finish_quickly()


@task()
def begin_broadcast(broadcast_id: int) -> bool:
    """Choose the recipients of a due broadcast, and have it sent; see ``services.broadcasts.begin``."""
    broadcast = Broadcast.objects.filter(pk=broadcast_id).first()
    return broadcast is not None and broadcasts.begin(broadcast)


@task()
def send_broadcast(broadcast_id: int) -> int:
    """Send a part of a broadcast, and return to how many; see ``services.broadcasts.run``."""
    broadcast = Broadcast.objects.filter(pk=broadcast_id).first()
    return broadcasts.run(broadcast) if broadcast else 0


def _user(user_id: int | str | None) -> AbstractBaseUser | None:
    return get_user_model().objects.filter(pk=user_id).first() if user_id else None
