"""The routes of a gateway in a browser, with the whole demo behind them: its worker applies what is saved."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.sync.client import connect

from apigw_ws_admin.demo.state import State
from tests.demo.running import Demo, running

pytestmark = pytest.mark.browser

#: Long enough for a worker that looks for tasks once a second, and for a run.
PATIENCE = 30_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo") / "state") as started:
        yield started


@pytest.fixture
def fault(demo: Demo) -> Iterator[Callable[..., None]]:
    """Let the emulator fail, or with no operation work again, which it does after the test anyway."""

    def ask(operation: str = "", **details: Any) -> None:
        emulator = demo.gateway.replace("ws:", "http:").split("/_aws")[0]
        data = {"operation": f"apigateway:{operation}", "effect": "error", "status": 400, **details}
        request = urllib.request.Request(
            f"{emulator}/_emulator/faults",
            method="POST" if operation else "DELETE",
            data=json.dumps(data).encode() if operation else None,
            headers={"Authorization": f"Bearer {State(demo.state).keys().secret_key}"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    yield ask
    ask()


class Routes:
    """A tab with the routes of the demo's gateway, which are applied as they are saved."""

    def __init__(self, page: Any, demo: Demo) -> None:
        self.page = page
        self.console = demo.lines["Console"].removesuffix("/admin/")
        page.goto(demo.lines["Sign in"])
        page.goto(f"{self.console}/admin/apigw_ws/apigateway/?q=demo")
        page.get_by_role("link", name="demo", exact=True).first.click()
        self.tab("Settings")
        page.locator("[name=push_mode]").select_option("auto")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("was changed successfully").wait_for()
        self.tab("Routes")

    def tab(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()
        self.page.locator("[aria-current=page]", has_text=name).first.wait_for()

    def row(self, key: str) -> Any:
        """The row of a saved route."""
        return self.page.get_by_role("group", name=key, exact=True)

    def new(self) -> Any:
        """The last of the rows that are not saved."""
        return self.page.locator(".form-group.template:not(.empty-form) .route").last

    def add(self, key: str, end: str = "/clock/message") -> None:
        self.page.get_by_role("button", name="Add another route").press("Enter")
        self.page.keyboard.type(key)  # the row has the focus
        for text in ("", f"{self.console}{end}"):
            self.page.keyboard.press("Tab")
            self.page.keyboard.type(text)

    def field(self, key: str, name: str) -> Any:
        return self.row(key).locator(f"[name$='-{name}']")

    def summary(self, text: str) -> None:
        self.page.locator("#route-summary").get_by_text(text).wait_for()

    def save(self) -> None:
        self.page.get_by_role("button", name="Save", exact=True).click()

    def wait_for(self, key: str, state: str) -> None:
        self.row(key).locator(".route-chip", has_text=state).wait_for(timeout=PATIENCE)


@pytest.fixture
def routes(page: Any, demo: Demo) -> Routes:
    return Routes(page, demo)


def reply(url: str, message: dict[str, Any]) -> Any:
    with connect(url, proxy=None) as socket:
        socket.send(json.dumps(message))
        return json.loads(socket.recv(timeout=10))


def test_a_save_is_summed_up_and_its_chips_follow_the_run(routes: Routes, demo: Demo) -> None:
    one, two, three, four = (f"{word}.{uuid4().hex[:6]}" for word in ("one", "two", "three", "four"))
    for key in (one, two):
        routes.add(key)
    routes.summary("2 added: 1 deployment, applied at once.")
    routes.save()
    routes.wait_for(one, "In sync")
    routes.wait_for(two, "In sync")
    assert reply(demo.gateway, {"action": one, "handler": "time"})["type"] == "time"

    for key in (three, four):
        routes.add(key)
    routes.field(one, "integration_url").fill(f"{routes.console}/clock/moved")
    routes.field(two, "DELETE").check()
    routes.summary("2 added, 1 URL changed, 1 removed: 1 deployment, applied at once.")
    routes.page.get_by_label(f"Take these routes out of AWS: {two}").check()
    routes.save()

    for key in (one, three, four, "$connect"):
        routes.wait_for(key, "In sync")
    assert routes.row(two).count() == 0
    assert reply(demo.gateway, {"action": three, "handler": "time"})["type"] == "time"


def test_a_route_that_fails_says_why_until_it_is_applied_again(
    routes: Routes, fault: Callable[..., None]
) -> None:
    unlucky = f"unlucky.{uuid4().hex[:6]}"
    fault("CreateIntegration", times=None)
    routes.add(unlucky)
    routes.save()
    routes.wait_for(unlucky, "Failed")
    assert "AWS refused CreateIntegration" in routes.row(unlucky).inner_text()

    fault()
    routes.page.get_by_role("link", name="Review and apply").press("Enter")
    dialog = routes.page.get_by_role("dialog", name="Apply to AWS")
    dialog.get_by_role("button", name="Apply", exact=True).click()

    routes.wait_for(unlucky, "In sync")


def test_what_leaves_aws_at_once_is_asked_for_on_the_page(routes: Routes) -> None:
    routes.field("time", "enabled").uncheck()
    routes.summary("1 switched off: 1 deployment, applied at once.")
    routes.save()
    routes.page.get_by_text("Saving takes routes out of AWS at once: time.").wait_for()

    assert not routes.field("time", "enabled").is_checked()
    routes.page.get_by_label("Take these routes out of AWS: time").wait_for()


def test_a_row_that_is_removed_again_leaves_what_was_typed_in_the_next(routes: Routes) -> None:
    for key in ("a", "b"):
        routes.add(key)
    routes.new().locator("[name$='-two_way']").uncheck()
    routes.page.locator(".template:not(.empty-form) button.route-remove").first.press("Enter")

    assert routes.new().locator("[name$='-route_key']").input_value() == "b"
    assert not routes.new().locator("[name$='-two_way']").is_checked()
    routes.summary("1 added:")


def test_of_many_routes_some_are_found_and_switched(routes: Routes) -> None:
    page = routes.page
    for key in ("chat.send", "chat.edit"):
        routes.add(key)

    page.get_by_placeholder("Filter by key, name or URL").fill("CHAT.")
    page.get_by_text("2 shown").wait_for()
    assert not routes.row("time").is_visible()
    page.get_by_role("button", name="switch off").press("Enter")

    assert not routes.new().locator("[name$='-enabled']").is_checked()
    routes.summary("2 added: no deployment is needed.")
    page.get_by_placeholder("Filter by key, name or URL").fill("")
    page.get_by_label("State").select_option("in_sync")
    assert routes.row("time").is_visible()
    assert routes.field("time", "enabled").is_checked()
    assert not routes.new().is_visible()


def test_the_same_rows_stand_on_the_gateways_form(routes: Routes) -> None:
    routes.tab("Settings")
    routes.page.locator("a", has_text="Routes").last.click()
    routes.wait_for("time", "In sync")
    routes.field("time", "name").fill("the clock")
    routes.summary("1 name changed: no deployment is needed.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_and_fits_a_telephone(routes: Routes, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core-python is not installed")
    routes.page.emulate_media(color_scheme=scheme)
    routes.add("$bad")
    routes.field("time", "DELETE").check()
    routes.summary("1 row is not complete yet.")
    for width in (1280, 390):
        routes.page.set_viewport_size({"width": width, "height": 900})
        found = axe.Axe().run(routes.page, ".routes, .route-tools, #route-summary")["violations"]
        assert [rule["help"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
        assert not routes.page.evaluate("document.documentElement.scrollWidth > innerWidth")
