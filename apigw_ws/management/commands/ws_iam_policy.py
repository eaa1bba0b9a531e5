from __future__ import annotations

import json
from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import policies


class Command(GatewayCommand):
    help = "Print the least IAM policy for what a gateway uses, ready to paste."

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        self.stdout.write(json.dumps(policies.for_gateway(gateway), indent=2))
