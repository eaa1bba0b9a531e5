"""Checks in which database a project's routers keep our tables."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import router
from django.db.models import Model

from apigw_ws.services import transactions


@register(Tags.models)
def check_databases(**_: Any) -> list[CheckMessage]:
    """Sessions refer to users, rules to groups and permissions, and foreign keys cannot cross databases."""
    here = transactions.database()
    ours = apps.get_app_config("apigw_ws").get_models()
    needed: list[type[Model]] = [get_user_model(), Group, Permission, *ours]
    apart = {model._meta.label: router.db_for_write(model) for model in needed}
    hint = "Have DATABASE_ROUTERS keep the apps “apigw_ws”, “auth” and that of the users in one database."
    return [
        Error(
            f"“{label}” is in the database “{alias}”, the tables of apigw_ws are in “{here}”.",
            hint=hint,
            id="apigw_ws.E009",
        )
        for label, alias in apart.items()
        if alias != here
    ]
