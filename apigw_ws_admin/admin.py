"""The console's only registrations. What a page shows is in ``screens``."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy

from apigw_ws.models import (
    ApiGateway,
    AuditEvent,
    AwsAccount,
    Ban,
    Broadcast,
    BroadcastRecipient,
    BroadcastTemplate,
    Channel,
    ChannelPermission,
    Refusal,
    Run,
    Trace,
    WebSocketSession,
    WebSocketToken,
)
from apigw_ws_admin.resources.bans import BanTransfer
from apigw_ws_admin.resources.channels import ChannelTransfer
from apigw_ws_admin.resources.gateways import GatewayTransfer
from apigw_ws_admin.resources.records import (
    AUDIT_EVENTS,
    BROADCASTS,
    RECIPIENTS,
    REFUSALS,
    RUNS,
    SESSIONS,
)
from apigw_ws_admin.resources.templates import TemplateTransfer
from apigw_ws_admin.screens.accounts import AwsAccountAdmin
from apigw_ws_admin.screens.acting import Acting, DisconnectsHere
from apigw_ws_admin.screens.activity import Activity
from apigw_ws_admin.screens.adopting import Adopting
from apigw_ws_admin.screens.applying import Applying
from apigw_ws_admin.screens.audit import AuditEventAdmin
from apigw_ws_admin.screens.bans import BanAdmin
from apigw_ws_admin.screens.broadcasts import (
    BroadcastAdmin,
    BroadcastRecipientAdmin,
    BroadcastTemplateAdmin,
    FromGateway,
    FromSessions,
)
from apigw_ws_admin.screens.channels import ChannelAdmin
from apigw_ws_admin.screens.deployment import DeploymentPanel
from apigw_ws_admin.screens.doctor import Doctor
from apigw_ws_admin.screens.domain import Domain
from apigw_ws_admin.screens.drift import Drift
from apigw_ws_admin.screens.exporting import Exporting
from apigw_ws_admin.screens.gateways import GatewayList
from apigw_ws_admin.screens.help import Help
from apigw_ws_admin.screens.history import History
from apigw_ws_admin.screens.home import Home
from apigw_ws_admin.screens.importing import Importing
from apigw_ws_admin.screens.monitoring.views import Monitoring
from apigw_ws_admin.screens.overview import Overview
from apigw_ws_admin.screens.people import People
from apigw_ws_admin.screens.records import RunAdmin, WebSocketTokenAdmin
from apigw_ws_admin.screens.refusals import RefusalAdmin
from apigw_ws_admin.screens.routes import Routes
from apigw_ws_admin.screens.rules import ChannelPermissionAdmin
from apigw_ws_admin.screens.security import Security
from apigw_ws_admin.screens.sessions import WebSocketSessionAdmin
from apigw_ws_admin.screens.settings import GatewaySettings
from apigw_ws_admin.screens.syncing import Syncing
from apigw_ws_admin.screens.teardown import Teardown
from apigw_ws_admin.screens.testing import Testing
from apigw_ws_admin.screens.traces import TraceAdmin
from apigw_ws_admin.screens.wizard.mixin import GatewayWizardMixin
from apigw_ws_admin.sites import console

#: The menu of a list that has other buttons already.
FILES: Final = {
    "title": gettext_lazy("Files"),
    "icon": "swap_vert",
    "items": ["import_file", "export_file"],
}


class GatewayAdmin(
    DisconnectsHere,
    Importing,
    Exporting,
    GatewayWizardMixin,
    Home,
    Help,
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
    Testing,
    FromGateway,
    Syncing,
    Routes,
    GatewaySettings,
    GatewayList,
):
    """Composed of screens, which know nothing of each other."""

    transfer = exports = GatewayTransfer
    actions = (*Syncing.actions, *Exporting.actions)
    actions_list = ("wizard", "adopt", FILES)
    actions_detail = (
        *Applying.actions_detail,
        {
            "title": gettext_lazy("More"),
            "icon": "more_horiz",
            "items": ["watch", "broadcast_here", "disconnect_here", "teardown"],
        },
    )


class Rules(Importing, Exporting, ChannelPermissionAdmin):
    transfer = exports = ChannelTransfer
    actions_list: tuple[Any, ...] = (*ChannelPermissionAdmin.actions_list, FILES)


class Bans(Importing, Exporting, BanAdmin):
    transfer = exports = BanTransfer
    actions_list = ("import_file", "export_file")


class Templates(Importing, Exporting, BroadcastTemplateAdmin):
    transfer = exports = TemplateTransfer
    actions_list = ("import_file", "export_file")


class Runs(Exporting, RunAdmin):
    exports = RUNS
    actions_list = ("export_file",)


class AuditEvents(Activity, Exporting, AuditEventAdmin):
    exports = AUDIT_EVENTS
    actions_list = ("export_file",)


class Refusals(Exporting, RefusalAdmin):
    exports = REFUSALS
    actions_list = ("export_file",)


class Broadcasts(Exporting, BroadcastAdmin):
    exports = BROADCASTS
    actions_list = (*BroadcastAdmin.actions_list, "export_file")


class Recipients(Exporting, BroadcastRecipientAdmin):
    exports = RECIPIENTS
    actions_list = ("export_file",)


class SessionAdmin(Exporting, FromSessions, Acting, People, WebSocketSessionAdmin):
    """The list of sessions, and the acts on them."""

    exports = SESSIONS
    actions_list = ("export_file",)
    actions = (*Acting.actions, *FromSessions.actions, *Exporting.actions)


_site = console()
_site.register(ApiGateway, GatewayAdmin)
_site.register(AwsAccount, AwsAccountAdmin)
_site.register(Channel, ChannelAdmin)
_site.register(ChannelPermission, Rules)
_site.register(WebSocketSession, SessionAdmin)
_site.register(Run, Runs)
_site.register(AuditEvent, AuditEvents)
_site.register(Refusal, Refusals)
_site.register(Ban, Bans)
_site.register(WebSocketToken, WebSocketTokenAdmin)
_site.register(Trace, TraceAdmin)
_site.register(Broadcast, Broadcasts)
_site.register(BroadcastRecipient, Recipients)
_site.register(BroadcastTemplate, Templates)
