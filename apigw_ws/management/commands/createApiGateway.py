from __future__ import annotations

from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway, Step
from apigw_ws.services import provisioning


class Command(GatewayCommand):
    help = "Make AWS match a gateway's record: print what has to be done, then do it."

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        plan = provisioning.preview(gateway)
        self.show(gateway, plan)
        provisioning.apply(gateway, seen=plan.digest, on_step=self.report)
        self.stdout.write(self.style.SUCCESS(f"Clients connect to {gateway.client_url}"))

    def report(self, step: Step) -> None:
        self.stdout.write(f"  done {step.position}: {step.description} [{step.request_ids}]")
