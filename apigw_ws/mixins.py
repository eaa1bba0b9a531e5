"""What a page's view needs to open a WebSocket."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.views.generic.base import ContextMixin

from apigw_ws.models import ApiGatewayAdditionalRoute


class AddWebSocketRouteToContextMixin(ContextMixin):
    """Adds ``api_gateway_route`` (the route with this key and its gateway, or None) and ``channel_name``."""

    websocket_route_key = "default"
    channel_name = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        routes = ApiGatewayAdditionalRoute.objects.select_related("api_gateway")
        route = routes.filter(route_key=self.websocket_route_key).first()
        return super().get_context_data(api_gateway_route=route, channel_name=self.channel_name, **kwargs)


class AppChannelWebSocketMixin(AddWebSocketRouteToContextMixin):
    """Uses the view's app label as the route key and the channel."""

    #: A channel to use instead of the app's.
    app_channel_override: str | None = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        module = type(self).__module__
        app = apps.get_containing_app_config(module)
        self.websocket_route_key = app.name if app else module.rpartition(".")[0]
        self.channel_name = self.app_channel_override or self.websocket_route_key
        return super().get_context_data(**kwargs)
