"""Lists with nothing in them: what would be here, and the next step for who may take it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from tests.admin.test_home import words

pytestmark = pytest.mark.django_db

#: Where the next step leads, for who may do everything.
NEXT = {
    "apigateway": "/wizard/",
    "awsaccount": "/awsaccount/add/",
    "auditevent": "",
    "ban": "/ban/add/",
    "broadcast": "/compose/",
    "broadcastrecipient": "/broadcast/",
    "broadcasttemplate": "/broadcasttemplate/add/",
    "channel": "",
    "channelpermission": "/channelpermission/add/",
    "refusal": "",
    "run": "/apigateway/",
    "trace": "/trace/add/",
    "websocketsession": "/apigateway/",
    "websockettoken": "",
}
ASKING = ("/wizard/", "/add/", "/compose/")


def content(client: Client, name: str, **query: str) -> str:
    """What the list says in the place of its rows, without the frame around it."""
    response = client.get(f"/admin/apigw_ws/{name}/", query)
    assert response.status_code == 200
    text = response.text.partition('id="content"')[2]
    return re.sub(r"<(header|nav|script|template)\b.*?</\1>", "", text, flags=re.DOTALL)


def test_each_of_our_lists_is_among_them() -> None:
    ours = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "apigw_ws"}

    assert ours == {*NEXT}


@pytest.mark.parametrize("name", NEXT)
def test_an_empty_list_says_what_would_be_there_and_leads_to_the_next_step(
    operator: Client, name: str
) -> None:
    text = content(operator, name)

    assert "No results found" not in text
    assert f'{NEXT[name]}"' in text


@pytest.mark.parametrize("name", NEXT)
def test_who_may_only_look_is_offered_no_step_that_would_be_refused(
    staff: Callable[..., Client], name: str
) -> None:
    text = content(staff(f"view_{name}", "view_websocketsession", "view_broadcast"), name)

    assert "No results found" not in text
    assert [href for href in re.findall(r'href="(.+?)"', text) if href.endswith(ASKING)] == []


@pytest.mark.parametrize("name", NEXT)
def test_where_nothing_matches_one_gets_back_to_all(operator: Client, name: str) -> None:
    said: Any = words(content(operator, name, q="nothing-like-that"))

    assert "No results found" not in said
    assert re.search("like that|begins so|No results|yet", said)
