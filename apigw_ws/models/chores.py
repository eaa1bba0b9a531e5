from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Chore(models.Model):
    """Recurring work, done by whichever process comes first, and how its last turn went."""

    name = models.CharField(_("name"), max_length=32, unique=True)
    started_on = models.DateTimeField(_("started"), null=True, blank=True)
    finished_on = models.DateTimeField(_("finished"), null=True, blank=True)
    #: Until then nobody else begins; afterwards whoever holds it counts as dead.
    held_until = models.DateTimeField(null=True, blank=True, editable=False)
    report = models.JSONField(_("report"), default=dict, blank=True)
    error_text = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("chore")
        verbose_name_plural = _("chores")

    def __str__(self) -> str:
        return self.name
