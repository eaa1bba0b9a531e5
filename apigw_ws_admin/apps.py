from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

_PACKAGE = Path(__file__).resolve().parent


class ApigwWsAdminConfig(AppConfig):
    name = "apigw_ws_admin"
    verbose_name = _("API Gateway console")
    #: Where Django looks for templates/ and static/: inside the package in a wheel,
    #: at the root of the checkout otherwise.
    path = str(_PACKAGE if (_PACKAGE / "templates").is_dir() else _PACKAGE.parent)

    def ready(self) -> None:
        from apigw_ws_admin import checks  # noqa: F401  (they register themselves)
