"""What was done to a gateway, as its charts show it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from apigw_ws.models import ApiGateway, AuditEvent, DeployedSnapshot, Run
from apigw_ws.services.marks import marks
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def run(gateway: ApiGateway, hours_ago: float, **fields: object) -> Run:
    return Run.objects.create(
        gateway=gateway, **{"state": "done", "finished_on": NOW - timedelta(hours=hours_ago)} | fields
    )


def deployed(gateway: ApiGateway, name: str, hours_ago: float, by: Run | None = None) -> None:
    snapshot = DeployedSnapshot.objects.create(
        gateway=gateway, deployment_id=name, digest="", routes={}, secret_version=1, run=by
    )
    DeployedSnapshot.objects.filter(pk=snapshot.pk).update(deployed_on=NOW - timedelta(hours=hours_ago))


def test_deployments_rollbacks_and_failures_are_told_the_newest_first() -> None:
    chat, other = gateway(), gateway(1)
    ada = User.objects.create_user("ada")
    deployed(chat, "first", 3, run(chat, 3, started_by=ada))
    deployed(chat, "second", 2)
    deployed(other, "other", 1)
    run(chat, 1, state="failed", error_code="ConflictException", started_by=ada)
    run(chat, 0.5, state="interrupted")
    AuditEvent.objects.create(gateway=chat, verb="rollback", who="ada", result="done")
    AuditEvent.objects.create(gateway=chat, verb="rollback", who="ada", result="failed")
    AuditEvent.objects.create(gateway=chat, verb="apply", who="ada", result="done")

    found = marks(chat, NOW - timedelta(hours=4))

    assert [(mark.kind, mark.sentence) for mark in found] == [
        ("rollback", "Rolled back, by ada"),
        ("failure", "A run failed, by a command or task: Interrupted"),
        ("failure", "A run failed, by ada: ConflictException"),
        ("deployment", "Deployment second, by a command or task"),
        ("deployment", "Deployment first, by ada"),
    ]


def test_what_was_before_is_not_told() -> None:
    chat = gateway()
    deployed(chat, "old", 3)
    run(chat, 3, state="failed")

    assert marks(chat, NOW - timedelta(hours=1)) == []


def test_only_the_newest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apigw_ws.services.marks.MOST", 2)
    chat = gateway()
    for number in range(4):
        deployed(chat, f"d{number}", number)
    run(chat, 0.5, state="failed", error_code="Oops")

    assert [mark.kind for mark in marks(chat, NOW - timedelta(hours=9))] == ["deployment", "failure"]


def test_marks_cost_three_queries(django_assert_num_queries: object) -> None:
    chat = gateway()
    for number in range(5):
        deployed(chat, f"d{number}", 1, run(chat, 1, state="failed", started_by=None))

    with django_assert_num_queries(3):  # type: ignore[operator]
        assert len(marks(chat, NOW - timedelta(hours=2))) == 10
