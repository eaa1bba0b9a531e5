from __future__ import annotations

from apigw_ws.models.access import (
    ChannelPermission,
    ChannelPermissionRule,
    ChannelVerb,
    Refusal,
    WebSocketToken,
)
from apigw_ws.models.accounts import AwsAccount
from apigw_ws.models.acts import Act, ActOutcome
from apigw_ws.models.audit import AuditEvent
from apigw_ws.models.bans import Ban
from apigw_ws.models.broadcasts import Broadcast, BroadcastTemplate
from apigw_ws.models.channels import Channel, ChannelMembership
from apigw_ws.models.chores import Chore
from apigw_ws.models.deployments import DeployedSnapshot
from apigw_ws.models.dismissals import Dismissal
from apigw_ws.models.frames import SavedFrame
from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.ledger import BroadcastRecipient, BroadcastSample, BroadcastShard
from apigw_ws.models.rollups import Rollup
from apigw_ws.models.routes import ApiGatewayAdditionalRoute
from apigw_ws.models.runs import Run, Step
from apigw_ws.models.sessions import SessionState, WebSocketSession
from apigw_ws.models.sightings import Sighting
from apigw_ws.models.traces import Trace, TraceEntry, TraceState
from apigw_ws.models.validators import is_channel_name

__all__ = [
    "Act",
    "ActOutcome",
    "ApiGateway",
    "ApiGatewayAdditionalRoute",
    "AuditEvent",
    "AwsAccount",
    "Ban",
    "Broadcast",
    "BroadcastRecipient",
    "BroadcastSample",
    "BroadcastShard",
    "BroadcastTemplate",
    "Channel",
    "ChannelMembership",
    "ChannelPermission",
    "ChannelPermissionRule",
    "ChannelVerb",
    "Chore",
    "DeployedSnapshot",
    "Dismissal",
    "Refusal",
    "Rollup",
    "Run",
    "SavedFrame",
    "SessionState",
    "Sighting",
    "Step",
    "Trace",
    "TraceEntry",
    "TraceState",
    "WebSocketSession",
    "WebSocketToken",
    "is_channel_name",
]
