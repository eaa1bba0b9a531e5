"""An operator of the whole demo, in a browser."""

from __future__ import annotations

import json
import urllib.request
from secrets import token_hex
from typing import Any

from websockets.sync.client import connect

from apigw_ws_admin.demo.state import State
from tests.demo.running import Demo

AMONG_GATEWAYS = "/admin/apigw_ws/apigateway/"
FOCUSED = """() => {
  const at = document.activeElement;
  const words = [at.id, at.name, at.textContent].map(text => (text || '').trim());
  return at.matches("a, button, input") ? words.join(' ') : "";
}"""


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


def unique(name: str) -> str:
    """A name that a test which is run again has not used before."""
    return f"{name}-{token_hex(3)}"


def reply(url: str, message: dict[str, Any]) -> Any:
    with connect(url, proxy=None) as socket:
        socket.send(json.dumps(message))
        return json.loads(socket.recv(timeout=10))


def tab_to(page: Any, what: str) -> None:
    for _ in range(80):
        if what in page.evaluate(FOCUSED):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not reach {what}.")


def set_faults(demo: Demo, method: str, data: Any = None) -> None:
    """Add a fault to the emulator, or (DELETE) remove them all."""
    emulator = demo.gateway.replace("ws:", "http:").split("/_aws")[0]
    request = urllib.request.Request(
        f"{emulator}/_emulator/faults",
        method=method,
        data=json.dumps(data).encode() if data else None,
        headers={"Authorization": f"Bearer {State(demo.state).keys().secret_key}"},
    )
    urllib.request.urlopen(request, timeout=10).close()
