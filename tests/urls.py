from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.views.i18n import set_language

from apigw_ws.views import WebSocketTokenView
from tests.app import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    path("ws/<slug:route>", views.ChatView.as_view(), name="ws"),
    path("rooms/<slug:route>", views.RoomsView.as_view()),
    path("picky/<slug:route>", views.PickyView.as_view()),
    path("tokened/<slug:route>", views.TokenChatView.as_view()),
    path("staff/<slug:route>", views.StaffView.as_view()),
    path("reviewers/<slug:route>", views.ReviewerView.as_view()),
    path("strict/<slug:route>", views.StrictView.as_view()),
    path("empty/", views.empty),
    path("ws-token/", WebSocketTokenView.as_view(), name="ws-token"),
]
