from __future__ import annotations

from typing import Any

from django.conf import settings

#: Who signs in, and what refers to them, is together; "apart" takes our tables away from them.
REALTIME = {"people", "auth", "contenttypes", "sessions", "admin", "apigw_ws"}


def _is_there(app_label: str) -> bool:
    return app_label in (REALTIME - {"apigw_ws"} if settings.VARIANT == "apart" else REALTIME)


class Realtime:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "realtime" if _is_there(model._meta.app_label) else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return _is_there(app_label) == (db == "realtime")
