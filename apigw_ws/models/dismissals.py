from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Dismissal(models.Model):
    """A card of the console that a user has dismissed, on all of their machines."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+"
    )
    card = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("dismissal")
        verbose_name_plural = _("dismissals")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "card"], name="apigw_ws_dismissal_of_user"),
        ]

    def __str__(self) -> str:
        return self.card
