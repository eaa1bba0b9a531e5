"""Checks from this server whether a gateway's target URL leads to a WebSocketView.

An operator chooses the URL, so the check is restricted: http and https, one address, a few seconds, no
redirects, and of the answer only the status and two headers are read. The address that hands out
this server's credentials (169.254.169.254) is never requested.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apigw_ws.models.validators import validate_http_url

#: Seconds for each read, and for the whole check.
PATIENCE: Final = 3.0
DEADLINE: Final = 8.0
#: The last parts of the URLs that API Gateway calls below the target.
PROBES: Final = ("connect", "default", "disconnect")

#: So many slow servers are waited for at once; a hostile one blocks a thread of this pool, never a request.
_pool: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="target-check")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A sentence about the target. ``bad`` ones keep API Gateway from reaching the view."""

    state: Literal["ok", "warn", "bad"]
    text: str


class _Stop(Exception):
    """The problem found makes further checks pointless."""


def check(url: str, *, local: bool = False) -> list[Finding]:
    """Return what can be said about a target URL, in the order of the checks. Raises nothing.

    ``local``: the gateway is the emulator's, which may call this machine and needs no TLS.
    """
    task = _pool.submit(_collected, url, local)
    try:
        return task.result(DEADLINE)
    except TimeoutError:
        task.cancel()
        return [_bad(_("There was no full answer within %(seconds)d seconds.") % {"seconds": DEADLINE})]


def _collected(url: str, local: bool) -> list[Finding]:
    findings: list[Finding] = []
    try:
        for finding in _findings(url, local):
            findings.append(finding)  # findings before a stop are kept
    except _Stop as stop:
        findings.append(_bad(str(stop)))
    return findings


def _findings(url: str, local: bool) -> Iterator[Finding]:
    parts = _parsed(url)
    address = _resolved(parts)
    if parts.hostname != str(address):
        yield _ok(_("%(host)s resolves to %(address)s.") % {"host": parts.hostname, "address": address})
    if not local:
        yield from _seen_from_aws(parts, address)
    answers = {probe: _ask(parts, address, probe) for probe in PROBES}
    if parts.scheme == "https":
        yield _ok(_("The TLS certificate is valid."))
    yield _verdict(parts, address, answers)


def _parsed(url: str) -> SplitResult:
    try:
        validate_http_url(url)
    except ValidationError as error:
        raise _Stop(error.messages[0]) from error
    return urlsplit(url.rstrip("/"))


def _resolved(parts: SplitResult) -> Address:
    host = str(parts.hostname)
    try:
        found = socket.getaddrinfo(host, parts.port or parts.scheme, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _Stop(
            _("The name %(host)s does not resolve. Check its spelling and its DNS record.") % {"host": host}
        ) from error
    address = ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or address
    if inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        raise _Stop(_("%(address)s is no address of a web server.") % {"address": address})
    return address


def _seen_from_aws(parts: SplitResult, address: Address) -> Iterator[Finding]:
    if not address.is_global:
        yield _warn(
            _("%(address)s is a private address: AWS cannot reach it from the internet.")
            % {"address": address}
        )
    if parts.scheme == "http":
        yield _warn(_("Without https, messages and the gateway's secret travel unencrypted."))


def _ask(parts: SplitResult, address: Address, probe: str) -> tuple[int, str]:
    """Return the status and the Allow header of a GET, which changes nothing. Raises _Stop."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with closing(http.client.HTTPConnection(str(parts.hostname), port, timeout=PATIENCE)) as connection:
            # Connect to the address that was checked, not to what the name resolves to a moment later.
            connection.sock = socket.create_connection((str(address), port), PATIENCE)
            if parts.scheme == "https":
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
            connection.request(
                "GET", f"{parts.path}/{probe}", headers={"User-Agent": "apigw-ws target check"}
            )
            response = connection.getresponse()
            return response.status, response.getheader("Allow", "")
    except ssl.SSLCertVerificationError as error:
        raise _Stop(
            _("The TLS certificate is not valid: %(said)s.") % {"said": error.verify_message.rstrip(".")}
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Stop(
            _("%(host)s does not answer on port %(port)d: %(said)s.")
            % {"host": parts.hostname, "port": port, "said": _reason(error)}
        ) from error


def _verdict(parts: SplitResult, address: Address, answers: dict[str, tuple[int, str]]) -> Finding:
    """A WebSocketView allows POST and nothing else."""
    views = [probe for probe, (status, allow) in answers.items() if status == 405 and "POST" in allow]
    if len(views) == len(PROBES):
        return _ok(_("A WebSocketView answers there."))
    if views:
        return _bad(
            _(
                "Not every route leads to the view: its URL pattern needs “<slug:route>” at the end, "
                "as in %(example)s."
            )
            % {"example": "path('ws/<slug:route>', …)"}
        )
    statuses = {status for status, _allow in answers.values()}
    if any(300 <= status < 400 for status in statuses):
        return _bad(
            _("The server redirects, which API Gateway does not follow. Enter the address it redirects to.")
        )
    if statuses == {404}:
        if _ask(parts, address, "")[0] == 405:
            return _bad(_("The view answers without a route: add “<slug:route>” to its URL pattern."))
        return _bad(
            _(
                "The server finds nothing there (404). Check the path, and that the URL pattern ends in "
                "“<slug:route>”."
            )
        )
    return _bad(
        _("Something answers, but it is no WebSocketView (%(status)s).")
        % {"status": ", ".join(map(str, sorted(statuses)))}
    )


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return _("no answer in %(seconds)d seconds") % {"seconds": PATIENCE}
    return (getattr(error, "strerror", None) or type(error).__name__).rstrip(".")


def _ok(text: str) -> Finding:
    return Finding(state="ok", text=text)


def _warn(text: str) -> Finding:
    return Finding(state="warn", text=text)


def _bad(text: str) -> Finding:
    return Finding(state="bad", text=text)
