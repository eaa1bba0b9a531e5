"""Carries out an act once its form is valid."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final, cast

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from apigw_ws.models import Act
from apigw_ws.services import acts, bans, endpoints, transactions
from apigw_ws.services.bannable import Bannable
from apigw_ws.tasks import run_act
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.screens.acting.forms import ActForm
from apigw_ws_admin.screens.acting.kinds import Kind
from apigw_ws_admin.sites import reverse

logger = logging.getLogger(__name__)

#: Seconds that AWS may take for one answer while somebody waits.
HURRY: Final = 2

CHANGELIST: Final = "admin:apigw_ws_websocketsession_changelist"


def do(request: HttpRequest, kind: Kind, form: ActForm, back: str = "") -> str:
    """Act on a few at once, or let the worker act on many; return the URL that shows the outcomes."""
    act, is_new = _begin(request, kind, form)
    if is_new and form.chosen.is_a_handful:
        with endpoints.quickly(HURRY):
            acts.run(act)
    elif is_new:
        hand_over(request, act)
    return url_of(act, back)


def hand_over(request: HttpRequest, act: Act) -> None:
    """Let the worker do it. If the queue does not answer, tell the user what to do."""
    try:
        run_act.enqueue(act.pk)
    except Exception:  # each task backend fails in its own way when its broker does not answer
        logger.exception("The act %s could not be handed to the worker.", act.pk)
        messages.error(
            request,
            _("Nothing is being done: the worker's queue does not answer. Start it, then go on here."),
        )


def url_of(act: Act, back: str = "") -> str:
    url = reverse("admin:apigw_ws_websocketsession_acted", args=[act.uid])
    return f"{url}?{urlencode({'back': back})}" if back else url


def way_back(request: HttpRequest, url: str) -> str:
    """Return the URL if it is one of ours, else that of the list."""
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else reverse(CHANGELIST)


def _begin(request: HttpRequest, kind: Kind, form: ActForm) -> tuple[Act, bool]:
    """Store the act and its bans in one transaction."""
    what, chosen = form.what, form.chosen
    offer: Bannable | None = what.pop("whom", None)
    minutes: int = what.pop("minutes", 0)
    by, ip = cast(AbstractBaseUser, request.user), address_of(request)
    with transactions.atomic():
        act, is_new = acts.begin(
            form.cleaned_data["uid"], kind.deed, chosen.rows, what, audience=chosen.name, by=by, ip=ip
        )
        if is_new and offer:
            act.what["bans"] = [_ban(ban, minutes, act) for ban in offer.bans]
            act.save(update_fields=["what"])
    return act, is_new


def _ban(ban: Any, minutes: int, act: Act) -> int:
    """Make the ban. The act disconnects its own sessions, and at its end all others that the ban hits."""
    ban.reason = act.what["reason"]
    ban.expires_on = timezone.now() + timedelta(minutes=minutes) if minutes else None
    made = bans.make(ban, by=act.by, ip=act.ip_address, closing=False)
    return made.ban.pk
