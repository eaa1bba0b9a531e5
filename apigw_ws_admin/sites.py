"""The admin site that has the console: Django's own, or the one of APIGW_WS["ADMIN_SITE"]."""

from __future__ import annotations

from typing import Any

from django import urls
from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.utils.module_loading import import_string

from apigw_ws.conf import conf


def console() -> AdminSite:
    """The site. Raises ImproperlyConfigured where the setting leads to none."""
    try:
        site = import_string(conf.admin_site)
    except ImportError as error:
        raise ImproperlyConfigured(f"APIGW_WS[“ADMIN_SITE”]: {error}") from error
    if not isinstance(site, AdminSite):
        raise ImproperlyConfigured(f"APIGW_WS[“ADMIN_SITE”]: “{conf.admin_site}” is no admin site.")
    return site


def is_standalone() -> bool:
    """Whether the admin holds nothing but the console, and who may use it."""
    return apps.is_installed("apigw_ws_admin.project")


def has(model: type[Model]) -> bool:
    return console().is_registered(model)


def admin_of(model: type[Model]) -> Any:
    """The ModelAdmin of a model that the site has."""
    return console().get_model_admin(model)


def reverse(name: str, **of: Any) -> str:
    """As Django's; “admin:…” is a page of the console's site, however many admin sites the project has."""
    return urls.reverse(name, current_app=console().name, **of)
