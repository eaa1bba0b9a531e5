"""The console's only registrations. What a page shows is in ``screens``."""

from __future__ import annotations

from django.contrib import admin

from apigw_ws.models import ApiGateway, ChannelPermission, Refusal, Run, WebSocketSession, WebSocketToken
from apigw_ws_admin.screens.channels import ChannelPermissionAdmin
from apigw_ws_admin.screens.gateways import ApiGatewayAdmin
from apigw_ws_admin.screens.records import RefusalAdmin, RunAdmin, WebSocketSessionAdmin, WebSocketTokenAdmin

admin.site.register(ApiGateway, ApiGatewayAdmin)
admin.site.register(ChannelPermission, ChannelPermissionAdmin)
admin.site.register(WebSocketSession, WebSocketSessionAdmin)
admin.site.register(Run, RunAdmin)
admin.site.register(Refusal, RefusalAdmin)
admin.site.register(WebSocketToken, WebSocketTokenAdmin)
