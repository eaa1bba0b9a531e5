from __future__ import annotations

import json
from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import policies


class Command(GatewayCommand):
    help = "Print the least IAM policy for what a gateway uses, ready to paste."

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        if gateway.account and gateway.account.role_arn:
            role = gateway.account.role_arn
            self.stderr.write(
                f"For the role {role}. What Django itself needs is sts:AssumeRole for that role."
            )
        self.stdout.write(json.dumps(policies.for_gateway(gateway), indent=2))
