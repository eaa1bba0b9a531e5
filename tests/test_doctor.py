"""What the doctor finds in a project and in its gateways, with AWS well and with AWS ill."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from apigw_ws import headers
from apigw_ws.models import ApiGateway, AwsAccount, Chore
from apigw_ws.services import deployments, doctor, provisioning, reaper, rotation, targets
from apigw_ws.services.doctor import Finding, Fix, Level, judging
from apigw_ws.services.domains import CustomDomain
from apigw_ws.services.lookups import Certificate
from tests.app.factories import new_gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

#: Seconds; the machine may be busy.
BUDGET = 20.0


@pytest.fixture(autouse=True)
def target(monkeypatch: pytest.MonkeyPatch) -> list[targets.Finding]:
    """What asking the target finds: nobody in the suite asks the internet."""
    found = [targets.Finding(state="ok", text="A WebSocketView answers there.")]
    monkeypatch.setattr(targets, "check", lambda url, local: found)
    cache.clear()
    return found


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    gateway = new_gateway(api_name="chat", api_id="")
    provisioning.apply(gateway)
    return gateway


def examined(gateway: ApiGateway) -> dict[str, Finding]:
    fresh = ApiGateway.objects.get(pk=gateway.pk)
    return {finding.key: finding for finding in doctor.of_gateway(fresh, budget=BUDGET)}


def test_a_gateway_that_is_well_is_green(chat: ApiGateway) -> None:
    found = examined(chat)

    assert list(found) == [
        "last_run",
        "identity",
        "permissions",
        "applied",
        "target",
        "secret",
        "deployment",
        "log_role",
    ]
    assert {(each.level, each.what_to_do, each.fix) for each in found.values()} == {(Level.GREEN, "", None)}
    assert "user/emulator" in found["identity"].why
    assert "(3)" in found["secret"].why


def the(finding: Finding) -> tuple[Level, Fix | None]:
    return finding.level, finding.fix


def test_what_is_not_applied_is_a_warning_and_nothing_deployed_a_problem(chat: ApiGateway) -> None:
    ApiGateway.objects.update(api_description="Changed")
    changed = examined(chat)["applied"]

    assert the(changed) == (Level.AMBER, Fix.APPLY)
    assert changed.why.startswith("AWS differs from the record: 2 operations, first “Change")
    new = new_gateway(api_name="new", api_id="")
    assert the(examined(new)["applied"]) == (Level.RED, Fix.APPLY)
    assert "deployment" not in examined(new)


def test_an_integration_that_brings_no_secret_of_ours_is_a_problem(chat: ApiGateway, aws: Served) -> None:
    api = aws.client("apigatewayv2")
    (route,) = [r for r in api.get_routes(ApiId=chat.api_id)["Items"] if r["RouteKey"] == "$default"]
    header = {f"integration.request.header.{headers.SECRET}": "'somebody-elses'"}
    integration = {"ApiId": chat.api_id, "IntegrationId": route["Target"].rpartition("/")[2]}
    api.update_integration(**integration, RequestParameters=header)

    finding = examined(chat)["secret"]

    assert the(finding) == (Level.RED, Fix.APPLY)
    assert finding.why == "Django refuses every event of $default: they bring another secret, or none."


def test_a_rotation_is_a_warning_until_it_is_finished(chat: ApiGateway) -> None:
    rotation.start(chat)
    found = examined(chat)

    assert the(found["rotation"]) == (Level.AMBER, Fix.SECRET)
    assert found["secret"].level == Level.GREEN  # both versions are accepted


def test_a_gateway_that_needs_no_secret_is_a_warning(chat: ApiGateway) -> None:
    ApiGateway.objects.update(secret_version=0, live_secret_version=0)
    assert the(examined(chat)["secret"]) == (Level.AMBER, Fix.ROTATE)

    ApiGateway.objects.update(secret_version=1, retiring_secret_version=0)
    assert the(examined(chat)["secret"]) == (Level.AMBER, Fix.SECRET)


def test_an_earlier_deployment_on_the_stage_is_a_warning(chat: ApiGateway, aws: Served) -> None:
    first = chat.deployment_id
    assert aws.emulator is not None
    tables = aws.emulator.control.world.tables
    made = tables.get("Deployment", chat.api_id, first)
    assert made is not None
    # AWS's clock has only seconds.
    tables.put("Deployment", (chat.api_id, first), made | {"CreatedDate": made["CreatedDate"] - 60})
    chat.additional_routes.create(name="join", route_key="join", integration_url="https://www.example.com/j")
    provisioning.apply(chat)
    deployments.rollback(chat, first)

    finding = examined(chat)["deployment"]

    assert the(finding) == (Level.AMBER, Fix.HISTORY)
    assert first in finding.why


def test_a_stage_that_serves_nothing_is_said_once(chat: ApiGateway, aws: Served) -> None:
    api, stage = aws.client("apigatewayv2"), {"ApiId": chat.api_id, "StageName": chat.stage_name}
    api.delete_stage(**stage)
    api.create_stage(**stage)

    found = examined(chat)

    assert "deployment" not in found
    assert the(found["applied"]) == (Level.RED, Fix.APPLY)


def test_logs_without_a_role_are_a_problem(chat: ApiGateway, aws: Served) -> None:
    ApiGateway.objects.update(logging_level="INFO")
    assert the(examined(chat)["log_role"]) == (Level.RED, None)

    account, role = aws.client("apigateway"), "arn:aws:iam::123456789012:role/logs"
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    account.update_account(patchOperations=[change])
    assert examined(chat)["log_role"].why == f"API Gateway writes logs as {role}."
    account.update_account(patchOperations=[change | {"value": ""}])
    assert examined(chat)["log_role"].level == Level.RED


@pytest.mark.parametrize(
    ("state", "level", "fix"),
    [("bad", Level.RED, Fix.SETTINGS), ("warn", Level.AMBER, Fix.SETTINGS), ("ok", Level.GREEN, None)],
)
def test_the_target_is_as_bad_as_what_is_found_of_it(
    state: Any, level: Level, fix: Fix | None, chat: ApiGateway, target: list[targets.Finding]
) -> None:
    target.insert(0, targets.Finding(state=state, text="It is so."))

    assert the(examined(chat)["target"]) == (level, fix)


def test_a_target_that_clients_reach_is_no_problem(chat: ApiGateway, target: list[targets.Finding]) -> None:
    target.insert(0, targets.Finding(state="bad", text="It does not answer."))
    chat.sessions.create(connection_id="a=")

    finding = examined(chat)["target"]

    assert the(finding) == (Level.AMBER, Fix.SETTINGS)
    assert finding.why == "It does not answer. But clients connect: AWS reaches it."


def test_without_a_target_there_is_nothing_to_ask(chat: ApiGateway) -> None:
    ApiGateway.objects.update(target_base_endpoint="")
    found = examined(chat)

    assert the(found["target_url"]) == (Level.RED, Fix.SETTINGS)
    assert found.keys().isdisjoint({"target", "applied", "secret"})


def test_a_failed_run_is_a_problem(chat: ApiGateway) -> None:
    ApiGateway.objects.update(api_description="Changed")
    chat.runs.update(state="failed", error_text="AWS said no.")

    assert the(examined(chat)["last_run"]) == (Level.RED, Fix.APPLY)


# AWS that is ill


def test_credentials_that_are_no_good_are_a_problem(chat: ApiGateway, settings: Any) -> None:
    settings.AWS_ACCESS_KEY_ID = "AKIASTRANGER"
    found = examined(chat)

    assert the(found["identity"]) == (Level.RED, Fix.ACCOUNT)
    assert {found[key].level for key in ("applied", "permissions", "log_role")} == {Level.UNKNOWN}


def test_a_profile_that_is_not_there_is_a_problem(chat: ApiGateway, settings: Any) -> None:
    settings.AWS_IAM_PROFILE = "nobody"

    assert the(examined(chat)["identity"]) == (Level.RED, Fix.ACCOUNT)


def test_a_role_that_may_not_be_assumed_is_a_problem(chat: ApiGateway) -> None:
    role = "arn:aws:iam::123456789012:role/unknown"
    chat.account = AwsAccount.objects.create(label="live", role_arn=role)
    chat.save()

    assert the(examined(chat)["identity"]) == (Level.RED, Fix.ACCOUNT)


@pytest.mark.parametrize("effect", ["throttle", "error", "reset"])
def test_aws_that_does_not_answer_is_unknown_with_the_last_known_state(
    effect: str, chat: ApiGateway, aws: Served
) -> None:
    before = examined(chat)
    for service in ("apigateway", "sts", "monitoring", "execute-api"):
        aws.fault(f"{service}:*", effect, times=None)

    found = examined(chat)

    asked = [key for key in found if key not in ("last_run", "target")]
    assert {found[key].level for key in asked} == {Level.UNKNOWN}
    assert before["applied"].why in found["applied"].why
    assert "It was, " in found["identity"].why


def test_aws_that_is_slow_is_unknown_when_the_time_is_over(chat: ApiGateway, aws: Served) -> None:
    aws.fault("sts:*", "delay", seconds=2, times=None)

    found = {each.key: each for each in doctor.of_gateway(chat, budget=0.5)}

    assert found["identity"].level == Level.UNKNOWN
    assert found["identity"].why == "There was no answer in time. Look again in a moment."


@pytest.mark.parametrize(
    ("operation", "level"),
    [("execute-api:GetConnection", Level.RED), ("monitoring:GetMetricData", Level.AMBER)],
)
def test_a_denied_permission_is_named(
    operation: str, level: Level, chat: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def deny(self: Any, name: str, parameters: Any) -> Any:
        if operation == f"{self.meta.service_model.signing_name}:{name}":
            answer: Any = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(answer, name)
        return call(self, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", deny)
    finding = examined(chat)["permissions"]

    assert the(finding) == (level, Fix.POLICY)
    denied = {"execute-api": "execute-api:ManageConnections", "monitoring": "cloudwatch:GetMetricData"}
    assert finding.why == f"AWS denies {denied[operation.partition(':')[0]]}."


def test_a_stage_that_is_gone_is_not_taken_for_a_denied_permission(chat: ApiGateway, aws: Served) -> None:
    aws.client("apigatewayv2").delete_stage(ApiId=chat.api_id, StageName=chat.stage_name)

    found = examined(chat)

    assert found["permissions"].level == found["deployment"].level == Level.UNKNOWN
    assert "Forbidden" in found["permissions"].why
    assert the(found["applied"]) == (Level.RED, Fix.APPLY)


def test_an_api_that_is_somebody_elses_is_a_problem(chat: ApiGateway, aws: Served) -> None:
    arn = f"arn:aws:apigateway:{aws.region}::/apis/{chat.api_id}"
    aws.client("apigatewayv2").untag_resource(ResourceArn=arn, TagKeys=["apigw-ws:uid"])

    found = examined(chat)
    assert (found["applied"].level, found["secret"].level) == (Level.RED, Level.UNKNOWN)


def test_a_record_that_cannot_be_applied_is_a_problem(chat: ApiGateway) -> None:
    chat.additional_routes.create(
        name="twice", route_key="$default", integration_url="https://www.example.com"
    )

    found = examined(chat)["applied"]

    assert found.level == Level.RED
    assert "2 routes with the key “$default”" in found.why


# The domain


@pytest.fixture
def domain(chat: ApiGateway, aws: Served) -> Callable[[str], ApiGateway]:
    """Give the gateway a custom domain with the certificate of this name."""

    def made(certificate: str, name: str = "") -> ApiGateway:
        found = aws.client("acm").list_certificates()["CertificateSummaryList"]
        arn = next(each["CertificateArn"] for each in found if each["DomainName"] == certificate)
        zone = aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"]
        name = name or certificate.replace("*", "doctor")
        ApiGateway.objects.update(domain_name=name, certificate_arn=arn, hosted_zone_id=zone)
        chat.refresh_from_db()
        return chat

    return made


def test_a_certificate_is_good_ends_soon_or_was_never_issued(domain: Callable[..., ApiGateway]) -> None:
    assert examined(domain("*.example.com"))["certificate"].level == Level.GREEN
    soon = examined(domain("chat.example.com"))["certificate"]
    assert the(soon) == (Level.AMBER, Fix.DOMAIN)
    assert "expires on" in soon.why
    pending = examined(domain("pending.example.com"))["certificate"]
    assert the(pending) == (Level.AMBER, Fix.DOMAIN)
    assert "PENDING_VALIDATION" in pending.why
    permissions = examined(domain("*.example.com"))["permissions"]
    assert "acm:ListCertificates, route53:ListResourceRecordSets" in permissions.why


def test_a_certificate_that_nobody_shows_is_unknown(domain: Callable[..., ApiGateway], aws: Served) -> None:
    gateway = domain("*.example.com")
    ApiGateway.objects.update(certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/other")
    assert examined(gateway)["certificate"].why == "AWS shows no certificate of the domain."
    aws.fault("acm:*", "error", status=403, times=None)
    assert "AWS refused ListCertificates" in examined(gateway)["certificate"].why


def test_a_certificate_that_has_expired_is_a_problem() -> None:
    past = timezone.now() - timedelta(days=1)
    held = Certificate(arn="a", names=("a",), status="ISSUED", expires_on=past)
    found = CustomDomain(
        name="a", made=True, target="", leads_here=True, zone_id="", record="", certificate=held
    )

    assert judging.certificate(ApiGateway(), found).level == Level.RED  # type: ignore[union-attr]
    assert judging.certificate(ApiGateway(), None) is None


NAMES = {"ws.example.com": ["192.0.2.1", "192.0.2.2"], "d-1.execute-api.example.com": ["192.0.2.2"]}


@pytest.mark.parametrize(
    ("known", "level", "fix"),
    [
        (NAMES, Level.GREEN, None),
        (NAMES | {"ws.example.com": ["192.0.2.9"]}, Level.AMBER, Fix.DOMAIN),
        (NAMES | {"ws.example.com": []}, Level.RED, Fix.DOMAIN),
        (NAMES | {"d-1.execute-api.example.com": []}, Level.UNKNOWN, None),
        (NAMES | {"ws.example.com": ["no name"]}, Level.RED, Fix.DOMAIN),
        ({}, Level.UNKNOWN, None),
    ],
)
def test_dns_is_compared_with_the_name_that_aws_has_for_the_domain(
    known: dict[str, list[str]],
    level: Level,
    fix: Fix | None,
    chat: ApiGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ApiGateway.objects.update(
        domain_name="ws.example.com",
        api_gateway_domain_name="d-1.execute-api.example.com",
        api_endpoint="wss://a.execute-api.us-east-1.amazonaws.com",
    )
    real = socket.getaddrinfo

    def resolve(name: str, *args: Any, **how: Any) -> Any:
        if not name.endswith("example.com"):
            return real(name, *args, **how)
        if not known.get(name):
            raise socket.gaierror(socket.EAI_NONAME if known else socket.EAI_AGAIN, "not now")
        if known[name] == ["no name"]:
            raise UnicodeError("label too long")
        return [(2, 1, 6, "", (address, 443)) for address in known[name]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    assert the(examined(chat)["dns"]) == (level, fix)


# The project


def project() -> dict[str, Finding]:
    return {finding.key: finding for finding in doctor.of_project()}


def test_what_the_system_checks_say_is_found_where_it_belongs(chat: ApiGateway, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["other.example.net"]
    settings.APIGW_WS = {**settings.APIGW_WS, "ALLOWED_ORIGINS": ["*"]}

    own, everybodys = examined(chat), project()

    assert the(own["apigw_ws.W004"]) == (Level.AMBER, None)
    assert "ALLOWED_HOSTS" in own["apigw_ws.W004"].what_to_do
    assert "apigw_ws.W003" not in own
    assert set(everybodys) == {"apigw_ws.W003", "reaper"}
    settings.APIGW_WS = []
    assert project()["apigw_ws.E001"].level == Level.RED
    settings.SILENCED_SYSTEM_CHECKS = ["apigw_ws.E001"]
    assert "apigw_ws.E001" not in project()


def test_the_reaper_is_found_at_work_or_missed() -> None:
    assert project()["reaper"].level == Level.AMBER
    reaper.tick()
    assert project()["reaper"].level == Level.GREEN
    turn = Chore.objects.filter(name=reaper.NAME)
    turn.update(error_text="OperationalError: gone")
    assert project()["reaper"].level == Level.AMBER
    assert "failed: OperationalError: gone." in project()["reaper"].why
    turn.update(started_on=timezone.now() - timedelta(hours=1))
    assert project()["reaper"].level == Level.RED


# The command


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = 0
    try:
        call_command("ws_doctor", *arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, capsys.readouterr().out


def test_the_command_prints_a_line_for_each_finding(
    chat: ApiGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys)

    assert code == 0  # the reaper has never run, which is a warning
    assert len(out.splitlines()) == 10
    assert "amber   Reaper: It has never run" in out
    assert "green   chat: Secret on the integrations: Every integration" in out
    assert run(capsys, "--fail-level", "amber")[0] == 2
    assert run(capsys, "--fail-level", "amber", "--gateway", "chat")[0] == 0


def test_the_command_takes_a_name_or_a_primary_key_and_prints_json(
    chat: ApiGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    ApiGateway.objects.update(target_base_endpoint="")
    code, out = run(capsys, "--gateway", str(chat.pk), "--json")

    found = json.loads(out)
    assert code == 2
    assert found[0] == {
        "gateway": "chat",
        "key": "target_url",
        "title": "Target URL",
        "level": "red",
        "why": "The gateway has no target URL: there is nothing to call.",
        "what_to_do": "Enter where your view is.",
        "fix": "settings",
    }
    numbered = new_gateway(api_name=str(chat.pk), api_id="")
    assert {
        each["gateway"] for each in json.loads(run(capsys, "--gateway", numbered.api_name, "--json")[1])
    } == {numbered.api_name}


def test_a_gateway_that_is_not_there_is_a_sentence(chat: ApiGateway) -> None:
    with pytest.raises(CommandError, match=rf"no gateway nobody. There are: {chat.pk} \(chat\)\."):
        call_command("ws_doctor", "--gateway", "nobody")
    with pytest.raises(CommandError, match="no gateway 999"):
        call_command("ws_doctor", "--gateway", "999")
