from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import deployments, provisioning


class Command(GatewayCommand):
    help = "Print what has to be done in AWS for a gateway, and change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--exit-code", action="store_true", help="Exit with 2 when there is something to do."
        )

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        plan = provisioning.preview(gateway)
        self.show(gateway, plan)
        if plan.operations:
            self.stdout.write(
                f"To apply this plan and no other: ws_apply --pk {gateway.pk} --seen {plan.digest}"
            )
        if newest := deployments.rolled_back(gateway):
            self.stdout.write(f"It was rolled back from the deployment {newest}. Applying would redo:")
            for change in deployments.pending(gateway) or ():
                self.stdout.write(f"  {change.describe()}")
        if plan.operations and options["exit_code"]:
            sys.exit(2)
