from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import deployments
from apigw_ws.services.deployments import Deployment, RouteChange


class Command(GatewayCommand):
    help = "List a gateway's deployments, or let its stage serve an earlier one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", metavar="ID", help="The deployment to go back to; without it, list them.")

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        listed = deployments.listing(gateway)
        if options["to"] is None:
            for deployment in listed:
                self.stdout.write(self.line(deployment))
            return
        plan = deployments.preview(gateway, options["to"])
        self.show(gateway, plan)
        self.show_changes(next((row.changes for row in listed if row.id == options["to"]), None))
        deployments.rollback(gateway, options["to"], seen=plan.digest, on_step=self.report)
        self.stdout.write(self.style.SUCCESS(f"The stage “{gateway.stage_name}” serves {options['to']}."))
        if pending := deployments.pending(gateway):
            self.stdout.write("The next ws_apply undoes this:")
            self.show_changes(pending)

    def line(self, deployment: Deployment) -> str:
        when = timezone.localtime(deployment.created_on).strftime("%Y-%m-%d %H:%M:%S")
        known = deployment.changes is not None
        difference = (
            f"differing routes: {len(deployment.changes or ())}" if known else "unknown: deployed elsewhere"
        )
        live = "live" if deployment.live else difference
        return f"{deployment.id}  {when}  {deployment.who or '-'}  {live}  {deployment.description}"

    def show_changes(self, changes: tuple[RouteChange, ...] | None) -> None:
        if changes is None:
            self.stdout.write("  What changes in the routes is unknown: deployed elsewhere.")
        for change in changes or ():
            self.stdout.write(f"  {change.describe()}")
