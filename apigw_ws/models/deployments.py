from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.runs import Run


class DeployedSnapshot(models.Model):
    """What one of our deployments made live, because AWS does not say. Holds no secret."""

    gateway = models.ForeignKey(
        ApiGateway, verbose_name=_("gateway"), on_delete=models.CASCADE, related_name="deployed_snapshots"
    )
    deployment_id = models.CharField(_("deployment ID"), max_length=32)
    #: The digest of the spec, which the deployment's description repeats.
    digest = models.CharField(_("digest"), max_length=64)
    #: Route key -> {"url", "method", "timeout" (milliseconds), "two_way", and digests: "headers", "secret"}.
    routes = models.JSONField(_("routes"))
    #: The version of the secret that its integrations send.
    secret_version = models.PositiveSmallIntegerField(_("secret version"))
    run = models.ForeignKey(
        Run, verbose_name=_("run"), on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    deployed_on = models.DateTimeField(_("deployed"), auto_now_add=True)

    class Meta:
        verbose_name = _("deployed snapshot")
        verbose_name_plural = _("deployed snapshots")
        ordering = ["-deployed_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "deployment_id"], name="apigw_ws_deployment_once_per_gateway"
            )
        ]

    def __str__(self) -> str:
        return self.deployment_id
