"""Replaces Unfold's Alpine by its build for a Content-Security-Policy without 'unsafe-eval'."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register

from apigw_ws_admin.strict_csp.checks import check_alpine


class StrictCspConfig(AppConfig):
    name = "apigw_ws_admin.strict_csp"
    label = "apigw_ws_strict_csp"

    def ready(self) -> None:
        register(check_alpine)
