"""Settings of the standalone console. What differs between installations comes from the environment:

APIGW_WS_SECRET_KEY     Django's SECRET_KEY; required
APIGW_WS_HOSTS          the names that the console answers to, separated by commas; this machine only if unset
APIGW_WS_DATABASE       the SQLite file; console.sqlite3 in the current folder if unset
APIGW_WS_BEHIND_PROXY   1 where a proxy ends TLS and sets X-Forwarded-Proto and X-Forwarded-For, and lets no
                        client set them
APIGW_WS_STATIC_ROOT    the folder to which `collectstatic` brings the files, hashed and compressed, and from
                        which they are served; straight from the packages if unset
APIGW_WS_STRICT_CSP     1 for a Content-Security-Policy without 'unsafe-eval'
APIGW_WS_LANGUAGE       the language of what the worker writes, and of pages for browsers that ask for none of
                        LANGUAGES; en if unset
APIGW_WS_READ_ONLY      1 where nobody may change anything in the console
APIGW_WS_ENDPOINT_URL   where boto3 finds AWS for gateways that name no endpoint: the emulator's URL, or unset
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django import VERSION
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy

from apigw_ws_admin.project import headers

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

SECRET_KEY = os.environ.get("APIGW_WS_SECRET_KEY", "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set APIGW_WS_SECRET_KEY to a long random text and keep it.")

ALLOWED_HOSTS = [host for host in os.environ.get("APIGW_WS_HOSTS", "").split(",") if host] or sorted(LOOPBACK)
ON_LOOPBACK = LOOPBACK.issuperset(ALLOWED_HOSTS)

STRICT_CSP = os.environ.get("APIGW_WS_STRICT_CSP") == "1"

ROOT_URLCONF = "apigw_ws_admin.project.urls"
WSGI_APPLICATION = "apigw_ws_admin.project.wsgi.application"
ASGI_APPLICATION = "apigw_ws_admin.project.asgi.application"

INSTALLED_APPS = [
    *(["apigw_ws_admin.strict_csp"] if STRICT_CSP else []),
    "apigw_ws_admin",  # before unfold, and unfold before the admin: the first template found wins
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "import_export",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *([] if VERSION >= (6, 0) else ["django_tasks"]),  # part of Django from 6.0 on
    "django_tasks_db",
    "apigw_ws",
    "apigw_ws_admin.project",  # after the users that it registers anew
]
BEHIND_PROXY = os.environ.get("APIGW_WS_BEHIND_PROXY") == "1"
MIDDLEWARE = [
    *(["apigw_ws_admin.project.headers.ProxyMiddleware"] if BEHIND_PROXY else []),
    "django.middleware.gzip.GZipMiddleware",  # a list of sessions has a quarter of a megabyte
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apigw_ws_admin.project.headers.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "apigw_ws_admin.zones.TimeZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apigw_ws_admin.htmx.RedirectMiddleware",
    "apigw_ws_admin.htmx.FreshSearchMiddleware",
    "apigw_ws_admin.readers.ReadOnlyMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ.get("APIGW_WS_DATABASE", "console.sqlite3")),
        # A web server and a worker write at the same time: writers queue instead of failing when a
        # transaction that began with a read wants to write, and readers never wait.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
# It has what was seen of AWS, some entries for each gateway: Django's 300 would do for less than a hundred.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APIGW_WS: dict[str, Any] = {
    "ENDPOINT_URL": os.environ.get("APIGW_WS_ENDPOINT_URL", ""),
    "ALLOW_UNLISTED_CHANNELS": False,  # open by default only for projects that rely on it
    "READ_ONLY": os.environ.get("APIGW_WS_READ_ONLY") == "1",
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = os.environ.get("APIGW_WS_LANGUAGE", "en")
LANGUAGES = [("en", "English"), ("de", "German")]  # those that apigw_ws/locale has
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [Path(__file__).parent / "static"]  # before the same files of Unfold and Django
STATIC_ROOT = os.environ.get("APIGW_WS_STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = not STATIC_ROOT  # straight from the packages: nothing to collect
if STATIC_ROOT:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a change list with many rows selected

SESSION_COOKIE_NAME = "apigw_ws_session"  # browsers share cookies between the ports of a host
CSRF_COOKIE_NAME = "apigw_ws_csrf"
CSRF_FAILURE_VIEW = "apigw_ws_admin.project.errors.stale"
LANGUAGE_COOKIE_NAME = "apigw_ws_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
CONSOLE_HEADERS = headers.of_console(on_loopback=ON_LOOPBACK, strict=STRICT_CSP)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = not ON_LOOPBACK
SECURE_HSTS_SECONDS = 0 if ON_LOOPBACK else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not ON_LOOPBACK
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# What stays on the machine travels unencrypted: HSTS, the redirect to HTTPS and secure cookies.
SILENCED_SYSTEM_CHECKS = [f"security.W{n}" for n in ("004", "008", "012", "016")] if ON_LOOPBACK else []

UNFOLD = {
    "SITE_TITLE": gettext_lazy("API Gateway console"),
    "SITE_HEADER": "API Gateway",
    "SITE_SUBHEADER": "WebSockets",
    "SITE_SYMBOL": "cable",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "apigw_ws_admin.navigation.favicon"}],
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "apigw_ws_admin.navigation.environment",
    "DASHBOARD_CALLBACK": "apigw_ws_admin.screens.home.dashboard",
    "SCRIPTS": [
        lambda request: static("apigw_ws_admin/keyboard.js"),
        *([lambda request: static("apigw_ws_admin/strict_csp.js")] if STRICT_CSP else []),
    ],
    "LOGIN": {"form": "apigw_ws_admin.project.signing_in.SignInForm"},
    "SIDEBAR": {
        "navigation": "apigw_ws_admin.navigation.sidebar",
        "show_search": True,
        "command_search": True,  # the box opens what Ctrl+K does
    },
    "COMMAND": {"search_callback": "apigw_ws_admin.commands.search"},
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
