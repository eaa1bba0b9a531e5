"""System checks of what the console needs from a project. The IDs continue those of ``apigw_ws.checks``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import NoReverseMatch, get_resolver
from unfold.sites import UnfoldAdminSite

from apigw_ws.checks.configured import check_settings
from apigw_ws.conf import conf
from apigw_ws.tasks import apply_gateway
from apigw_ws_admin.sites import console, reverse

#: As MIDDLEWARE names them.
READ_ONLY_MIDDLEWARE = "apigw_ws_admin.readers.ReadOnlyMiddleware"
HTMX_MIDDLEWARE = "django_htmx.middleware.HtmxMiddleware"
REDIRECT_MIDDLEWARE = "apigw_ws_admin.htmx.RedirectMiddleware"


@register
def check_worker(**_: Any) -> list[CheckMessage]:
    """The console enqueues what takes minutes; a backend that runs tasks at once, or never, will not do."""
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
    """READ_ONLY without its middleware would protect nothing."""
    if check_settings() or not conf.read_only or READ_ONLY_MIDDLEWARE in settings.MIDDLEWARE:
        return []
    hint = f"Put “{READ_ONLY_MIDDLEWARE}” at the end of MIDDLEWARE."
    return [Error("READ_ONLY is set, and nothing in MIDDLEWARE sees to it.", hint=hint, id="apigw_ws.E008")]


@register
def check_htmx(**_: Any) -> list[CheckMessage]:
    if HTMX_MIDDLEWARE in settings.MIDDLEWARE:
        return []
    hint = f"Put “{HTMX_MIDDLEWARE}” and, after it, “{REDIRECT_MIDDLEWARE}” at the end of MIDDLEWARE."
    return [Error("Pages of the console cannot ask for their parts.", hint=hint, id="apigw_ws.E012")]


@register
def check_site(**_: Any) -> list[CheckMessage]:
    """The console's templates are Unfold's, and need what only an Unfold site provides."""
    if check_settings() or isinstance(console(), UnfoldAdminSite):
        return []
    hint = "Make it a subclass of unfold.sites.UnfoldAdminSite; your own ModelAdmins work on it as they are."
    says = f"The console is on “{conf.admin_site}”, which is no site of Unfold's."
    return [Error(says, hint=hint, id="apigw_ws.E011")]


@register(Tags.urls)
def check_mounted(**_: Any) -> list[CheckMessage]:
    """If admin sites are mounted, the console's has to be among them."""
    if check_settings() or not getattr(settings, "ROOT_URLCONF", None) or not _is_missing():
        return []
    hint = "Name the admin site that is in APIGW_WS[“ADMIN_SITE”]: “backoffice.admin.site”, for one."
    says = f"The console is on “{conf.admin_site}”, and no URL leads there."
    return [Warning(says, hint=hint, id="apigw_ws.W017")]


def _is_missing() -> bool:
    """Whether admin sites are mounted, and the console's is not among them."""
    if "admin" not in get_resolver().app_dict:
        return False
    try:
        return not reverse("admin:apigw_ws_apigateway_changelist")
    except NoReverseMatch:
        return True
