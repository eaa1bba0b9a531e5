"""A project as unlike ours as others' are, in a temporary folder, with nothing of ours but the wheel."""

from __future__ import annotations

import re

import pytest

from tests.emulator.serving import Served
from tests.packaging.conftest import ROOT, Run

pytestmark = pytest.mark.packaging


def test_the_console_lives_in_an_admin_site_of_the_projects_own(run: Run) -> None:
    """Under a prefix, in German, with users of a model of their own in the second of two databases."""
    prepared = run("prepare.py")
    assert prepared.returncode == 0, prepared.stderr

    walked = run("walk.py")

    assert walked.returncode == 0, walked.stderr
    assert walked.stdout == "nothing is wrong\n"


def test_the_console_lives_in_the_projects_default_site(run: Run) -> None:
    checked = run("-m", "django", "check", "--fail-level", "WARNING", variant="default")

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("variant", "says"),
    [
        ("plain", "E011) The console is on “backoffice.site.plain”, which is no site of Unfold's."),
        (
            "forgotten",
            "W017) The console is on “django.contrib.admin.site”, and no URL leads there.",
        ),
        (
            "apart",
            "E009) “people.Person” is in the database “realtime”, the tables of apigw_ws are in “default”.",
        ),
        ("alone", "E012) Pages of the console cannot ask for their parts."),
    ],
)
def test_a_check_says_what_cannot_be(run: Run, variant: str, says: str) -> None:
    checked = run("-m", "django", "check", "--fail-level", "WARNING", variant=variant)

    assert checked.returncode == 1
    assert says in checked.stderr


def test_the_project_does_what_the_readme_says() -> None:
    section = (ROOT / "README.md").read_text().split("## Add it to a project")[1]
    told = re.findall(r'"([a-z_]+(?:\.\w+)*)"', section.split("```")[1])
    settings = (ROOT / "tests/packaging/project/backoffice/settings.py").read_text()

    assert [name for name in told if f'"{name}"' not in settings] == ["apigw_ws_admin.navigation.sidebar"]


def test_the_core_needs_nothing_of_the_console(run: Run, emulator: Served) -> None:
    keys = {"ACCESS_KEY": emulator.access_key, "SECRET_KEY": emulator.secret_key}

    done = run("core.py", variant="core", ENDPOINT_URL=emulator.url, REGION=emulator.region, **keys)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "it goes round\n"
