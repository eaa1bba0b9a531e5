"""Groups for the people who run gateways."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.core.management.base import CommandError

from apigw_ws.models import AuditEvent
from apigw_ws.services.roles import roles
from apigw_ws_admin import permissions

pytestmark = pytest.mark.django_db

VIEWER, OPERATOR, DEPLOYER, ADMINISTRATOR = roles()


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("ws_roles", *arguments, stdout=out)
    return out.getvalue().splitlines()


def held(group: str) -> set[str]:
    return set(Permission.objects.filter(group__name=group).values_list("codename", flat=True))


def test_the_groups_have_the_permissions_of_their_roles() -> None:
    lines = run()

    assert {name: held(name) for name in roles()} == roles()
    assert f"{VIEWER}: {len(held(VIEWER))} added, 0 removed" in lines
    assert "  + view_apigateway" in lines


def test_the_administrator_has_every_permission_of_the_product() -> None:
    ours = Permission.objects.filter(content_type__app_label="apigw_ws")
    used = {name for name in vars(permissions).values() if str(name).startswith("apigw_ws.")}

    assert roles()[ADMINISTRATOR] == set(ours.values_list("codename", flat=True))
    assert used <= {f"apigw_ws.{codename}" for codename in roles()[ADMINISTRATOR]}


def test_the_viewer_looks_at_records_and_sees_neither_addresses_nor_payloads() -> None:
    assert all(codename.startswith("view_") for codename in roles()[VIEWER])
    assert not roles()[VIEWER] & {"view_address_websocketsession", "view_payload_websocketsession"}
    assert {"view_apigateway", "view_websocketsession", "view_auditevent"} < roles()[VIEWER]


def test_neither_operators_nor_deployers_do_what_cannot_be_taken_back() -> None:
    lost = {
        "teardown_apigateway",
        "delete_apigateway",
        "send_large_broadcast",
        "view_payload_websocketsession",
    }

    for name in (OPERATOR, DEPLOYER):
        assert roles()[VIEWER] < roles()[name] < roles()[ADMINISTRATOR]
        assert not roles()[name] & lost
    assert "deploy_apigateway" not in roles()[OPERATOR]
    assert "disconnect_websocketsession" not in roles()[DEPLOYER]


def test_a_second_time_nothing_changes() -> None:
    run()
    events = AuditEvent.objects.count()

    assert run() == [f"{name}: 0 added, 0 removed" for name in roles()]
    assert AuditEvent.objects.count() == events == 4


def test_what_is_not_of_the_role_goes_and_what_is_of_other_apps_stays() -> None:
    run()
    group = Group.objects.get(name=VIEWER)
    group.permissions.add(*Permission.objects.filter(codename__in=("add_ban", "view_user")))
    group.permissions.remove(Permission.objects.get(codename="view_ban"))

    assert run("--dry-run")[:3] == [f"{VIEWER}: 1 added, 1 removed", "  + view_ban", "  - add_ban"]
    assert "add_ban" in held(VIEWER)

    assert run()[:3] == [f"{VIEWER}: 1 added, 1 removed", "  + view_ban", "  - add_ban"]
    assert held(VIEWER) == roles()[VIEWER] | {"view_user"}
    event = AuditEvent.objects.latest("pk")
    assert (event.who, event.object_text) == ("A command or task", f"group {VIEWER}")
    assert event.after == {"added": ["view_ban"], "removed": ["add_ban"]}


def test_a_dry_run_makes_no_group() -> None:
    assert run("--dry-run")[-1] == "Nothing was changed: this was a dry run."
    assert not Group.objects.exists()


def test_before_the_permissions_are_there_it_says_what_to_do() -> None:
    Permission.objects.filter(codename="add_ban").delete()

    with pytest.raises(CommandError, match="Run migrate first"):
        run()
    assert not Group.objects.exists()


def test_a_member_of_a_group_may_do_what_its_role_says() -> None:
    run()
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name=OPERATOR))

    assert user.has_perms([permissions.DISCONNECT, permissions.BAN, permissions.VIEW_ADDRESS])
    assert not user.has_perm(permissions.TEARDOWN)
