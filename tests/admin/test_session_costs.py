"""What the list of sessions asks the database, page by page: the benchmark's pages, with few rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, ChannelMembership, WebSocketSession
from tests.admin import rows
from tests.benchmarks.sessions import LIST, MOST, PAGES, filled

pytestmark = pytest.mark.django_db
#: Minutes since they connected and spoke, and whether they are over.
KINDS = ((1, 0, True), (70, 7, True), (30, 20, True), (130, 2, True), (90, 80, False))


@pytest.fixture
def crowded() -> ApiGateway:
    """Of each kind more than a page may cost queries; users and gateways have one of each."""
    now, made = timezone.now(), []
    for number in range(MOST[1] + 2):
        user = User.objects.create_user(f"user-77{number}")
        gateway = rows.gateway(number)
        for ago, idle, connected in KINDS:
            session = WebSocketSession.objects.create(
                connection_id=f"7f3{len(made)}=",
                user=user,
                api_gateway=gateway,
                channel_name="channel-7",
                connected=connected,
                ip_address="10.0.3.7",
                address_block="10.0.3.7",
                active_on=now - timedelta(minutes=idle),
            )
            WebSocketSession.objects.filter(pk=session.pk).update(created_on=now - timedelta(minutes=ago))
            made.append(session)
    ChannelMembership.objects.bulk_create(ChannelMembership(session=one, name="further") for one in made)
    return gateway


def cost(browser: Client, query: dict[str, str], **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(LIST, query, headers=headers).status_code in {200, 204}
    return len(captured)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_and_its_refresh_cost_at_most_12_queries(
    operator: Client, crowded: ApiGateway, name: str
) -> None:
    query = filled(PAGES[name], crowded)

    page = cost(operator, query)

    assert page <= MOST[1]
    assert cost(operator, query, **{"HX-Request": "true", "X-Live": ""}) <= page


def test_what_no_cell_shows_is_not_read(operator: Client, crowded: ApiGateway) -> None:
    with CaptureQueriesContext(connection) as captured:
        operator.get(LIST)

    selected = [query["sql"] for query in captured if '"connection_id"' in query["sql"]]
    assert selected
    assert not any('"recent"' in sql or '"auth_hash"' in sql for sql in selected)


def test_only_the_connected_are_sorted_by_what_has_no_index(operator: Client, crowded: ApiGateway) -> None:
    query = filled(PAGES["all by in and out"], crowded)
    with CaptureQueriesContext(connection) as captured:
        everyone = heads(operator, query)

    assert not any('BY "apigw_ws_websocketsession"."request_count"' in query["sql"] for query in captured)
    assert f"o={query['o']}" not in everyone
    assert f"o={query['o']}" in heads(operator, {})


def heads(browser: Client, query: dict[str, str]) -> str:
    return browser.get(LIST, query).text.partition("<thead")[2].partition("</thead>")[0]


def test_pages_end_where_a_database_would_read_for_long(operator: Client, crowded: ApiGateway) -> None:
    assert operator.get(LIST, {"p": "401"}).headers["Location"].endswith("?e=1")
