"""A deployment is rolled back and a gateway torn down, in a browser, with the whole demo behind it."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import InvalidStatus

from tests.browser.operators import AMONG_GATEWAYS, Wizard, reply, unique

pytestmark = pytest.mark.browser

WHO = {"action": "who"}


class Console(Wizard):
    """An operator at the pages of a gateway of their own."""

    def make(self) -> str:
        """A gateway that is live; its client URL."""
        self.name = unique("mine")
        self.begin()
        self.walk(self.name)
        self.press("Create gateway")
        url = self.client_url()
        self.pages = re.sub(r"progress/.*", "", self.page.url)
        return url

    def open(self, page: str) -> None:
        self.page.goto(f"{self.pages}{page}/")

    def follow(self, link: str) -> None:
        self.page.get_by_role("link", name=link).first.click()

    def wait_for_the_panel(self, text: str) -> None:
        self.page.locator("#deployment", has_text=text).wait_for(timeout=60_000)

    def save_a_bad_target(self) -> None:
        self.open("change")
        self.fill(target_base_endpoint="http://127.0.0.1:1/ws/")
        self.page.keyboard.press("Enter")
        self.wait_for("operations are not applied yet")


@pytest.fixture
def console(wizard: Wizard) -> Console:
    return Console(wizard.page, wizard.demo)


def test_a_bad_deployment_is_undone_and_the_record_says_so(console: Console) -> None:
    url, page = console.make(), console.page
    console.save_a_bad_target()
    console.open("overview")
    console.follow("Apply to AWS")
    page.get_by_role("dialog").get_by_role("button", name="Apply", exact=True).click()
    console.wait_for_the_panel("there is nothing to do")
    with pytest.raises(InvalidStatus):
        reply(url, WHO)

    console.open("deployments")
    console.follow("Roll back to this")
    console.wait_for("The route “$connect” changes: url http")
    console.press("Roll back")
    console.wait_for_the_panel("not applied yet")

    assert reply(url, WHO)["type"] == "who"
    console.open("deployments")
    console.wait_for("was rolled back from the deployment")
    console.open("overview")
    console.follow("Apply to AWS")
    page.get_by_role("dialog").get_by_text("Deploy to the stage").wait_for()


def test_a_gateway_is_torn_down_by_its_name_and_no_other(console: Console) -> None:
    url, page = console.make(), console.page
    console.open("teardown")
    console.wait_for(f"Remove the API “{console.name}”")
    console.fill(name="mine")
    console.press("Tear down")
    console.wait_for("Nothing was done: type the gateway's name")
    assert reply(url, WHO)["type"] == "who"

    console.fill(name=console.name)
    console.press("Tear down")
    console.wait_for_the_panel(f"Create the WebSocket API “{console.name}”")  # the record is kept

    with pytest.raises(InvalidStatus):
        reply(url, WHO)
    console.open("teardown")
    console.wait_for("Nothing of this gateway is in AWS.")
    console.fill(name=console.name)
    page.get_by_text("Delete the gateway's record here as well").click()
    console.press("Tear down")
    page.wait_for_url(f"**{AMONG_GATEWAYS}")
    for _ in range(50):  # pages, until the worker has done it
        if not page.get_by_role("link", name=console.name, exact=True).count():
            return
        page.reload()
    raise AssertionError("The record is still there.")
