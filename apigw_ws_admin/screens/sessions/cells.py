"""What the cells of a session show."""

from __future__ import annotations

import re
from typing import Final

from apigw_ws_admin.moments import moment

__all__ = ["moment", "program"]

#: The first that fits names the program: others than Firefox say that they are Chrome or Safari, too.
_PROGRAMS: Final = (
    (re.compile(r"Edg\w*/(\d+)"), "Edge"),
    (re.compile(r"OPR/(\d+)"), "Opera"),
    (re.compile(r"Firefox/(\d+)"), "Firefox"),
    (re.compile(r"Chrome/(\d+)"), "Chrome"),
    (re.compile(r"Version/(\d+).*Safari/"), "Safari"),
)


def program(user_agent: str) -> str:
    """“Firefox 128”, else the first product that the user agent names."""
    for pattern, name in _PROGRAMS:
        if found := pattern.search(user_agent):
            return f"{name} {found[1]}"
    return user_agent.partition(" ")[0].replace("/", " ")
