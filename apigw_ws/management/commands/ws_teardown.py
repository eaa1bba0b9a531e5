from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import teardown


class Command(GatewayCommand):
    help = "Remove a gateway from AWS: print what would go, ask for the gateway's name, then do it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", help="The gateway's name, to confirm; asked for where it is missing.")
        parser.add_argument("--delete-record", action="store_true", help="Delete the record as well.")

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        plan = teardown.preview(gateway)
        if plan.operations:
            self.show(gateway, plan)
        else:
            self.stdout.write(f"{gateway}: AWS holds nothing of it.")
        for sentence in plan.staying:
            self.stdout.write(f"       {sentence}")
        name = options["name"]
        if name is None:
            name = input(f"Type the gateway's name ({gateway}) to tear it down: ")
        teardown.run(
            gateway,
            confirmed_name=name,
            seen=plan.digest,
            delete_record=options["delete_record"],
            on_step=self.report,
        )
        kept = "The record is deleted." if options["delete_record"] else "The record is kept."
        self.stdout.write(self.style.SUCCESS(f"Torn down. {kept}"))
