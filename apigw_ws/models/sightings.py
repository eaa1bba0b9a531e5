from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway


class Sighting(models.Model):
    """What AWS held of a gateway when the upkeep looked last. It holds no secret.

    A row, so that every process knows it, and after a restart, too. It is none of the gateway's own fields:
    that nobody has changed the gateway since is told by ``updated_on``.
    """

    gateway = models.OneToOneField(
        ApiGateway,
        verbose_name=_("gateway"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="sighting",
    )
    #: When the upkeep began to look, whatever came of it.
    tried_on = models.DateTimeField(null=True, blank=True, editable=False)
    #: Why it saw nothing that time, in a sentence.
    problem = models.TextField(blank=True, default="", editable=False)
    #: When the gateway was seen, and its ``services.observation.Observation`` then.
    seen_on = models.DateTimeField(null=True, blank=True, editable=False)
    observation = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    #: Of how many operations the plan was then: lists of gateways need no more of the observation.
    pending = models.PositiveIntegerField(null=True, blank=True, editable=False)
    #: When its custom domain was seen, which it was, and until when its certificate is good.
    domain_seen_on = models.DateTimeField(null=True, blank=True, editable=False)
    domain_name = models.CharField(max_length=255, blank=True, default="", editable=False)
    certificate_ends_on = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.gateway_id)
