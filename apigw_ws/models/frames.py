from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway


class SavedFrame(models.Model):
    """A message for test connections, saved for everybody who tests; for one gateway or for all."""

    name = models.CharField(_("name"), max_length=64)
    gateway = models.ForeignKey(
        ApiGateway,
        verbose_name=_("gateway"),
        on_delete=models.CASCADE,
        related_name="saved_frames",
        null=True,
        blank=True,
    )
    payload = models.TextField(_("text"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
    )
    saved_on = models.DateTimeField(_("saved"), auto_now=True)

    class Meta:
        verbose_name = _("saved frame")
        verbose_name_plural = _("saved frames")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "name"], name="apigw_ws_frame_of_gateway"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(gateway=None), name="apigw_ws_frame_of_all"
            ),
        ]

    def __str__(self) -> str:
        return self.name
