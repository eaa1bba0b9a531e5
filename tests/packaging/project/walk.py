"""Sign in at the project's own site, open whatever its pages lead to, and say what was wrong with them."""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import django

django.setup()

from backoffice.rows import fill
from django.test import Client
from people.models import Person

import apigw_ws
import apigw_ws_admin
from apigw_ws_admin.sites import console, reverse

HOST, PREFIX = "intranet.example.org", "/prefix"
SITE, STATIC = f"{PREFIX}/internal/backoffice/", f"{PREFIX}/static/"
WHO = {"username": "ada@example.org", "password": "secret"}
LINK = re.compile(r'\b(href|src|action|hx-get|hx-post)="([^"#]+)')
#: Of all views those where nobody may add or delete, that want a query, and that are posted to.
REFUSED = {403, 404, 405}


def main() -> None:
    for package in (apigw_ws, apigw_ws_admin):
        assert package.__file__.startswith(sys.prefix), package.__file__
    fill(Person.objects.create_superuser(WHO["username"], WHO["password"]))
    client = signed_in()
    print("\n".join([*opened(client), *untouched(client)]) or "nothing is wrong")


def signed_in() -> Client:
    client = Client(enforce_csrf_checks=True, headers={"host": HOST, "referer": f"https://{HOST}/"})
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text(client, f"{SITE}login/"))[1]
    form = WHO | {"csrfmiddlewaretoken": token, "next": SITE}
    answer = client.post(f"{SITE}login/".removeprefix(PREFIX), form, secure=True)
    assert (answer.status_code, answer["Location"]) == (302, SITE)
    return client


def opened(client: Client) -> Iterator[str]:
    """What is wrong with all views, and with all that their pages lead to."""
    first = dict.fromkeys((SITE, f"{SITE}search/?s=chat&extended=1", *addresses()), "href")
    todo, seen = deque(first.items()), set()
    while todo:
        url, way = todo.popleft()
        page = (re.sub(r"\d+", "0", urlsplit(url).path), way)
        if page in seen:
            continue
        seen.add(page)
        answer = get(client, url, **({"hx-request": "true"} if way == "hx-get" else {}))
        if answer.status_code >= 400 and not (url in first and answer.status_code in REFUSED):
            yield f"{url}: {answer.status_code}"
        for further, target in ways(answer, url):
            if not target.startswith((SITE, STATIC)):
                yield f"{url} leads to {target}"
            elif target.startswith(SITE) and further in ("href", "hx-get"):
                todo.append((target, further))
    assert len(seen) > 200, len(seen)


def addresses() -> Iterator[str]:
    """Of all views of the site that are about one of the rows, or about none."""
    for model, admin in console()._registry.items():
        row = model._default_manager.first()
        for pattern in admin.get_urls():
            names = set(pattern.pattern.regex.groupindex)
            if pattern.name and names <= {"object_id", "pk"} and (row or not names):
                yield reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(names, getattr(row, "pk", None)))


def get(client: Client, url: str, **headers: str) -> Any:
    """As a web server asks that has cut off the prefix."""
    return client.get(url.removeprefix(PREFIX), secure=True, headers=headers)


def text(client: Client, url: str) -> str:
    return get(client, url).content.decode()


def ways(answer: Any, url: str) -> Iterator[tuple[str, str]]:
    """Where a page leads on this host, and how."""
    if "Location" in answer:
        yield "href", urljoin(url, answer["Location"])
    elif "text/html" in answer.get("Content-Type", ""):
        for way, target in LINK.findall(answer.content.decode()):
            if not re.match(r"(https?|wss?|data|mailto):", target):
                yield way, urljoin(url, unescape(target))


def untouched(client: Client) -> Iterator[str]:
    """What is wrong with the pages of their own: they have no file of ours."""
    for page in (
        "shop/order/",
        "shop/order/1/change/",
        "shop/order/add/",
        "people/person/",
        "password_change/",
    ):
        found = [
            name for _way, name in LINK.findall(text(client, f"{SITE}{page}")) if f"{STATIC}apigw_ws" in name
        ]
        if found:
            yield f"{page} has {found}"
    if "Nur der Laden" not in text(client, f"{SITE}shop/order/1/change/"):
        yield "Their template is not theirs."


if __name__ == "__main__":
    main()
