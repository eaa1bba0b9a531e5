"""The wizard in a browser, with the whole demo behind it: from the overview to a second live gateway."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from apigw_ws_admin.demo.state import State
from tests.demo.running import Demo, running

pytestmark = pytest.mark.browser

AMONG_GATEWAYS = "/admin/apigw_ws/apigateway/"
FOCUSED = """() => {
  const at = document.activeElement;
  const words = [at.id, at.name, at.textContent].map(text => (text || '').trim());
  return at.matches("a, button, input") ? words.join(' ') : "";
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo") / "state") as started:
        yield started


@pytest.fixture
def fault(demo: Demo) -> Iterator[Callable[..., None]]:
    """Let the emulator fail; afterwards it works again."""

    def ask(method: str, data: Any = None) -> None:
        emulator = demo.gateway.replace("ws:", "http:").split("/_aws")[0]
        request = urllib.request.Request(
            f"{emulator}/_emulator/faults",
            method=method,
            data=json.dumps(data).encode() if data else None,
            headers={"Authorization": f"Bearer {State(demo.state).keys().secret_key}"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    yield lambda operation, **details: ask(
        "POST", {"operation": operation, "effect": "error", "times": None, **details}
    )
    ask("DELETE")


class Wizard:
    """A tab with the wizard."""

    def __init__(self, page: Any, demo: Demo) -> None:
        self.page, self.demo = page, demo
        self.console = demo.lines["Console"].removesuffix("/admin/")

    def begin(self) -> None:
        self.page.goto(f"{self.console}{AMONG_GATEWAYS}wizard/")

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).click()

    def at(self, step: str) -> None:
        self.page.locator(".wizard-steps [aria-current=step]", has_text=step).wait_for()

    def walk(self, name: str) -> None:
        """To the review of a gateway that calls the demo's own view."""
        self.press("Next")
        self.fill(api_name=name)
        self.press("Next")
        self.fill(target_base_endpoint=f"{self.console}/ws/")
        for step in ("Endpoint", "Routes", "Custom domain"):
            self.at(step)
            self.press("Next")
        self.at("Review")

    def wait_for(self, text: str) -> None:
        self.page.locator("#content, main, body").first.get_by_text(text).first.wait_for()

    def client_url(self) -> str:
        return str(self.page.locator("#client-url").inner_text(timeout=60_000))


@pytest.fixture
def wizard(page: Any, demo: Demo) -> Wizard:
    page.goto(demo.lines["Sign in"])
    return Wizard(page, demo)


def reply(url: str, message: dict[str, Any]) -> Any:
    with connect(url, proxy=None) as socket:
        socket.send(json.dumps(message))
        return json.loads(socket.recv(timeout=10))


def tab_to(page: Any, what: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if what in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"The keyboard does not reach {what}.")


def test_from_the_overview_to_a_second_live_gateway_with_the_keyboard(wizard: Wizard) -> None:
    started, page = time.monotonic(), wizard.page

    for link, leads_to in {"Gateways": "**/apigateway/", "Add with the wizard": "**/account/"}.items():
        tab_to(page, link)
        page.keyboard.press("Enter")
        page.wait_for_url(leads_to)
    page.get_by_text("AWS account").wait_for()
    for step, answers in {
        "Account and region": {},
        "Basics": {"id_api_name": "second"},
        "Endpoint": {"id_target_base_endpoint": f"{wizard.console}/ws/"},
        "Routes": {
            "id_routes-0-route_key": "time",
            "id_routes-0-integration_url": f"{wizard.console}/clock/message",
        },
        "Custom domain": {"id_domain_name": ""},
    }.items():
        wizard.at(step)
        for field, text in answers.items():
            tab_to(page, field)
            page.keyboard.type(text)
        if answers:
            page.keyboard.press("Enter")  # as good as Next
        else:
            tab_to(page, "Next")
            page.keyboard.press("Enter")
    wizard.at("Review")
    tab_to(page, "Create gateway")
    page.keyboard.press("Enter")
    url = wizard.client_url()

    assert reply(url, {"action": "time"})["type"] == "time"
    assert reply(url, {"action": "who"})["type"] == "who"
    assert time.monotonic() - started < 120


def test_back_and_refresh_keep_what_was_typed(wizard: Wizard) -> None:
    wizard.begin()
    wizard.press("Next")
    wizard.fill(api_name="kept", api_description="Typed, then left.")
    wizard.press("Back")
    wizard.at("Account and region")
    wizard.page.reload()
    wizard.press("Next")

    assert wizard.page.locator("[name=api_description]").input_value() == "Typed, then left."


def test_two_tabs_are_two_drafts(wizard: Wizard) -> None:
    other = Wizard(wizard.page.context.new_page(), wizard.demo)
    for each, name in ((wizard, "left"), (other, "right")):
        each.begin()
        each.walk(name)

    wizard.press("Create gateway")

    wizard.wait_for("Create the WebSocket API “left”.")
    other.page.reload()
    other.wait_for("Create the WebSocket API “right”.")


def test_an_expired_session_leads_to_the_sign_in_and_makes_nothing(wizard: Wizard) -> None:
    wizard.begin()
    wizard.walk("never")
    wizard.page.context.clear_cookies(name="apigw_ws_session")

    wizard.page.get_by_role("button", name="Create gateway").click()

    wizard.page.locator("#id_username").wait_for()
    wizard.page.goto(wizard.demo.lines["Sign in"])
    wizard.page.goto(f"{wizard.console}{AMONG_GATEWAYS}?q=never")
    assert wizard.page.get_by_role("link", name="never", exact=True).count() == 0


def test_a_target_that_does_not_answer_warns_and_does_not_block(wizard: Wizard) -> None:
    wizard.begin()
    wizard.press("Next")
    wizard.fill(api_name="nowhere")
    wizard.press("Next")
    wizard.fill(target_base_endpoint="http://127.0.0.1:1/ws/")
    wizard.page.keyboard.press("Tab")
    wizard.wait_for("does not answer on port 1")
    wizard.press("Next")

    wizard.at("Routes")


def test_aws_that_refuses_is_a_sentence_everywhere_and_retry_ends_it(
    wizard: Wizard, fault: Callable[..., None]
) -> None:
    for service in ("sts", "acm", "route53"):
        fault(f"{service}:*", status=503)
    fault("apigateway:CreateStage", status=400, times=1)
    wizard.begin()
    wizard.wait_for("AWS refused GetCallerIdentity")
    wizard.walk("unlucky")
    wizard.press("Back")
    wizard.fill(domain_name="ws.example.com")
    wizard.page.keyboard.press("Tab")
    wizard.wait_for("AWS refused ListCertificates")
    wizard.fill(domain_name="")
    wizard.page.keyboard.press("Tab")
    wizard.wait_for("Enter a domain")
    wizard.press("Next")
    wizard.press("Create gateway")
    wizard.wait_for("AWS refused CreateStage")

    wizard.page.goto("about:blank")  # the page is closed; nothing is lost
    wizard.page.goto(f"{wizard.console}{AMONG_GATEWAYS}?q=unlucky")
    wizard.page.get_by_role("link", name="unlucky", exact=True).click()
    wizard.page.get_by_role("button", name="More").press("Enter")
    wizard.page.get_by_role("link", name="Progress").click()
    wizard.press("Retry")

    assert reply(wizard.client_url(), {"action": "who"})["type"] == "who"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_step_can_be_read_and_fits_a_telephone(wizard: Wizard, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core-python is not installed")
    wizard.page.emulate_media(color_scheme=scheme)

    def look(text: str) -> None:
        wizard.wait_for(text)
        for width in (1280, 390):
            wizard.page.set_viewport_size({"width": width, "height": 900})
            found = axe.Axe().run(wizard.page, "main form.wizard-form, .wizard-steps, #progress")[
                "violations"
            ]
            assert [rule["help"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
            assert not wizard.page.evaluate("document.documentElement.scrollWidth > innerWidth")

    wizard.begin()
    look("AWS account")
    wizard.press("Next")
    look("Basics")
    wizard.fill(api_name=scheme)
    wizard.press("Next")
    wizard.fill(target_base_endpoint=f"{wizard.console}/ws/")
    wizard.page.keyboard.press("Tab")
    look("A WebSocketView answers there.")
    wizard.press("Next")
    look("Another route")
    wizard.press("Next")
    wizard.fill(domain_name="www.example.com")
    wizard.page.keyboard.press("Tab")
    look("Create it in the hosted zone")
    wizard.press("Next")
    look("AWS bills each message")
    wizard.press("Create gateway")
    look("Create the stage")
