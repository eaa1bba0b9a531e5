"""The wizard in a browser, with the whole demo behind it: from the overview to a second live gateway."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.browser.operators import AMONG_GATEWAYS, Wizard, reply, tab_to, unique

pytestmark = pytest.mark.browser


def test_from_the_overview_to_a_second_live_gateway_with_the_keyboard(wizard: Wizard) -> None:
    started, page = time.monotonic(), wizard.page
    page.set_viewport_size({"width": 1440, "height": 900})  # at 1280 newest Unfold folds the menu away

    for link, leads_to in {"Gateways": "**/apigateway/", "Add with the wizard": "**/account/"}.items():
        tab_to(page, link)
        page.keyboard.press("Enter")
        page.wait_for_url(leads_to)
    page.get_by_text("Asked at").wait_for()
    for step, answers in {
        "Account and region": {},
        "Basics": {"id_api_name": unique("second")},
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


def test_every_step_survives_a_refresh_and_the_browsers_own_back(wizard: Wizard) -> None:
    page, typed = wizard.page, {"api_name": "fresh", "target_base_endpoint": f"{wizard.console}/ws/"}
    wizard.begin()
    wizard.walk("fresh")

    for step in ("Review", "Custom domain", "Routes", "Endpoint", "Basics"):
        page.reload()
        wizard.at(step)
        for name in typed:
            if page.locator(f"[name={name}]").count():
                assert page.locator(f"[name={name}]").input_value() == typed[name]
        page.go_back()
    wizard.at("Account and region")


def test_who_has_to_sign_in_again_keeps_the_step_as_it_was_typed(wizard: Wizard) -> None:
    page = wizard.page
    wizard.begin()
    wizard.press("Next")
    wizard.fill(api_name="never")
    wizard.press("Next")
    wizard.fill(target_base_endpoint="https://www.example.com/typed/")
    page.context.clear_cookies(name="apigw_ws_session")

    wizard.press("Next")
    with page.expect_popup() as beside:
        page.get_by_role("link", name="Sign in again").click()
    beside.value.fill("[name=username]", "operator")
    beside.value.fill("[name=password]", wizard.demo.lines["Operator"].split()[2])
    beside.value.keyboard.press("Enter")
    beside.value.wait_for_url("**/wizard/**")
    beside.value.close()
    page.bring_to_front()

    wizard.at("Endpoint")
    assert page.locator("[name=target_base_endpoint]").input_value() == "https://www.example.com/typed/"
    wizard.press("Next")
    page.locator("[name=target_base_endpoint]").wait_for(state="detached")
    wizard.press("Back")
    wizard.at("Endpoint")
    wizard.press("Back")
    assert page.locator("[name=api_name]").input_value() == "never"
    page.goto(f"{wizard.console}{AMONG_GATEWAYS}?q=never")
    assert page.get_by_role("link", name="never", exact=True).count() == 0


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
    name = unique("unlucky")
    wizard.walk(name)
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
    wizard.page.goto(f"{wizard.console}{AMONG_GATEWAYS}?q={name}")
    wizard.page.get_by_role("link", name=name, exact=True).click()
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
    look("Asked at")
    wizard.press("Next")
    look("Basics")
    wizard.fill(api_name=unique(scheme))
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
