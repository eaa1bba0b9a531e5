"""How often somebody may try to sign in to the standalone console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from apigw_ws.services import limits
from tests.test_limits import CacheThatIsDown, Clock, SharedCache, use

pytestmark = pytest.mark.django_db

LOCKED = "Too many attempts to sign in have failed. Try again in 15 minutes."


@pytest.fixture(autouse=True)
def sign_in_form(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from apigw_ws_admin.project.signing_in import SignInForm

    monkeypatch.setattr(admin.site, "login_form", SignInForm)
    monkeypatch.setattr(limits, "time", Clock())
    limits._own.clear()
    yield
    limits._own.clear()


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="right")


def tried(username: str = "ada", password: str = "wrong", address: str = "192.0.2.1", **more: Any) -> str:
    """What came of it: “in”, “locked” or “wrong”."""
    answer = Client().post(
        "/admin/login/", {"username": username, "password": password, **more}, REMOTE_ADDR=address
    )
    if answer.status_code == 302:
        return "in"
    return "locked" if LOCKED in answer.text else "wrong"


def test_after_ten_failures_not_even_the_right_password_opens(ada: User) -> None:
    assert [tried() for _ in range(11)] == ["wrong"] * 10 + ["locked"]
    assert tried(password="right", address="198.51.100.1") == "locked"
    assert tried("somebody-else", address="198.51.100.1") == "wrong"


def test_a_right_password_during_the_lock_does_not_extend_it(ada: User) -> None:
    for _ in range(10):
        tried()
    for _ in range(20):
        limits.time.now += 20  # type: ignore[attr-defined]
        assert tried(password="right") == "locked"
    limits.time.now += 900  # type: ignore[attr-defined]

    assert tried(password="right") == "in"


def test_an_address_that_tries_many_names_is_locked_out_alone(ada: User) -> None:
    assert [tried(f"name-{n}") for n in range(31)] == ["wrong"] * 30 + ["locked"]
    assert tried(password="right") == "locked"
    assert tried(password="right", address="192.0.2.2") == "in"


def test_a_lock_of_the_name_does_not_lock_the_address(ada: User) -> None:
    User.objects.create_superuser("bob", password="right")
    for _ in range(50):
        tried()

    assert tried("bob", "right") == "in"


def test_who_signs_in_is_not_counted(ada: User) -> None:
    assert {tried(password="right") for _ in range(40)} == {"in"}
    assert [tried() for _ in range(11)] == ["wrong"] * 10 + ["locked"]


def test_a_name_counts_however_it_is_written_and_whether_or_not_anybody_has_it() -> None:
    assert {tried(name) for name in ("Nobody", "nobody", "NOBODY ", "\uff4eobody") * 3} == {"wrong", "locked"}
    assert tried("nobody", address="192.0.2.9") == "locked"


def test_what_was_left_empty_is_no_attempt(ada: User) -> None:
    assert {tried(password="") for _ in range(12)} == {"wrong"}
    assert tried(password="right") == "in"


def test_addresses_of_one_ipv6_network_are_one(ada: User) -> None:
    for n in range(30):
        tried(f"name-{n}", address=f"2001:db8::{n:x}")

    assert tried("another", address="2001:db8::ffff") == "locked"
    assert tried("another", address="2001:db8:0:1::1") == "wrong"


def test_processes_count_together_in_a_cache_that_they_share(ada: User, settings: Any) -> None:
    use(settings, SharedCache)
    for _ in range(10):
        tried()
    limits._own.clear()

    assert tried(password="right") == "locked"
    assert "ada" not in repr(cache._cache.keys())


def test_without_its_cache_the_console_lets_people_in_and_counts_on(ada: User, settings: Any) -> None:
    use(settings, CacheThatIsDown)

    assert tried(password="right") == "in"
    assert [tried() for _ in range(11)][-1] == "locked"
