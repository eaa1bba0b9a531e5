from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


def _number() -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(default=0, editable=False)


class Rollup(models.Model):
    """What happened at one gateway, or at all together, within a minute. Minutes without events have no row.

    There are no foreign keys, so that rows outlive their gateway. See ``services.rollups``.
    """

    #: Stands for all gateways together, unknown ones included, so that a chart reads one row a minute.
    ALL: Final = 0
    #: Upper bounds of the histogram of handler times, in milliseconds; one more step is open.
    STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
    #: The fields that count the steps.
    TOOK: Final = (*(f"took_{step}" for step in STEPS), "took_more")

    #: Minutes since 1970.
    minute = models.PositiveIntegerField(_("minute"))
    #: Primary key, or ``ALL``.
    gateway = models.PositiveBigIntegerField(_("gateway"), default=ALL)
    connects = _number()
    disconnects = _number()
    messages_in = _number()
    messages_out = _number()
    refusals = _number()
    send_failures = _number()
    handler_failures = _number()
    #: Live sessions when last counted within the minute; None if they were not.
    live = models.PositiveIntegerField(_("live sessions"), null=True)
    took_1 = _number()
    took_2 = _number()
    took_5 = _number()
    took_10 = _number()
    took_20 = _number()
    took_50 = _number()
    took_100 = _number()
    took_200 = _number()
    took_500 = _number()
    took_1000 = _number()
    took_2000 = _number()
    took_5000 = _number()
    took_10000 = _number()
    took_more = _number()

    class Meta:
        verbose_name = _("rollup")
        verbose_name_plural = _("rollups")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["minute", "gateway"], name="apigw_ws_one_rollup_of_a_minute")
        ]
        # Charts read one row a minute, however many gateways there are.
        indexes = [
            models.Index(fields=["minute"], name="apigw_ws_rollup_of_all", condition=models.Q(gateway=0))
        ]

    def __str__(self) -> str:
        return f"{self.gateway}: {self.minute}"
