from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]

handler403 = "apigw_ws_admin.project.errors.forbidden"
handler404 = "apigw_ws_admin.project.errors.not_found"
handler500 = "apigw_ws_admin.project.errors.failed"
