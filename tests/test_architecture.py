"""Who may import whom. The table is the design: a new arrow is a reviewed line of a diff."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("apigw_ws", "apigw_ws_admin")

#: The first pattern that matches a module decides. Names are relative to `apigw_ws`.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "exceptions": (),
    "headers": (),
    "aws.*spec": ("aws.*spec",),
    "aws.*operations": ("aws.*spec", "aws.operations"),
    "emulator.*": ("emulator", "emulator.*"),
    "defaults": (),
    "conf": ("defaults", "exceptions"),
    "models": ("models.*",),
    "models.*": ("models", "models.*", "exceptions", "conf", "services.*"),
    "events": ("exceptions", "headers"),
    "handlers": ("exceptions",),
    "aws.*planner": ("aws.*spec", "aws.*operations", "aws.*planner", "exceptions"),
    "delivery": ("delivery.*",),
    "delivery.*": ("delivery.*", "exceptions"),
    "aws.posting": ("aws.*", "delivery", "exceptions"),
    "aws.*": ("aws.*", "exceptions"),
    # The tasks inside functions: they call the services.
    "services.broadcasts.queue": ("models", "services.transactions", "tasks"),
    "services.*": (
        "services.*",
        "models",
        "models.*",
        "conf",
        "exceptions",
        "headers",
        "signals",
        "aws.*",
        "delivery",
    ),
    "guarded": ("events", "conf", "models"),
    "guards": ("guarded", "events", "exceptions", "conf", "models", "models.*", "services.*"),
    "views": ("views.*",),
    "views.*": (
        "views.*",
        "events",
        "guarded",
        "guards",
        "handlers",
        "exceptions",
        "services.*",
        "conf",
        "models",
        "signals",
    ),
    "mixins": ("models",),
    "signals": (),
    "receivers": ("services.*", "models", "signals", "tasks"),
    "checks*": ("checks.*", "conf", "delivery", "handlers", "models", "models.*", "services.*", "views"),
    "tasks": ("services.*", "models"),
    "apps": ("checks", "receivers"),
    "testing": ("testing.*",),
    "testing.*": ("testing.*", "headers", "models", "services.*", "views"),
    "management.commands.*": (
        "management.commands.*",
        "services.*",
        "models",
        "exceptions",
        "conf",
        "aws.operations",
    ),
    "migrations.*": ("models", "models.*"),
}


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                found.add(f"{node.module}.{alias.name}" if is_module else node.module)
    return found


def allowed(module: str) -> tuple[str, ...]:
    return next((rule for pattern, rule in MAY_IMPORT.items() if fnmatch(module, pattern)), ("?",))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_what_the_table_lets_it(path: Path) -> None:
    module = name_of(path)
    ours = {name for name in imports_of(path) if name.split(".")[0] in PACKAGES}
    if module.startswith("apigw_ws_admin.screens"):
        own = ".".join(module.split(".")[:3])  # a screen of several modules
        bad = {n for n in ours if n.startswith("apigw_ws.aws") or n.startswith("apigw_ws_admin.screens.")}
        bad = {n for n in bad if not n.startswith(f"{own}.")}
    elif module.startswith("apigw_ws_admin"):
        bad = {n for n in ours if n.startswith("apigw_ws.aws")}
    else:
        rules = allowed(module.removeprefix("apigw_ws").removeprefix("."))
        bad = {n for n in ours if not any(fnmatch(n.removeprefix("apigw_ws."), rule) for rule in rules)}

    assert bad == set()


def test_boto3_is_imported_in_one_place_and_inside_a_function() -> None:
    importers = {name_of(p) for p in modules() if {"boto3"} & imports_of(p)}
    client = ROOT / "apigw_ws/aws/client.py"
    top_level = {
        alias.name
        for node in ast.parse(client.read_text()).body
        if isinstance(node, ast.Import)
        for alias in node.names
    }

    assert importers == {"apigw_ws.aws.client"}
    assert "boto3" not in top_level


@pytest.mark.parametrize(
    ("pattern", "only"),
    [
        (r"from django\.db import .*\btransaction\b", {"apigw_ws.services.transactions"}),
        (r"from django\.urls import .*\breverse\b", set()),
        (r"\badmin\.site\.", {"apigw_ws_admin.project.admin", "apigw_ws_admin.project.errors"}),
    ],
    ids=["databases", "links", "sites"],
)
def test_where_a_project_has_us_is_known_in_one_place(pattern: str, only: set[str]) -> None:
    """Which database has our tables, and which admin site the console: services.transactions and sites."""
    found = {name_of(p) for p in modules() if re.search(pattern, p.read_text())}

    assert {name for name in found if "demo" not in name and name != "apigw_ws_admin.project.urls"} == only


@pytest.mark.parametrize("path", [p for p in modules() if "migrations" not in p.parts], ids=name_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    source = path.read_text()
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 40]

    assert source.count("\n") <= 250
    assert long == []
