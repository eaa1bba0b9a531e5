from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "apigw_ws_admin.project"
    label = "apigw_ws_project"
