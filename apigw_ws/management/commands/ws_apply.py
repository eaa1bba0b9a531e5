from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import provisioning


class Command(GatewayCommand):
    help = "Make AWS match a gateway's record: print what has to be done, then do it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--seen", help="The plan's digest, as ws_plan printed it; refuse any other plan.")

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        plan = provisioning.preview(gateway)
        self.show(gateway, plan)
        provisioning.apply(gateway, seen=options["seen"] or plan.digest, on_step=self.report)
        self.stdout.write(self.style.SUCCESS(f"Clients connect to {gateway.client_url}"))
