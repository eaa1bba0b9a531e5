"""Somebody else's project, as unlike ours as theirs may be. VARIANT has what differs between the tests."""

from __future__ import annotations

import os
from pathlib import Path

from django import VERSION

BASE = Path(__file__).resolve().parent.parent
VARIANT = os.environ.get("VARIANT", "")

SECRET_KEY = "somebody-elses-" + "x" * 50
DEBUG = False
ALLOWED_HOSTS = ["intranet.example.org", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = ["https://intranet.example.org"]
ROOT_URLCONF = "backoffice.urls"
FORCE_SCRIPT_NAME = "/prefix"

#: As the README says it, twice: with a site of one's own beside Django's, and with one in its place.
CONSOLE = {
    "": ["apigw_ws_admin", "unfold", "unfold.contrib.filters", "django.contrib.admin"],
    "default": [
        "apigw_ws_admin",
        "unfold.apps.BasicAppConfig",
        "unfold.contrib.filters",
        "backoffice.apps.BackofficeAdminConfig",
    ],
    "core": ["django.contrib.admin"],
}
INSTALLED_APPS = [
    "people",
    *CONSOLE.get(VARIANT, CONSOLE[""]),
    "shop",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "apigw_ws",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
if VARIANT not in ("core", "alone"):
    MIDDLEWARE += [
        "django_htmx.middleware.HtmxMiddleware",
        "apigw_ws_admin.htmx.RedirectMiddleware",
        "apigw_ws_admin.htmx.FreshSearchMiddleware",
        "apigw_ws_admin.zones.TimeZoneMiddleware",
    ]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    name: {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE / f"{name}.sqlite3",
        "ATOMIC_REQUESTS": True,
    }
    for name in ("default", "realtime")
}
DATABASE_ROUTERS = ["backoffice.routers.Realtime"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
AUTH_USER_MODEL = "people.Person"
LOGIN_URL = "/elsewhere/"

USE_TZ = True
TIME_ZONE = "Pacific/Auckland"
LANGUAGE_CODE = "de"

STATIC_URL = "static/"
STATIC_ROOT = BASE / "collected"
STATICFILES_DIRS = [BASE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
_TASKS = "django.tasks" if VERSION >= (6, 0) else "django_tasks"
TASKS = {"default": {"BACKEND": f"{_TASKS}.backends.dummy.DummyBackend"}}
SILENCED_SYSTEM_CHECKS = ["apigw_ws.W013"]

APIGW_WS = {
    "ALLOW_UNLISTED_CHANNELS": False,
    "ENDPOINT_URL": os.environ.get("ENDPOINT_URL", "http://127.0.0.1:9"),
    "REGION": os.environ.get("REGION", "eu-central-1"),
}
if VARIANT not in ("core", "default", "forgotten"):
    APIGW_WS["ADMIN_SITE"] = f"backoffice.site.{'plain' if VARIANT == 'plain' else 'backoffice'}"
AWS_ACCESS_KEY_ID = os.environ.get("ACCESS_KEY", "demo")
AWS_SECRET_ACCESS_KEY = os.environ.get("SECRET_KEY", "demo-secret")

UNFOLD = {
    "SITE_TITLE": "Backoffice",
    "SITE_URL": None,
    "SIDEBAR": {"navigation": "backoffice.menu.menu", "command_search": True},
    "COMMAND": {"search_callback": "apigw_ws_admin.commands.search"},
    "ENVIRONMENT": "apigw_ws_admin.navigation.environment",
}
