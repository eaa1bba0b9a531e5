"""The IAM policy that is enough for a gateway, ready to paste."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apigw_ws.services import policies
from apigw_ws.services.glances import glance
from apigw_ws_admin.pages import gateway_for, lazily


class Policy(ModelAdmin):
    @action(description=gettext_lazy("IAM policy"), icon="shield", permissions=["view"], url_path="policy")
    def policy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The least policy for what the gateway uses now, as JSON."""
        gateway = gateway_for(self, request, object_id)

        def look() -> dict[str, Any]:
            found = glance(gateway, policies.for_gateway)
            return {"glance": found, "policy": json.dumps(found.found, indent=2)}

        return lazily(self, request, gateway, "_policy.html", title=_("IAM policy"), look=look)
