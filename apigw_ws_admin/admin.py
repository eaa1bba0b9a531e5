"""The console's only registrations. What a page shows is in ``screens``."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from apigw_ws.models import (
    ApiGateway,
    AuditEvent,
    AwsAccount,
    Ban,
    ChannelPermission,
    Refusal,
    Run,
    WebSocketSession,
    WebSocketToken,
)
from apigw_ws_admin.screens.accounts import AwsAccountAdmin
from apigw_ws_admin.screens.adopting import Adopting
from apigw_ws_admin.screens.applying import Applying
from apigw_ws_admin.screens.audit import AuditEventAdmin
from apigw_ws_admin.screens.bans import BanAdmin
from apigw_ws_admin.screens.channels import ChannelPermissionAdmin
from apigw_ws_admin.screens.deployment import DeploymentPanel
from apigw_ws_admin.screens.disconnecting import Disconnecting
from apigw_ws_admin.screens.doctor import Doctor
from apigw_ws_admin.screens.domain import Domain
from apigw_ws_admin.screens.drift import Drift
from apigw_ws_admin.screens.gateways import GatewayList
from apigw_ws_admin.screens.history import History
from apigw_ws_admin.screens.monitoring.views import Monitoring
from apigw_ws_admin.screens.overview import Overview
from apigw_ws_admin.screens.records import RunAdmin, WebSocketTokenAdmin
from apigw_ws_admin.screens.refusals import RefusalAdmin
from apigw_ws_admin.screens.routes import Routes
from apigw_ws_admin.screens.security import Security
from apigw_ws_admin.screens.sessions import WebSocketSessionAdmin
from apigw_ws_admin.screens.settings import GatewaySettings
from apigw_ws_admin.screens.syncing import Syncing
from apigw_ws_admin.screens.teardown import Teardown
from apigw_ws_admin.screens.wizard.mixin import GatewayWizardMixin


class GatewayAdmin(
    GatewayWizardMixin,
    Adopting,
    Applying,
    Overview,
    DeploymentPanel,
    History,
    Drift,
    Domain,
    Doctor,
    Security,
    Monitoring,
    Teardown,
    Syncing,
    Routes,
    GatewaySettings,
    GatewayList,
):
    """Screens know nothing of each other; here they meet."""

    actions_list = ("wizard", "adopt")
    actions_detail = (
        *Applying.actions_detail,
        {
            "title": gettext_lazy("More"),
            "icon": "more_horiz",
            "items": ["watch", "teardown"],
        },
    )


class SessionAdmin(Disconnecting, WebSocketSessionAdmin):
    """The list of sessions, and what is done to them."""

    actions_row = ("disconnect",)


admin.site.register(ApiGateway, GatewayAdmin)
admin.site.register(AwsAccount, AwsAccountAdmin)
admin.site.register(ChannelPermission, ChannelPermissionAdmin)
admin.site.register(WebSocketSession, SessionAdmin)
admin.site.register(Run, RunAdmin)
admin.site.register(AuditEvent, AuditEventAdmin)
admin.site.register(Refusal, RefusalAdmin)
admin.site.register(Ban, BanAdmin)
admin.site.register(WebSocketToken, WebSocketTokenAdmin)
