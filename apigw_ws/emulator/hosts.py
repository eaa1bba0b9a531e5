"""The ``Host`` header of a request, taken apart in one place."""

from __future__ import annotations

import re
from ipaddress import ip_address

_PORT = re.compile(r":\d*$")


def name_of(host: str) -> str:
    """The name in lower case, without the port and the final dot."""
    return _PORT.sub("", host).lower().rstrip(".")


def is_loopback(host: str) -> bool:
    """Whether the name can mean nothing but this machine: no name server has a say in it (RFC 6761)."""
    name = name_of(host).strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
