"""Adopting an API in a browser, from the keyboard: the list is narrowed, one is looked at, and recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apigw_ws.models import ApiGateway
from tests.emulator.serving import Served
from tests.foreign import Elsewhere, by_hand

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def apis(aws: Served) -> Iterator[list[Elsewhere]]:
    """One that grew, and many beside it."""
    made = [by_hand(aws), *(Elsewhere(aws) for _number in range(8))]
    for number, each in enumerate(made[1:]):
        each.make(Name=f"service {number}")
    yield made
    for each in made:
        each.clean()


@pytest.fixture
def console(operator_page: Any, live_server: Any, apis: list[Elsewhere]) -> Any:
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/apigateway/adopt/")
    return operator_page


def test_an_api_is_found_looked_at_and_adopted_from_the_keyboard(console: Any, apis: list[Elsewhere]) -> None:
    rows = console.locator("#candidates li:visible")
    search = console.get_by_role("searchbox", name="Search by name, ID or description")
    search.wait_for()
    assert rows.count() >= len(apis)
    search.press_sequentially("nothing like it")
    console.get_by_text("No API matches.").wait_for()
    search.fill("")
    search.press_sequentially(apis[0].api_id)
    assert rows.count() == 1

    console.get_by_role("link", name=f"Look at it by hand {apis[0].number}").press("Enter")
    console.get_by_label("Stage").select_option("dev")
    console.get_by_text("Change the stage “dev”").wait_for()
    name = console.get_by_label("Name of the gateway")
    name.fill("chosen")
    name.press("Enter")
    console.get_by_text("Change the API's name.").press("Enter")
    console.get_by_text("api.name").wait_for()
    assert console.evaluate("document.activeElement.tagName") == "SUMMARY"
    console.reload()  # what was chosen is in the address
    console.get_by_text("Change the API's name.").wait_for()
    console.get_by_role("button", name="Adopt").press("Enter")

    console.get_by_text("“chosen” is recorded, and AWS is as it was.").wait_for()
    assert ApiGateway.objects.get().stage_name == "dev"
