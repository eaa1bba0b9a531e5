"""Templates for broadcasts."""

from __future__ import annotations

from apigw_ws.models import BroadcastTemplate
from apigw_ws_admin.resources.base import Transfer


class TemplateTransfer(Transfer):
    naming = ("name",)

    class Meta(Transfer.Meta):
        model = BroadcastTemplate
        fields = ("name", "description", "payload")
        export_order = fields
        import_id_fields = ("name",)
