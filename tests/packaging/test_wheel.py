"""The wheel and the sdist hold what a user's project needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.conftest import ROOT

pytestmark = pytest.mark.packaging

#: Run in a project of its own that has nothing but the wheel: everything must be found through Django.
PROBE = """
import sys
from importlib.resources import files
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "apigw_ws_admin", "unfold", "django.contrib.admin", "django.contrib.auth",
        "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
        "django.contrib.staticfiles", "apigw_ws",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    STATIC_URL="/static/",
)
django.setup()
import apigw_ws
from django.contrib.staticfiles.finders import find
from django.core.management import call_command, get_commands
from django.template.loader import get_template

assert apigw_ws.__file__.startswith(sys.prefix), apigw_ws.__file__
get_template("apigw_ws_admin/chat.html")
assert find("apigw_ws/client.js"), "client.js"
commands = {"createApiGateway", "clearWebSocketSessions", "cleanupWebSocketTokens", "ws_plan"}
assert commands <= set(get_commands())
assert all(files(name).joinpath("py.typed").is_file() for name in ("apigw_ws", "apigw_ws_admin"))
call_command("migrate", verbosity=0)
call_command("makemigrations", "--check", "--dry-run", "apigw_ws", verbosity=0)
print("found everything")
"""


def test_a_project_that_installs_the_wheel_finds_everything(python: Path, tmp_path: Path) -> None:
    done = subprocess.run([python, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "found everything\n"


def test_the_console_script_is_installed(python: Path, tmp_path: Path) -> None:
    script = python.parent / "apigw-ws"

    done = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)


def test_the_core_does_not_import_what_only_the_demo_needs(python: Path, tmp_path: Path) -> None:
    """Nothing of the extras is imported by a production path."""
    extras = ("aiohttp", "uvicorn", "waitress", "websockets", "httptools", "whitenoise", "django_tasks_db")
    code = (
        PROBE
        + f"""
import apigw_ws.views, apigw_ws.services.provisioning, apigw_ws.services.messages
import apigw_ws.tasks, apigw_ws_admin.admin
loaded = [name for name in {extras!r} if name in sys.modules]
assert not loaded, loaded
"""
    )
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ)
    )

    assert done.returncode == 0, done.stderr


def test_the_sdist_holds_the_sources_and_the_tests(built: Path) -> None:
    listing = subprocess.run(
        ["tar", "tzf", next(built.glob("*.tar.gz"))], check=True, capture_output=True, text=True
    )
    names = {line.split("/", 1)[1] for line in listing.stdout.splitlines() if "/" in line}

    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "static/apigw_ws/client.js",
        "tests/settings.py",
    } <= names


def test_the_sdist_builds_the_wheel_that_the_checkout_builds(built: Path, tmp_path: Path) -> None:
    """The ``built`` one is from the sdist, as ``pip install`` of it makes it."""
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)

    assert contents(next(tmp_path.glob("*.whl"))) == contents(next(built.glob("*.whl")))


def contents(wheel: Path) -> dict[str, int]:
    """The files, with their checksums."""
    with ZipFile(wheel) as archive:
        return {each.filename: each.CRC for each in archive.infolist()}
