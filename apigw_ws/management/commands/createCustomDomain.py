from __future__ import annotations

from typing import Any

from apigw_ws.management.commands.createApiGateway import Command as CreateApiGateway
from apigw_ws.models import ApiGateway
from apigw_ws.services import specs


class Command(CreateApiGateway):
    help = "As createApiGateway, which makes the custom domain too; an error where the record has none."

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        specs.check_domain(gateway)
        super().handle_gateway(gateway, **options)
        self.stdout.write(f"{gateway.domain_name} has to point at {gateway.api_gateway_domain_name}")
