from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apigw_ws_admin.navigation import sidebar


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    orders = {"title": "Bestellungen", "icon": "box", "link": reverse("backoffice:shop_order_changelist")}
    return [{"title": "Laden", "items": [orders]}, *sidebar(request)]
