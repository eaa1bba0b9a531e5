"""Ends broadcasts, and explains how they ended."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.models import Broadcast
from apigw_ws.services.broadcasts import jobs
from apigw_ws.services.broadcasts.ledger import CLOSED, UNKNOWN

State = Broadcast.State

#: What a code of AWS, botocore, HTTP or ours means, and what to do.
_MEANINGS: Final = {
    CLOSED: gettext_lazy("It had disconnected before it was its turn. Nothing to do."),
    UNKNOWN: gettext_lazy(
        "We have no session of this connection, so its gateway is not known. Name it, and send again."
    ),
    "GoneException": gettext_lazy("AWS no longer knows the connection: the client has left. Nothing to do."),
    "ForbiddenException": gettext_lazy(
        "AWS does not let these credentials send. Allow them execute-api:ManageConnections on the API "
        "(ws_iam_policy prints the policy), and see that the server's clock is right; then retry."
    ),
    "LimitExceededException": gettext_lazy(
        "AWS limited the rate, or the client reads too slowly. Retry, with a lower rate."
    ),
    "PayloadTooLargeException": gettext_lazy("The message is over AWS's 128 KB. Send it in parts."),
    "BadRequestException": gettext_lazy("AWS says that this is no connection ID. See where it comes from."),
    "cancelled": gettext_lazy("It was cancelled before it was their turn. Retry to send it to them."),
    "NotProvisioned": gettext_lazy("The gateway is not deployed in AWS. Apply its plan, then retry."),
    "ConfigurationError": gettext_lazy("A setting is missing or wrong. Correct it, then retry."),
    "NoCredentialsError": gettext_lazy(
        "There are no AWS credentials. Give the servers of Django and its worker some, then retry."
    ),
}
_SAME: Final = {
    **dict.fromkeys(("403", "forbidden"), "ForbiddenException"),
    **dict.fromkeys(("410", "gone"), "GoneException"),
    **dict.fromkeys(("413", "too_large"), "PayloadTooLargeException"),
}
_THROTTLED: Final = {
    "429",
    "throttled",
    "ThrottlingException",
    "TooManyRequestsException",
    "LimitExceededException",
}
_BROKEN: Final = {"InternalFailure", "InternalServerErrorException", "ServiceUnavailableException"}


def explain(code: str, result: str = "") -> str:
    """Return what a code, or else its result, means and what to do about it."""
    known = next(filter(None, map(_meaning, (code, result))), None)
    if known:
        return str(known)
    if code.isdecimal() or code in _BROKEN:
        return _("AWS itself failed, each time it was asked. Look at its health, then retry.")
    return _("AWS did not answer. See that this server reaches it, then retry.")


def _meaning(code: str) -> object:
    if code in _THROTTLED:
        return _MEANINGS["LimitExceededException"]
    if "Forbidden" in code or "AccessDenied" in code or "Signature" in code or "Token" in code:
        return _MEANINGS["ForbiddenException"]
    return _MEANINGS.get(_SAME.get(code, code))


def gave_up(code: str, said: str) -> str:
    """Return why a broadcast has paused itself."""
    return _(
        "It paused: AWS took no message for a while (%(code)s). Those who have not got it are kept. Resume "
        "it when this is over."
    ) % {"code": f"{code}: {said}" if said else code}


def end(broadcast: Broadcast) -> bool:
    """End the broadcast if everybody had their turn; return whether it is over."""
    broadcast.refresh_from_db()
    if broadcast.state not in (State.SENDING, State.CANCELLING):
        return broadcast.is_over
    if broadcast.shards.filter(is_done=False).exists():
        return False
    broadcast.refresh_from_db()
    is_cancelled = broadcast.state == State.CANCELLING
    problem = "" if is_cancelled else _problem(broadcast)
    state = State.CANCELLED if is_cancelled else State.FAILED if _is_failed(broadcast) else State.DONE
    values = {"finished_on": timezone.now(), "error_text": problem}
    jobs.move(broadcast, (State(broadcast.state),), state, **values)
    return broadcast.is_over


def _is_failed(broadcast: Broadcast) -> bool:
    """Nobody who could have got it did."""
    return not broadcast.sent and broadcast.not_reached > 0


def _problem(broadcast: Broadcast) -> str:
    if not broadcast.total:
        return _("Nobody was there to get it.")
    if not broadcast.not_reached:
        return "" if broadcast.sent else _("Nobody was there any more: all had disconnected.")
    first = broadcast.recipients.exclude(result="gone").order_by("pk").first()
    return explain(first.code, first.result) if first else ""
