from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
]

handler400 = "apigw_ws_admin.project.errors.bad_request"
handler403 = "apigw_ws_admin.project.errors.forbidden"
handler404 = "apigw_ws_admin.project.errors.not_found"
handler500 = "apigw_ws_admin.project.errors.failed"
