"""What a page brings over the wire with nothing kept from before, as WhiteNoise serves what was collected."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import brotli
from django.contrib.staticfiles import finders

from apigw_ws_admin.project import settings as project

#: Files that are compressed by what they are; WhiteNoise leaves them.
_COMPRESSED: Final = (".woff2", ".png", ".webp", ".jpg")
_LOADED: Final = re.compile(r'<(?:script|link|img)\b[^>]*?\b(?:src|href)="/static/([^"?#]+)')
_FACE: Final = re.compile(r"@font-face\s*\{[^}]*\}")
_URL: Final = re.compile(r"""url\(["']?([^"')]+)""")
#: A font for letters that English pages do not have is not fetched.
_LATIN: Final = "U+0-"


def first_load(response: Any, html: str) -> dict[str, int]:
    """Bytes by name: of the page, of the files that it loads, and of those that they load."""
    found = {"the page itself": len(response.content)}
    left = _LOADED.findall(html)
    while left:
        name = left.pop()
        if name not in found:
            found[name], further = _file(name)
            left += further
    return found


@cache
def _file(name: str) -> tuple[int, tuple[str, ...]]:
    """Its size, and which files it loads."""
    own = [path for folder in project.STATICFILES_DIRS if (path := Path(folder) / name).is_file()]
    path = own[0] if own else Path(str(finders.find(name)))
    data = path.read_bytes()
    size = len(data) if path.suffix in _COMPRESSED else min(len(data), len(brotli.compress(data)))
    return size, tuple(_of_css(name, data.decode())) if path.suffix == ".css" else ()


def _of_css(name: str, css: str) -> list[str]:
    fonts = [face for face in _FACE.findall(css) if "unicode-range" not in face or _LATIN in face]
    urls = _URL.findall(_FACE.sub("", css) + "".join(fonts))
    return [urljoin(name, url) for url in urls if not url.startswith(("data:", "#"))]
