"""Which admin site has the console, where a project has several, or one of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import path
from unfold.sites import UnfoldAdminSite

from apigw_ws.models import ApiGateway
from apigw_ws_admin import navigation, sites

plain = admin.AdminSite(name="plain")
backoffice = UnfoldAdminSite(name="backoffice")
backoffice.register(ApiGateway, type(admin.site.get_model_admin(ApiGateway)))


class Two:
    """A URLconf."""

    urlpatterns = [path("admin/", admin.site.urls), path("backoffice/", backoffice.urls)]


class Foreign:
    urlpatterns = [path("plain/", plain.urls)]


def active(browser: Client, url: str) -> list[str]:
    """Where the items of the menu lead that are marked on the page."""
    groups = navigation.sidebar(browser.get(url).wsgi_request)
    return [item["link"] for group in groups for item in group["items"] if item["active"]]


def found() -> list[str | None]:
    return [each.id for each in run_checks() if str(each.id).startswith("apigw_ws.")]


def test_it_is_djangos_own_unless_the_project_says_otherwise(settings: Any) -> None:
    assert sites.console() is admin.site

    settings.APIGW_WS = {"ADMIN_SITE": f"{__name__}.backoffice"}

    assert sites.console() is backoffice
    assert sites.has(ApiGateway)
    assert sites.admin_of(ApiGateway).admin_site is backoffice


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("nowhere.site", "No module named 'nowhere'"),
        (f"{__name__}.missing", f'Module "{__name__}" does not define a "missing" attribute/class'),
        (f"{__name__}.Two", f"“{__name__}.Two” is no admin site."),
    ],
)
def test_a_setting_that_leads_to_none_is_named(settings: Any, value: str, says: str) -> None:
    settings.APIGW_WS = {"ADMIN_SITE": value}

    with pytest.raises(ImproperlyConfigured) as raised:
        sites.console()

    assert str(raised.value) == f"APIGW_WS[“ADMIN_SITE”]: {says}"


@pytest.mark.parametrize(("name", "prefix"), [("admin", "/admin/"), ("backoffice", "/backoffice/")])
def test_addresses_are_those_of_its_site_among_several(settings: Any, name: str, prefix: str) -> None:
    settings.ROOT_URLCONF = Two
    if name == "backoffice":
        settings.APIGW_WS = {"ADMIN_SITE": f"{__name__}.backoffice"}

    assert sites.reverse("admin:apigw_ws_apigateway_changelist") == f"{prefix}apigw_ws/apigateway/"


def test_a_site_that_is_not_unfolds_is_an_error(settings: Any) -> None:
    settings.APIGW_WS = {"ADMIN_SITE": f"{__name__}.plain"}

    assert found() == ["apigw_ws.E011"]


def test_a_site_that_nothing_leads_to_is_a_warning(settings: Any) -> None:
    settings.ROOT_URLCONF = Foreign

    assert found() == ["apigw_ws.W017"]


def test_a_project_needs_what_knows_htmx(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "django_htmx" not in name]

    assert found() == ["apigw_ws.E012"]


def test_pages_of_others_have_no_file_of_ours(operator: Client) -> None:
    theirs = operator.get("/admin/auth/group/").content.decode()
    ours = operator.get("/admin/apigw_ws/apigateway/").content.decode()

    assert ("back.js" in theirs, "back.js" in ours) == (False, True)


def test_the_menu_leads_to_the_overview_where_it_is_not_the_index(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = "/admin/apigw_ws/apigateway/home/"

    assert active(operator, home) == [home]

    monkeypatch.setattr(admin.site, "index_template", navigation.HOME)

    assert active(operator, "/admin/") == ["/admin/"]
