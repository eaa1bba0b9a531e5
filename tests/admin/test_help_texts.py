"""Where something is decided, the form says what the choice means."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("ban/add/", "Then it ends by itself. It can be lifted before."),
        ("broadcast/compose/", "The first leaves out who connects after it has begun"),
        ("channelpermission/add/", "Asked when a client connects into the channel, or joins it later."),
        ("awsaccount/add/", "A badge on all pages of its gateways"),
        ("trace/add/", "It stops by itself, earlier where it is full."),
    ],
)
def test_a_choice_is_explained_beside_it(operator: Client, page: str, said: str) -> None:
    assert said in operator.get(f"/admin/apigw_ws/{page}").text
