from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.timezone import template_localtime  # type: ignore[attr-defined,unused-ignore]
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway


class Run(models.Model):
    """One execution of a gateway's plan."""

    class Kind(models.TextChoices):
        APPLY = "apply", _("Apply")
        ROLLBACK = "rollback", _("Roll back")
        TEARDOWN = "teardown", _("Tear down")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        #: Its process died; the next run finishes the work.
        INTERRUPTED = "interrupted", _("Interrupted")

    gateway = models.ForeignKey(
        ApiGateway, verbose_name=_("gateway"), on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.APPLY)
    #: The deployment that a rollback goes to.
    deployment_id = models.CharField(_("deployment ID"), max_length=32, blank=True, default="")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("started by"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    planned = models.PositiveIntegerField(_("operations planned"), default=0)
    started_on = models.DateTimeField(_("started"), auto_now_add=True)
    #: Updated with every step, to tell a run whose process died from one that waits.
    heartbeat_on = models.DateTimeField(_("last sign of life"), auto_now_add=True)
    #: AWS limits the rate or is not ready; the run goes on by itself at that time.
    waiting_until = models.DateTimeField(_("waiting for AWS until"), null=True, blank=True)
    finished_on = models.DateTimeField(_("finished"), null=True, blank=True)
    error_code = models.CharField(_("AWS error code"), max_length=128, blank=True, default="")
    error_text = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-started_on"]
        indexes = [
            models.Index(fields=["started_on"], name="apigw_ws_runs_by_time"),
            models.Index(fields=["gateway", "started_on"], name="apigw_ws_runs_by_gateway"),
            models.Index(fields=["started_by", "started_on"], name="apigw_ws_runs_by_user"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway"],
                condition=models.Q(finished_on__isnull=True),
                name="apigw_ws_one_active_run_per_gateway",
            )
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {template_localtime(self.started_on):%Y-%m-%d %H:%M:%S}"


class Step(models.Model):
    """One executed operation of a run; without ``finished_on`` it failed."""

    run = models.ForeignKey(Run, verbose_name=_("run"), on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField(_("position"))
    operation = models.CharField(_("operation"), max_length=64)
    description = models.CharField(_("description"), max_length=512)
    #: Of the route that it is about; empty for other operations.
    route_key = models.CharField(_("route key"), max_length=128, blank=True, default="")
    started_on = models.DateTimeField(_("started"))
    finished_on = models.DateTimeField(_("finished"), null=True, blank=True)
    #: One for each call of the operation, separated by spaces.
    request_ids = models.CharField(_("AWS request IDs"), max_length=512, blank=True, default="")
    error_code = models.CharField(_("AWS error code"), max_length=128, blank=True, default="")
    error_text = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="apigw_ws_step_position_once")
        ]

    def __str__(self) -> str:
        return self.description
