"""What each page of the console costs, however much there is: queries, and bytes over the wire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.services import figures
from tests import crowd
from tests.admin.test_wizard import answer, begin
from tests.benchmarks.console import GZIP, MOST_BYTES, MOST_QUERIES, PART, html_of
from tests.screens import Screen, every_screen
from tests.weights import first_load

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

#: Of each kind there are more rows than a page may cost queries, so that none is read for each row.
TIMES: Final = crowd.INSIDE
#: Bytes over the wire of a page that is loaded with nothing kept from before.
FIRST_LOAD: Final = 350 * 1024


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Any, str]]:
    """The cookies of an operator, and the draft of a gateway; the tests of this module share them."""
    browser = Client()
    with django_db_blocker.unblock(), transaction.atomic():
        ContentType.objects.get_for_models(*apps.get_models())  # which processes keep
        browser.force_login(crowd.fill(TIMES))
        draft = begin(browser)
        answer(browser, draft)
        yield browser.cookies, draft.rstrip("/").rpartition("/")[2]
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page in five seconds counts the members of channels."""
    monkeypatch.setattr(figures, "_page_counts_every", lambda last: dt.timedelta(hours=1))


@pytest.mark.flaky(reruns=0)
@pytest.mark.parametrize("screen", every_screen(), ids=str)
def test_a_page_costs_at_most_12_queries_and_350_kb_and_a_part_20_kb(
    crowded: tuple[Any, str], aws: Any, screen: Screen
) -> None:
    browser, url = Client(headers=GZIP), screen.url(crowded[1])
    browser.cookies = crowded[0]

    for headers in ({},) if screen.query else ({}, PART):
        with CaptureQueriesContext(connection) as captured:
            response = browser.get(url, headers=headers)

        assert response.status_code in {200, 204, 302, 403, 405}
        assert len(captured) <= MOST_QUERIES, "\n".join(query["sql"] for query in captured)
        html = html_of(response)
        if "<html" in html:
            weights = first_load(response, html)
            assert sum(weights.values()) <= FIRST_LOAD, weights
        elif headers:
            assert response.streaming or len(response.content) <= MOST_BYTES
