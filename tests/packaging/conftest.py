"""The wheel, in an environment of its own, and somebody else's project that has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "-o", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel installed, and its dependencies lent by ours."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder)
    python = folder / "bin" / "python"
    wheel = next(built.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "-q", "--no-deps", wheel], check=True, capture_output=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    # A line of a .pth file is searched last, and the .pth files in that folder are not read:
    # our own editable installation stays out of reach.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Run:
    """Run a script of the project, of which each test has a copy; ``variant`` is what is special about it."""
    folder = shutil.copytree(Path(__file__).parent / "project", tmp_path / "project")
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run(*command: str, variant: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-W", "error", "-W", "ignore:Overriding get_action_choices", *command],
            cwd=folder,
            env={**clean, "VARIANT": variant, "DJANGO_SETTINGS_MODULE": "backoffice.settings", **environment},
            capture_output=True,
            text=True,
        )

    return run
