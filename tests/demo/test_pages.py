from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client

from apigw_ws.models import ApiGateway

pytestmark = pytest.mark.django_db

LINK = "/sign-in/the-token/"


@pytest.fixture(autouse=True)
def demo(settings: Any) -> None:
    settings.ROOT_URLCONF = "apigw_ws_admin.demo.urls"
    settings.DEMO_SIGN_IN_TOKEN = "the-token"
    settings.ALLOWED_HOSTS = ["*"]
    get_user_model().objects.create_superuser("operator")


def signs_in(path: str = LINK, **extra: Any) -> bool:
    client = Client(**{"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"} | extra)
    status = client.get(path).status_code
    assert status == (302 if "_auth_user_id" in client.session else 403)
    return status == 302


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_the_link_works_under_the_names_of_this_machine(host: str) -> None:
    assert signs_in(HTTP_HOST=host)


@pytest.mark.parametrize(
    "extra",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "2001:db8::1"},
        {"HTTP_HOST": "rebound.example.com"},
        {"HTTP_HOST": "localhost.example.com"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
def test_the_link_works_from_nowhere_else(extra: dict[str, str]) -> None:
    assert not signs_in(**extra)


def test_the_link_of_another_start_does_not_work() -> None:
    assert not signs_in("/sign-in/another-token/")


def test_without_a_token_there_is_no_link(settings: Any) -> None:
    settings.DEMO_SIGN_IN_TOKEN = ""

    assert not signs_in("/sign-in/x/")


def test_the_link_is_not_kept_by_a_cache() -> None:
    response = Client(HTTP_HOST="127.0.0.1").get(LINK)

    assert "no-store" in response["Cache-Control"]


def chat() -> HttpResponse:
    return Client(HTTP_HOST="127.0.0.1:8000").get("/")


def test_the_chat_connects_to_the_demo_s_gateway_under_the_name_of_the_page() -> None:
    ApiGateway.objects.create(api_name="demo", api_endpoint="ws://localhost:8790/x", deployment_id="abc")

    assert 'data-gateway="ws://127.0.0.1:8790/x/production"' in chat().text


def test_a_chat_whose_gateway_was_deleted_says_how_to_get_it_back() -> None:
    response = chat()

    assert response.status_code == 404
    assert "start it again" in response.text


def test_a_chat_whose_gateway_was_torn_down_leads_to_it() -> None:
    made = ApiGateway.objects.create(api_name="demo")

    response = chat()

    assert response.status_code == 404
    assert f'href="/admin/apigw_ws/apigateway/{made.pk}/overview/"' in response.text
