"""Help: an index of codes, and a page for each."""

from __future__ import annotations

from apigw_ws_admin.screens.help.views import Help

__all__ = ["Help"]
