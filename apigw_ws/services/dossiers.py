"""What is known of a channel, or of a user, for a page about it; in a few queries, however much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from apigw_ws.models import ApiGateway, Ban, Channel
from apigw_ws.services import rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDossier:
    name: str
    #: As it was counted last; of a channel that nobody was in, zeros.
    figures: Channel
    gateways: Sequence[ApiGateway]
    #: The channel permission that decides; None: ALLOW_UNLISTED_CHANNELS does.
    entry: rules.Entry | None
    #: In force, and about this channel, by its name or by a pattern.
    bans: Sequence[Ban]


def of_channel(name: str) -> ChannelDossier:
    counted = Channel.objects.filter(name=name).first() or Channel(name=name)
    bans = Ban.objects.active().exclude(channel_name="").select_related("user", "created_by")
    return ChannelDossier(
        name=name,
        figures=counted,
        gateways=list(ApiGateway.objects.filter(pk__in=counted.gateways)) if counted.gateways else (),
        entry=rules.entry_for(name),
        bans=[ban for ban in bans if fnmatchcase(name, ban.channel_name)],
    )
