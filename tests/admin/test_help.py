"""A page for each code, and what it says to whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apigw_ws_admin.help import catalogue

pytestmark = pytest.mark.django_db

HELP = "/admin/apigw_ws/apigateway/help/"


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.code)
def test_each_page_says_what_a_code_means_and_what_to_do(operator: Client, entry: Any) -> None:
    text = operator.get(f"{HELP}{entry.code}/").text

    assert all(f"<code>{other}</code>" in text for other in entry.codes[1:])
    assert "What to do next" in text
