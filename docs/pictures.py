"""Take the documentation's pictures from a demo that is started for it:

    python docs/pictures.py             all of them, into docs/images
    python docs/pictures.py sessions    this one

Needs the extra “test” and Chromium. What they show has happened: visitors talk, strangers are refused, a
broadcast is sent. Only the traffic of the hour before the demo began is made up, as nobody waits for it.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import dist
from pathlib import Path
from typing import Any, Final

IMAGES: Final = Path(__file__).resolve().parent / "images"
COMMAND: Final = (sys.executable, "-c", "import sys; from apigw_ws_admin.cli import main; sys.exit(main())")
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
VISITORS: Final = 30
#: Seconds after which the demo has a full minute to tell of.
MINUTE: Final = 100.0

#: What the demo printed: {"Console": "http://…", …}.
Lines = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    name: str
    #: Brings a tab to what is to be seen.
    show: Callable[[Any], None]
    width: int = 1440
    height: int = 900
    dark: bool = False
    #: Seconds that the demo runs before it is taken.
    after: float = 0.0


def at(path: str, *there: str) -> Callable[[Any], None]:
    """The page, once these are in it."""

    def show(page: Any) -> None:
        page.goto(f"/admin/apigw_ws/{path}")
        for selector in there:
            page.locator(selector).first.wait_for()

    return show


def overview(page: Any) -> None:
    """Of somebody who has taken the first steps."""
    page.goto("/admin/")
    away = page.get_by_role("button", name="Put this card away")
    if away.is_visible():
        away.click()
    page.locator("#home-first:empty").wait_for(state="attached")


def testing(page: Any) -> None:
    """Two connections in one channel hear each other."""
    page.goto("/admin/apigw_ws/apigateway/1/test/")
    page.fill("[name=query]", "channel=support")
    for number in range(2):
        page.click("#connect [type=submit]")
        page.locator("#connections [data-state=open]").nth(number).wait_for()
    for text in ("Hello from the console", "Does everybody hear me?"):
        page.fill("#frame", json.dumps({"action": "say", "text": text}))
        page.press("#frame", "Control+Enter")
        page.locator("#log > [data-kind=in]", has_text=text).nth(1).wait_for()


def broadcast(page: Any) -> None:
    """One that is half sent."""
    page.goto("/admin/apigw_ws/broadcast/compose/?gateway=1")
    said = {"type": "notice", "text": "We are back in ten minutes."}
    fields = {"title": "Maintenance tonight", "payload": json.dumps(said, indent=2), "rate": "3"}
    for name, value in {**fields, "reason": "Release 4.2"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Look at it, then send").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_function("Number(document.querySelector('[data-count=sent]')?.textContent) > 12")


def session(page: Any) -> None:
    """The timeline of somebody who has talked for a while."""
    page.goto("/admin/apigw_ws/websocketsession/")
    page.goto(page.locator("#result_list a[href*='/change/']").last.get_attribute("href"))
    page.locator(".timeline li").nth(3).wait_for()


PICTURES: Final = (
    Picture(name="test-console", show=testing),
    Picture(name="wizard", show=at("apigateway/wizard/", "form.wizard-form")),
    Picture(name="gateways", show=at("apigateway/", "text=Needs apply"), width=1536),
    Picture(name="drift", show=at("apigateway/3/drift/", "[name^=choice]")),
    Picture(name="gateway", show=at("apigateway/1/overview/", "#deployment h2"), after=MINUTE),
    Picture(name="sessions", show=at("websocketsession/", "#result_list > tbody"), after=MINUTE),
    Picture(name="overview", show=overview, after=MINUTE),
    Picture(name="activity", show=at("auditevent/activity/"), after=MINUTE),
    Picture(name="phone", show=overview, width=390, height=844, after=MINUTE),
    Picture(name="session", show=session, after=MINUTE),
    Picture(name="broadcast", show=broadcast, dark=True, after=MINUTE),
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Take the documentation's pictures.")
    names = [picture.name for picture in PICTURES]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all of them if none"
    )
    parser.add_argument("--into", type=Path, default=IMAGES, metavar="DIR", help="default: docs/images")
    options = parser.parse_args(arguments)
    if unknown := {*options.names} - {*names}:
        parser.error(f"there is no picture {min(unknown)!r}")
    from furnished import furnish  # beside this file, which is the first place that a script imports from

    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as lines:
        began = time.monotonic()
        furnish(Path(folder) / "state", lines["Console"], lines["Gateway"])
        take([each for each in PICTURES if each.name in (options.names or names)], lines, began, options.into)
    return 0


@contextmanager
def running(folder: Path) -> Iterator[Lines]:
    """A demo on free ports, which is stopped in the end."""
    where = ("--state", str(folder / "state"), "--port", "0", "--gateway-port", "0")
    command = [*COMMAND, "demo", *where, "--visitors", str(VISITORS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (ourselves)
        lines: dict[str, str] = {}
        try:
            while "Send" not in lines and process.stdout and (line := process.stdout.readline()):
                name, _colon, text = line.strip().partition(": ")
                lines[name] = text.strip()
            yield lines
        finally:
            process.send_signal(signal.SIGINT)


def take(pictures: Sequence[Picture], lines: Lines, began: float, into: Path) -> None:
    """Each picture as a PNG file, when the demo that began at ``began`` is as old as it takes."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for picture in sorted(pictures, key=lambda each: each.after):
            time.sleep(max(0.0, began + picture.after - time.monotonic()))
            page = tab(chromium, picture, lines)
            picture.show(page)
            page.wait_for_load_state("networkidle")
            save(page.screenshot(animations="disabled", caret="hide"), into / f"{picture.name}.png")
            page.context.close()
        chromium.close()


def save(png: bytes, path: Path) -> None:
    """In 256 colours, which is less than half the size: the commonest exactly, the others nearly."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    spread = picture.quantize(224, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = [colour for _count, colour in counted[:32]] + list(zip(*[iter(spread)] * 3, strict=True))
    nearest = {
        colour: min(range(len(palette)), key=lambda at: dist(palette[at], colour)) for _, colour in counted
    }
    pixels = zip(*[iter(picture.tobytes())] * 3, strict=True)
    small = Image.frombytes("P", picture.size, bytes(nearest[pixel] for pixel in pixels))
    small.putpalette([value for colour in palette for value in colour])
    small.save(path, optimize=True)


def tab(chromium: Any, picture: Picture, lines: Lines) -> Any:
    """In which the operator is signed in."""
    context = chromium.new_context(
        base_url=lines["Console"].removesuffix("/admin/"),
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.dark else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(lines["Sign in"])
    return page


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
