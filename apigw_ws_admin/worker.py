"""Handing a gateway to the worker that applies its plan, and what has become of it since."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apigw_ws.models import ApiGateway
from apigw_ws.services import runs
from apigw_ws.tasks import apply_gateway

logger = logging.getLogger(__name__)

#: Where the session keeps the task of each gateway that this person has handed over: primary key -> task ID.
SESSION_KEY = "apigw_ws_tasks"


def hand_over(
    request: HttpRequest, gateway: ApiGateway, seen: str | None = None, *, announce: bool = True
) -> None:
    """Have the plan applied, only the one ``seen`` if given, and tell the person what they can expect.

    Without ``announce`` only what went wrong is told: the next page shows the rest.
    """
    if run := runs.active(gateway):
        messages.warning(request, _("Not applied: %s") % runs.in_progress(run))
        return
    try:
        task = apply_gateway.enqueue(gateway.pk, request.user.pk, seen, request.META.get("REMOTE_ADDR"))
    except Exception:  # each task backend fails in its own way when its broker does not answer
        logger.exception("The gateway %s could not be handed to the worker.", gateway.pk)
        messages.error(
            request,
            _("“%s” was not applied: the worker's queue does not answer. Start it, then apply to AWS again.")
            % gateway,
        )
        return
    request.session[SESSION_KEY] = request.session.get(SESSION_KEY, {}) | {str(gateway.pk): task.id}
    if not announce:
        return
    messages.success(
        request,
        format_html(
            '{} <a class="font-semibold underline" href="{}">{}</a>',
            _("“%s” is being applied to AWS.") % gateway,
            _where_to_look(request, gateway),
            _("Follow the run"),
        ),
    )


def task_of(request: HttpRequest, gateway: ApiGateway) -> Any:
    """The task that this person has started for the gateway last; None if there is none, or none is known."""
    task_id = request.session.get(SESSION_KEY, {}).get(str(gateway.pk))
    if task_id is not None and apply_gateway.get_backend().supports_get_result:
        with suppress(Exception):  # it was forgotten, or the broker does not answer
            return apply_gateway.get_result(task_id)
    return None


def _where_to_look(request: HttpRequest, gateway: ApiGateway) -> str:
    if request.user.has_perm("apigw_ws.view_run"):
        return reverse("admin:apigw_ws_run_changelist", query={"gateway__id__exact": gateway.pk})
    return reverse("admin:apigw_ws_apigateway_change", args=[gateway.pk])
