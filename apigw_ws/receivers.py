"""Receivers of Django's signals; each passes on to a service."""

from __future__ import annotations

from typing import Any

from django import VERSION
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from apigw_ws.models import ApiGateway, Ban, ChannelPermission, ChannelPermissionRule, Run
from apigw_ws.services import (
    access,
    bans,
    deployments,
    gateways,
    logins,
    rollups,
    rules,
    sessions,
    traces,
    transactions,
)
from apigw_ws.signals import deployed

if VERSION >= (6, 0):
    from django.tasks.signals import task_finished
else:
    from django_tasks.signals import task_finished  # type: ignore[assignment,no-redef,unused-ignore]


@receiver(user_logged_out)
def close_sessions_on_logout(request: HttpRequest | None, **_: Any) -> None:
    _finish_at_aws(logins.close_of_login(getattr(getattr(request, "session", None), "session_key", None)))


@receiver(user_logged_in)
def close_sessions_of_previous_user(request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:
    """By now the browser session has a new key; the request's cookie still has the old one."""
    cookies = getattr(request, "COOKIES", {})
    _finish_at_aws(logins.close_of_others(cookies.get(settings.SESSION_COOKIE_NAME), user))


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def close_sessions_of_changed_user(
    instance: AbstractBaseUser, created: bool, raw: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    if not (created or raw):
        _finish_at_aws(logins.close_of_changed_user(instance, update_fields))


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL)
def close_sessions_of_deleted_user(instance: AbstractBaseUser, **_: Any) -> None:
    _finish_at_aws(logins.close_of_deleted_user(instance))


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL)
def delete_traces_of_deleted_user(instance: AbstractBaseUser, **_: Any) -> None:
    traces.delete_of_user(instance)


@receiver([post_save, post_delete], sender=settings.AUTH_USER_MODEL)
@receiver([post_save, post_delete], sender=Permission)
@receiver(post_delete, sender=Group)
@receiver(m2m_changed)  # users' permissions and groups, groups' permissions; the models may be the project's
def forget_grants(update_fields: frozenset[str] | None = None, **_: Any) -> None:
    if update_fields != frozenset({"last_login"}):
        access.grants_changed()


@receiver([post_save, post_delete], sender=ChannelPermission)
@receiver([post_save, post_delete], sender=ChannelPermissionRule)
@receiver(m2m_changed, sender=ChannelPermissionRule.permissions.through)
@receiver(m2m_changed, sender=ChannelPermissionRule.groups.through)
def forget_channel_permissions(**_: Any) -> None:
    rules.changed()


@receiver(pre_delete, sender=ApiGateway)
def close_sessions_of_deleted_gateway(instance: ApiGateway, **_: Any) -> None:
    sessions.close_of_gateway(instance)


@receiver([post_save, post_delete], sender=ApiGateway)
def forget_gateways(**_: Any) -> None:
    gateways.changed()


@receiver([post_save, post_delete], sender=Ban)
def forget_bans(**_: Any) -> None:
    bans.changed()


@receiver(post_save, sender=Ban)
def finish_closing_banned(created: bool, raw: bool, **_: Any) -> None:
    _finish_at_aws(created and not raw)


@receiver(deployed, sender=ApiGateway)
def remember_deployment(gateway: ApiGateway, run: Run, **_: Any) -> None:
    deployments.remember(gateway, run)


@receiver(task_finished)
def flush_rollups(**_: Any) -> None:
    """Some task backends use a process per task, which ends before the next flush."""
    rollups.flush()


def _finish_at_aws(closed: int) -> None:
    """Enqueue the task on commit. If the queue does not answer, log it: the reaper will do the work."""
    if closed:
        transactions.on_commit(_finish_closing, robust=True)


def _finish_closing() -> None:
    from apigw_ws.tasks import finish_closing  # the project's task backend may need models

    finish_closing.enqueue()
