"""The audit trail: complete, append-only, and longer-lived than what it tells of."""

from __future__ import annotations

import getpass
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apigw_ws.models import ApiGateway, AuditEvent, Run
from apigw_ws.services import audit
from tests.app.factories import new_gateway, new_user
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

ROLLBACK = AuditEvent.Verb.ROLLBACK


def test_an_event_says_who_did_what_to_what_from_where_and_what_came_of_it() -> None:
    gateway, ada = new_gateway(), new_user()
    run = Run.objects.create(gateway=gateway)

    audit.record(ROLLBACK, gateway, by=ada, ip="192.0.2.7", before={"id": "b"}, after={"id": "a"}, run=run)

    event = AuditEvent.objects.get()
    assert (event.user, event.who, event.ip_address) == (ada, "ada", "192.0.2.7")
    assert (event.gateway, event.object_text) == (gateway, "chat at ws")
    assert (event.before, event.after, event.result, event.run) == ({"id": "b"}, {"id": "a"}, "done", run)
    assert str(event) == "ada: Rolled back (chat at ws)"


def test_a_block_that_fails_is_recorded_with_its_error() -> None:
    with pytest.raises(ValueError, match="no such"), audit.recorded(ROLLBACK, new_gateway(), by=None) as told:
        told.after = {"id": "never"}
        raise ValueError("no such deployment")

    event = AuditEvent.objects.get()
    assert (event.who, event.result, event.error_text) == (
        "A command or task",
        "failed",
        "no such deployment",
    )
    assert event.after is None


def test_an_error_without_words_is_recorded_by_its_name() -> None:
    with pytest.raises(KeyboardInterrupt), audit.recorded(ROLLBACK, new_gateway(), by=None):
        raise KeyboardInterrupt

    assert AuditEvent.objects.get().error_text == "KeyboardInterrupt"


def test_an_event_outlives_its_user_its_run_and_its_gateway() -> None:
    gateway, ada = new_gateway(), new_user()
    audit.record(ROLLBACK, gateway, by=ada, run=Run.objects.create(gateway=gateway))

    gateway.delete()
    ada.delete()

    event = AuditEvent.objects.get()
    assert (event.user, event.gateway, event.run) == (None, None, None)
    assert (event.who, event.object_text) == ("ada", "chat at ws")


def test_an_event_of_a_gateway_that_is_deleted_already_can_be_written() -> None:
    gateway = new_gateway()
    run = Run.objects.create(gateway=gateway)
    ApiGateway.objects.get(pk=gateway.pk).delete()
    gateway.pk = run.pk = None

    assert audit.record(ROLLBACK, gateway, run=run).object_text == "chat at ws"


def test_events_are_never_changed_or_deleted() -> None:
    event = audit.record(ROLLBACK, new_gateway())

    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(who="nobody"),
    ):
        with pytest.raises(TypeError, match="never"):
            attempt()
    assert AuditEvent.objects.get().who == "A command or task"


def test_the_command_applies_the_plan_that_was_seen_and_no_other(aws: Served) -> None:
    gateway, out = new_gateway(api_id=""), StringIO()
    call_command("ws_plan", f"--pk={gateway.pk}", stdout=out)
    seen = out.getvalue().split()[-1]

    with pytest.raises(CommandError, match="Look at the new plan"):
        call_command("ws_apply", f"--pk={gateway.pk}", "--seen=another", stdout=out)
    call_command("ws_apply", f"--pk={gateway.pk}", f"--seen={seen}", stdout=out)

    refused, done = AuditEvent.objects.order_by("pk")
    gateway.refresh_from_db()
    assert (refused.verb, refused.result, refused.run) == ("apply", "failed", gateway.runs.last())
    assert refused.who == done.who == f"command: {getpass.getuser()}"
    assert done.after == {"operations": 6, "deployment_id": gateway.deployment_id}
    assert done.run == gateway.runs.first()


def test_a_command_of_a_user_without_a_name_is_on_record_too(
    aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr(getpass, "getuser", nameless)

    call_command("createApiGateway", f"--pk={new_gateway(api_id='').pk}", stdout=StringIO())

    assert AuditEvent.objects.get().who == "command: unknown"


def test_code_that_applies_leaves_an_event_as_well(aws: Served) -> None:
    gateway = new_gateway(api_id="")

    run = gateway.create_gateway()

    event = AuditEvent.objects.get()
    assert (event.verb, event.who, event.run) == ("apply", "A command or task", run)
