from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.views.i18n import set_language

from apigw_ws.views import WebSocketTokenView
from apigw_ws_admin.demo.pages import ChatPage, sign_in
from apigw_ws_admin.demo.views import ChatView, ClockView
from apigw_ws_admin.project.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("", ChatPage.as_view(), name="chat"),
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    path("sign-in/<str:token>/", sign_in, name="sign-in"),
    path("ws/<slug:route>", ChatView.as_view(), name="websocket"),
    path("clock/<slug:route>", ClockView.as_view(), name="clock"),
    path("ws-token/", WebSocketTokenView.as_view(), name="ws-token"),
]
