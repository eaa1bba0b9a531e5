from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.emulator.serving import Served


@pytest.fixture(scope="session")
def emulator() -> Iterator[Served]:
    """An emulator in this process, for all tests that leave it as it was or bring their own gateway."""
    from tests.emulator.serving import running_emulator

    with running_emulator() as served:
        yield served


@pytest.fixture
def aws(emulator: Served, settings: Settings) -> Iterator[Served]:
    """The emulator, as what the settings call AWS. Faults that the test sets are cleared."""
    settings.APIGW_WS = {"REGION": emulator.region, "ENDPOINT_URL": emulator.url}
    settings.AWS_ACCESS_KEY_ID = emulator.access_key
    settings.AWS_SECRET_ACCESS_KEY = emulator.secret_key
    yield emulator
    assert emulator.emulator is not None
    emulator.emulator.faults.clear()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-db", action="store_true", help="run only the tests that touch the database")


#: Where tests race processes, sockets and a browser against the clock of a machine that others use too:
#: their folders, and the fixtures of those elsewhere.
TIMED = {"browser", "demo", "emulator"}
SOCKETS = {"aws", "emulator", "live_server", "site"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in TIMED or not SOCKETS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
    if not config.getoption("--only-db"):
        return
    touching = [item for item in items if touches_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in touching])
    items[:] = touching


def pytest_collection_finish() -> None:
    """A fifth of all the time went into looking for garbage among what lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def touches_the_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(
        fixtures
    )


@pytest.fixture(autouse=True)
def nothing_known_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process remembers gateways and permissions; a test's are rolled back behind its back."""
    from apigw_ws.services import access, bans, gateways, limits, refusals, rollups, rules, traces

    traces.forget()
    rollups.forget()
    monkeypatch.setattr(rollups, "DELAY", 3600.0)  # no thread writes into another test's database
    gateways.forget()
    rules.forget()
    bans.forget()
    refusals._tallies.clear()
    limits._own.clear()
    access._granted.clear()
