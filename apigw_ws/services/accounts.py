"""Checks whether Django gets into an AWS account, and as whom."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import endpoints, lookups
from apigw_ws.services.lookups import Identity

#: Seconds that AWS may take for one answer.
BUDGET: Final = 2


def check(account: AwsAccount) -> Identity:
    """Return the identity that AWS sees, and remember the account's ID and the time.

    Raises AwsError, ConfigurationError; what was remembered then stays.
    """
    with endpoints.quickly(BUDGET):
        identity = lookups.identity(ApiGateway(account=account))
    account.account_id, account.seen_on = identity.caller.account, timezone.now()
    AwsAccount.objects.filter(pk=account.pk).update(account_id=account.account_id, seen_on=account.seen_on)
    return identity


def trust_policy(account: AwsAccount) -> dict[str, Any]:
    """Return the trust policy with which the account's role lets Django in, ready to paste.

    It names the AWS account that Django's credentials are of, whose own policies say which of its users and
    roles may assume others. Raises AwsError, ConfigurationError.
    """
    without_role = AwsAccount(
        profile=account.profile, default_region=account.default_region, endpoint_url=account.endpoint_url
    )
    with endpoints.quickly(BUDGET):
        caller = lookups.identity(ApiGateway(account=without_role)).caller
    partition = caller.arn.split(":")[1]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{caller.account}:root"},
        "Action": "sts:AssumeRole",
    }
    if account.external_id:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": account.external_id}}
    return {"Version": "2012-10-17", "Statement": [statement]}
