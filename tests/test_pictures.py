"""The documentation's pictures: each is linked, told in words and small, and the script takes them all."""

from __future__ import annotations

import re
import runpy
import struct
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "docs/pictures.py"))


def links() -> list[tuple[str, Path]]:
    """(what is said of it, where it is) of each picture in the documentation."""
    return [
        (words, (page.parent / path).resolve())
        for page in PAGES
        for words, path in re.findall(r"!\[(.*?)\]\((.+?)\)", page.read_text())
    ]


def test_the_script_takes_the_pictures_that_are_there_and_linked() -> None:
    taken = {picture.name for picture in SCRIPT["PICTURES"]}

    assert {path.stem for path in IMAGES.iterdir()} == taken
    assert {path.stem for _words, path in links() if path.parent == IMAGES} == taken
    assert all(path.is_file() for _words, path in links())


def test_each_picture_is_told_in_words() -> None:
    assert [path.name for words, path in links() if len(words) < 30] == []


def test_pictures_have_the_size_of_a_screen_and_load_fast() -> None:
    for picture in SCRIPT["PICTURES"]:
        png = (IMAGES / f"{picture.name}.png").read_bytes()
        assert struct.unpack(">II", png[16:24]) == (picture.width, picture.height)
        assert len(png) < 200_000
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < 1_200_000
