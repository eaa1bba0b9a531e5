"""What every page of the console costs with a thousand times the demo's rows: server time, queries, bytes.

    python -m pytest tests/benchmarks/console.py -s                       on SQLite
    TEST_DATABASE_URL=… python -m pytest tests/benchmarks/console.py -s   on PostgreSQL
    TIMES=100 python -m pytest tests/benchmarks/console.py -s             with fewer rows

Time is the CPU's, of this process, and PostgreSQL's for its answers; of several requests the quickest counts.
The emulator stands for AWS, in a process of its own: what it takes is not in the figures, and pages that keep
what they have seen of AWS are measured with that. On a machine that is busy with something else the same work
takes longer: beside each page a yardstick is measured, and the time is corrected by how much longer that took
than at its quickest.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.services import attention
from apigw_ws_admin import navigation
from tests import crowd
from tests.admin.conftest import console  # noqa: F401  (fixture)
from tests.admin.test_wizard import answer, begin
from tests.emulator.serving import Served, emulator_process
from tests.screens import every_screen

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

TIMES: Final = int(os.environ.get("TIMES", 1000))
#: Of rollups: a week.
MINUTES: Final = 7 * 24 * 60
REPEATED: Final = 5
#: What a page may take; and bytes of a part that is refreshed, compressed.
MOST_MILLISECONDS: Final = 150
MOST_QUERIES: Final = 12
MOST_BYTES: Final = 20 * 1024
#: As htmx asks for a part of a page, and for what has changed.
PART: Final = {"HX-Request": "true", "X-Live": "another"}
GZIP: Final = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    milliseconds: float
    queries: int
    size: int
    status: int
    is_part: bool
    #: Milliseconds that the yardstick took.
    yardstick: float

    def corrected(self, quickest: float) -> float:
        return self.milliseconds * min(1, quickest / self.yardstick)


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[Served]:
    with emulator_process() as aws:
        settings.APIGW_WS = {"REGION": aws.region, "ENDPOINT_URL": aws.url}
        settings.AWS_ACCESS_KEY_ID, settings.AWS_SECRET_ACCESS_KEY = aws.access_key, aws.secret_key
        yield aws


def test_every_page_is_quick(elsewhere: Served) -> None:
    browser = Client(headers=GZIP)
    browser.force_login(crowd.fill(TIMES, minutes=MINUTES))
    cache.set_many({attention.key(kind): 0 for kind in attention.KINDS}, None)  # one page in half a minute
    cache.set(navigation.environment_key(""), "", None)
    url = begin(browser)
    answer(browser, url)
    draft = url.rstrip("/").rpartition("/")[2]

    costs = {}
    for screen in every_screen():
        for headers in ({}, PART):
            costs[f"{screen}{' (part)' if headers else ''}"] = measured(browser, screen.url(draft), headers)

    quickest = min(cost.yardstick for cost in costs.values())
    assert [name for name, cost in costs.items() if not shown(name, cost, quickest)] == []


def measured(browser: Client, url: str, headers: dict[str, str]) -> Cost:
    taken, sticks = [], []
    for _ in range(REPEATED):
        sticks.append(milliseconds_of_yardstick())
        with CaptureQueriesContext(connection) as captured:
            started = time.process_time()
            response = browser.get(url, headers=headers)
            own = time.process_time() - started
        asked = sum(float(each["time"]) for each in captured) if connection.vendor == "postgresql" else 0.0
        taken.append((own + asked) * 1000)
        if taken[-1] < MOST_MILLISECONDS / 10 or (headers and not is_part(response)):
            break
    return Cost(
        milliseconds=min(taken),
        queries=len(captured),
        size=0 if response.streaming else len(response.content),
        status=response.status_code,
        is_part=bool(headers) and is_part(response),
        yardstick=min(sticks),
    )


def is_part(response: Any) -> bool:
    """No whole page, and no file."""
    return not response.streaming and "<html" not in html_of(response)


def html_of(response: Any) -> str:
    """Empty for a file that is downloaded."""
    if response.streaming:
        return ""
    is_zipped = response.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(response.content) if is_zipped else response.content).decode()


def milliseconds_of_yardstick() -> float:
    """Work like that of templates: attributes, dictionaries and text."""
    started = time.process_time()
    for number in range(20_000):
        "".join([str(each) for each in {"a": number, "b": [number]}.values()])
    return (time.process_time() - started) * 1000


def shown(name: str, cost: Cost, quickest: float) -> bool:
    """Print the figures; whether they are within what a page may cost."""
    took = cost.corrected(quickest)
    if not cost.is_part and name.endswith("(part)"):
        return True  # a page as it is without htmx
    fine = took <= MOST_MILLISECONDS and cost.queries <= MOST_QUERIES and cost.status not in {404, 500}
    fine = fine and not (cost.is_part and cost.size > MOST_BYTES)
    figures = f"{took:>7.0f} ms{cost.queries:>4} queries{cost.size:>8} bytes{cost.status:>5}"
    print(f"{'' if fine else 'OVER':<5}{figures}  {name}")
    return fine
