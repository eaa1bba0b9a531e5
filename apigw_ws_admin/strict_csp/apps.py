"""Alpine that makes no functions of texts, in place of Unfold's: for a policy without 'unsafe-eval'."""

from __future__ import annotations

from django.apps import AppConfig


class StrictCspConfig(AppConfig):
    name = "apigw_ws_admin.strict_csp"
    label = "apigw_ws_strict_csp"

    def ready(self) -> None:
        from apigw_ws_admin.strict_csp import checks  # noqa: F401  (it registers itself)
