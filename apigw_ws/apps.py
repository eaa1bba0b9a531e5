from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApigwWsConfig(AppConfig):
    name = "apigw_ws"
    verbose_name = _("WebSockets")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apigw_ws import checks, receivers  # noqa: F401  (they register themselves)
