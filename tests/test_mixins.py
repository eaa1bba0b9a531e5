"""What a page knows about its WebSocket."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from tests.app.factories import new_gateway
from tests.app.views import AppPageView, PageView

pytestmark = pytest.mark.django_db


def test_a_page_gets_its_route_with_the_gateway_and_its_channel() -> None:
    route = new_gateway().additional_routes.create(
        name="say", route_key="say", integration_url="https://example.com/ws/say"
    )

    context = PageView(request=RequestFactory().get("/")).get_context_data(extra=1)

    assert (context["api_gateway_route"], context["channel_name"], context["extra"]) == (route, "lobby", 1)
    assert context["api_gateway_route"].api_gateway.api_id == "abc123"


def test_a_page_without_a_route_gets_none() -> None:
    assert PageView().get_context_data()["api_gateway_route"] is None


def test_an_apps_page_is_in_the_apps_channel() -> None:
    route = new_gateway().additional_routes.create(
        name="app", route_key="tests.app", integration_url="https://example.com/ws/app"
    )

    context = AppPageView().get_context_data()

    assert (context["api_gateway_route"], context["channel_name"]) == (route, "tests.app")


def test_the_apps_channel_can_be_overridden() -> None:
    class Elsewhere(AppPageView):
        app_channel_override = "elsewhere"

    assert Elsewhere().get_context_data()["channel_name"] == "elsewhere"


def test_a_view_outside_of_any_app_is_in_the_channel_of_its_package() -> None:
    assert (
        type("Loose", (AppPageView,), {"__module__": "loose.views"})().get_context_data()["channel_name"]
        == "loose"
    )
