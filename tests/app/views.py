"""The views that the suite mounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView

from apigw_ws.guards import may_send
from apigw_ws.handlers import handles
from apigw_ws.mixins import AddWebSocketRouteToContextMixin, AppChannelWebSocketMixin
from apigw_ws.models import WebSocketSession
from apigw_ws.views import WebSocketView


@csrf_exempt
@login_not_required
def empty(request: HttpRequest) -> HttpResponse:
    """What the benchmark compares with."""
    return HttpResponse()


class ChatView(WebSocketView):
    def say(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"said": self.body.get("text"), "by": str(request.user)}

    def hush(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        return None

    def teapot(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return JsonResponse({"short": "stout"}, status=418)

    def many(self, request: HttpRequest, *args: Any, **kwargs: Any) -> list[int]:
        return [1, 2, 3]

    def huge(self, request: HttpRequest, *args: Any, **kwargs: Any) -> list[str]:
        return ["x" * 131_072]

    def crash(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        raise ValueError("the secret of the house")

    def number(self, request: HttpRequest, *args: Any, **kwargs: Any) -> int:
        return 42

    @handles("chat.send", "chat.shout")
    def send(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"marked": True}

    def default(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"default": self.body, "raw": self.raw_body}

    def _private(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        raise AssertionError("a client called a private method")


class PickyView(ChatView):
    """Refuses on connect after the session is open, when it is told to."""

    def connect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        super().connect(request, *args, **kwargs)
        if request.GET.get("crash"):
            raise ValueError("connect failed")
        return HttpResponse(status=int(request.GET.get("status", "200")))

    def disconnect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        raise ValueError("disconnect failed")


class RoomsView(ChatView):
    """Clients may be in three channels, and tell one of them something."""

    CHANNELS_PER_CONNECTION = 3

    def tell(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        channel = may_send(request, self.body.get("channel"))
        WebSocketSession.objects.in_channel(channel).send_message({"told": channel})


class TokenChatView(ChatView):
    USE_WS_TOKEN = True


class StaffView(ChatView):
    permissions_required = ("auth.add_user", "auth.change_user")


class ReviewerView(ChatView):
    all_permissions_required = ("auth.add_user", "auth.change_user")


class StrictView(ChatView):
    aws_api_gateway_id = "abc123"
    required_headers = ("X-Amzn-Trace-Id", "X-Office")
    additional_required_headers = ("X-Real-Ip",)
    required_connection_headers = ("Sec-WebSocket-Extensions",)


class PageView(AddWebSocketRouteToContextMixin, TemplateView):
    template_name = "page.html"
    websocket_route_key = "say"
    channel_name = "lobby"


class AppPageView(AppChannelWebSocketMixin, TemplateView):
    template_name = "page.html"
