"""Judges what AWS holds of a gateway."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apigw_ws.aws.spec import digest
from apigw_ws.models import ApiGateway
from apigw_ws.services import health, secrets, targets
from apigw_ws.services.doctor.findings import Fix, Verdict, amber, green, red, unknown
from apigw_ws.services.doctor.looks import Permissions, Resolved, Served, Stranger
from apigw_ws.services.domains import CustomDomain
from apigw_ws.services.health import State
from apigw_ws.services.lookups import Identity
from apigw_ws.services.observation import Observation

#: Without these actions a gateway can be neither read nor sent to.
VITAL: Final = frozenset({"apigateway:GET", "execute-api:ManageConnections"})
#: A connect within this proves that AWS reaches the target.
LATELY: Final = timedelta(minutes=10)


def last_run(gateway: ApiGateway) -> Verdict:
    (healthy,) = health.of([gateway])
    if healthy.state == State.FAILING:
        return red(healthy.reason, _("Remove the cause, then apply the gateway again."), Fix.APPLY)
    return green(_("No run has left AWS half way."))


def identity(gateway: ApiGateway, found: Identity | Stranger) -> Verdict:
    if isinstance(found, Stranger):
        return red(found.reason, _("Nothing can be read or sent until AWS lets Django in."), Fix.ACCOUNT)
    return green(
        _("AWS knows us as %(arn)s, in %(region)s.") % {"arn": found.caller.arn, "region": found.region}
    )


def permissions(gateway: ApiGateway, found: Permissions) -> Verdict:
    if not found.denied:
        return green(
            _("AWS allows %(actions)s. What changes something was not tried.")
            % {"actions": ", ".join(found.allowed)}
        )
    judge = amber if VITAL.isdisjoint(found.denied) else red
    return judge(
        _("AWS denies %(actions)s.") % {"actions": ", ".join(found.denied)},
        _("Give the user or role of Django the IAM policy of this gateway."),
        Fix.POLICY,
    )


def target(gateway: ApiGateway, found: list[targets.Finding]) -> Verdict:
    said = {each.state: each.text for each in found}
    remedy = _("API Gateway calls this URL for every event. This server was asked to reach it, not AWS.")
    if "bad" not in said:
        return amber(said["warn"], remedy, Fix.SETTINGS) if "warn" in said else green(found[-1].text)
    if gateway.sessions.filter(created_on__gt=timezone.now() - LATELY).exists():
        heard = _("%(why)s But clients connect: AWS reaches it.") % {"why": said["bad"]}
        return amber(heard, remedy, Fix.SETTINGS)
    return red(said["bad"], remedy, Fix.SETTINGS)


def applied(gateway: ApiGateway, found: Observation) -> Verdict:
    if not found.deployment_id:
        return red(_("Nothing is deployed: no client can connect."), _("Apply it to AWS."), Fix.APPLY)
    if not found.pending:
        return green(_("AWS has what the record says."))
    number = len(found.pending)
    why = ngettext(
        "AWS differs from the record: %(number)d operation, first “%(first)s”",
        "AWS differs from the record: %(number)d operations, first “%(first)s”",
        number,
    )
    return amber(
        why % {"number": number, "first": found.pending[0].sentence},
        _("Review the plan and apply it, or take AWS's side under “Drift”."),
        Fix.APPLY,
    )


def secret(gateway: ApiGateway, found: Observation) -> Verdict:
    """Judge whether Django would accept the events of every route of ours in AWS."""
    if not secrets.needed(gateway):
        return amber(
            _("Calls that prove nothing are taken: anybody who knows the URL can send events."),
            _("Rotate the secret: its first version turns the check on."),
            Fix.SECRET if gateway.retiring_secret_version is not None else Fix.ROTATE,
        )
    accepted = {digest(value) for _version, value in secrets.accepted(gateway)}
    refused = [key for key, facts in found.routes.items() if facts["secret"] not in accepted]
    if refused:
        return red(
            _("Django refuses every event of %(routes)s: they bring another secret, or none.")
            % {"routes": ", ".join(refused)},
            _("Apply the gateway: that writes the secret into every integration."),
            Fix.APPLY,
        )
    return green(_("Every integration brings a secret that Django accepts (%d).") % len(found.routes))


def rotation(gateway: ApiGateway) -> Verdict | None:
    if gateway.retiring_secret_version is None:
        return None
    versions = {"old": gateway.retiring_secret_version, "new": gateway.secret_version}
    return amber(
        _("The rotation from version %(old)d to %(new)d is not finished: both are accepted.") % versions,
        _("Go on with it on the page “Security”."),
        Fix.SECRET,
    )


def deployment(gateway: ApiGateway, found: Served | None) -> Verdict | None:
    if found is None:
        return None  # another finding says that nothing is deployed
    if found.live.created_on == found.newest.created_on:
        return green(_("The stage serves the newest deployment, %(id)s.") % {"id": found.live.id})
    when = date_format(timezone.localtime(found.live.created_on), "DATETIME_FORMAT")
    return amber(
        _("The stage serves the deployment %(id)s of %(when)s, and there are newer ones.")
        % {"id": found.live.id, "when": when},
        _("Where it was not rolled back on purpose, apply the gateway, or choose a deployment."),
        Fix.HISTORY,
    )


def log_role(gateway: ApiGateway, found: str) -> Verdict:
    if found:
        return green(_("API Gateway writes logs as %(role)s.") % {"role": found})
    if gateway.logging_level in ("", "OFF") and not gateway.access_log_destination_arn:
        return green(_("The account has no role for logs, and the gateway wants none."))
    return red(
        _("The gateway wants logs, and the account has no role for API Gateway to write them."),
        _("In AWS's console, API Gateway, Settings: enter a CloudWatch log role. It holds for the region."),
    )


def certificate(gateway: ApiGateway, found: CustomDomain | None) -> Verdict | None:
    if found is None:
        return None
    if found.certificate is None:
        why = str(found.certificate_problem or _("AWS shows no certificate of the domain."))
        return unknown(why, _("Look at the domain's page."))
    ends, remedy = found.certificate.expires_on, _("Have ACM issue another, and choose it in the settings.")
    if not found.certificate.issued or ends is None:
        why = _("The certificate is not issued: %(status)s.") % {"status": found.certificate.status}
        return amber(why, remedy, Fix.DOMAIN)
    day = date_format(timezone.localtime(ends), "DATE_FORMAT")
    if ends < timezone.now():
        why = _("The certificate has expired on %(day)s: no client can connect to the domain.")
        return red(why % {"day": day}, remedy, Fix.DOMAIN)
    if found.expires_soon:
        return amber(_("The certificate expires on %(day)s.") % {"day": day}, remedy, Fix.DOMAIN)
    return green(_("The certificate is good until %(day)s.") % {"day": day})


def dns(gateway: ApiGateway, found: Resolved) -> Verdict:
    names = {"domain": gateway.domain_name, "target": gateway.api_gateway_domain_name}
    point = _("Point %(domain)s at %(target)s, by an alias or a CNAME record.") % names
    if not found.target:
        # This server may be unable to resolve any name.
        return unknown(_("%(target)s, the domain's name at AWS, does not resolve on this server.") % names)
    if not found.domain:
        return red(_("No DNS record leads anywhere with %(domain)s.") % names, point, Fix.DOMAIN)
    if set(found.domain).isdisjoint(found.target):
        why = _("%(domain)s leads to other addresses than %(target)s. A proxy in between does that too.")
        return amber(why % names, point, Fix.DOMAIN)
    return green(_("%(domain)s leads to the gateway.") % names)
