"""AWS accounts: whether we get in, and as whom."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import endpoints, lookups
from apigw_ws.services.lookups import Identity

#: Seconds that AWS may take for one answer.
BUDGET: Final = 2


def check(account: AwsAccount) -> Identity:
    """As whom AWS knows us there; the account's ID and the time are remembered.

    Raises AwsError, ConfigurationError; what was remembered stays then.
    """
    with endpoints.quickly(BUDGET):
        identity = lookups.identity(ApiGateway(account=account))
    account.account_id, account.seen_on = identity.caller.account, timezone.now()
    AwsAccount.objects.filter(pk=account.pk).update(account_id=account.account_id, seen_on=account.seen_on)
    return identity
