"""Debian's Chromium, and pages on 127.0.0.1 for it to show."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.browser.operators import Wizard, set_faults
from tests.browser.tabs import Peer, Tab, listening
from tests.demo.running import Demo, running

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
EMPTY_PAGE = b"<!doctype html><title>Test</title><link rel=icon href=data:,>"


# Playwright's loop counts as running in the thread that started it, so that asyncio.run() and the ORM refuse
# to work there: the browser lives no longer than one module of tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium with a fresh profile. The test is skipped where the machine has none, or no playwright."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A new tab in a profile of its own. The test fails if the page throws where nobody catches."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def orm_beside_playwright() -> Iterator[None]:
    """Playwright's loop runs in this thread, where Django would otherwise refuse to use the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def operator_page(page: Any, orm_beside_playwright: None, live_server: Any) -> Any:
    """A tab in which a superuser is signed in to the live server."""
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return page


@dataclass(slots=True)
class Site:
    """An origin with the static files, an empty page at `/` and, as WebSocketTokenView does, tokens."""

    url: str
    #: The X-CSRFToken of each request for a token.
    asked: list[str | None] = field(default_factory=list)
    token_status: int = 200


class SiteHandler(SimpleHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        return self.answer(200, EMPTY_PAGE, "text/html", "csrftoken=from-the-cookie; Path=/")

    def do_POST(self) -> None:
        self.site.asked.append(self.headers["X-CSRFToken"])
        data = {"token": f"token-{len(self.site.asked)}", "expires_in": 60}
        self.answer(self.site.token_status, json.dumps(data).encode(), "application/json")

    def answer(self, status: int, body: bytes, content_type: str, cookie: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    handler = type("Handler", (SiteHandler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=ROOT)) as server:
        handler.site = Site(f"http://127.0.0.1:{server.server_port}")
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield handler.site
        server.shutdown()
        thread.join()


@pytest.fixture
def tab(page: Any, site: Site) -> Tab:
    page.goto(site.url)
    return Tab(page)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening(Peer()) as other_side:
        yield other_side


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole demo, for all tests that make gateways of their own."""
    with running(tmp_path_factory.mktemp("demo") / "state") as started:
        yield started


@pytest.fixture
def fault(demo: Demo) -> Iterator[Callable[..., None]]:
    """Let the emulator fail; afterwards it works again."""
    yield lambda operation, **details: set_faults(
        demo, "POST", {"operation": operation, "effect": "error", "times": None, **details}
    )
    set_faults(demo, "DELETE")


@pytest.fixture
def wizard(page: Any, demo: Demo) -> Wizard:
    page.goto(demo.lines["Sign in"])
    return Wizard(page, demo)
