from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import drift
from apigw_ws.services.differences import Difference


class Command(GatewayCommand):
    help = "Show where AWS and a gateway's record differ, and change nothing in AWS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--exit-code", action="store_true", help="Exit with 2 when they differ.")
        parser.add_argument(
            "--take", metavar="KEY", action="append", default=[], help="Write AWS's value on the record."
        )

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        for taken in drift.take_aws(gateway, *options["take"]) if options["take"] else ():
            self.stdout.write(f"{taken.key}: the record has “{taken.aws}” now, before “{taken.record}”.")
        found = drift.compare(gateway)
        self.stdout.write(f"{gateway}: {len(found)} differences" if found else f"{gateway}: no difference")
        for difference in found:
            self.show_difference(difference)
        if found and options["exit_code"]:
            sys.exit(2)

    def show_difference(self, difference: Difference) -> None:
        takeable = "" if difference.take else "  (follows from other fields: cannot be taken)"
        self.stdout.write(f"  {difference.key}{takeable}")
        self.stdout.write(f"      record: {difference.record or '-'}")
        self.stdout.write(f"      AWS:    {difference.aws or '-'}")
        self.stdout.write(f"      apply:  {difference.would}")
