from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from apigw_ws.management.commands._gateways import GatewayCommand
from apigw_ws.models import ApiGateway
from apigw_ws.services import rotation


class Command(GatewayCommand):
    help = "Begin to rotate a gateway's secret, or say where its rotation is; retire the old version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--status", action="store_true", help="Change nothing, say where the rotation is.")
        what.add_argument("--retire", action="store_true", help="Refuse the old version from now on.")
        what.add_argument("--cancel", action="store_true", help="Give up a rotation that is not live yet.")
        parser.add_argument("--force", action="store_true", help="Retire a version that may still be used.")

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        if options["force"] and not options["retire"]:
            raise CommandError("--force goes with --retire: begin without it.")
        if options["retire"]:
            rotation.retire(gateway, force=options["force"])
        elif options["cancel"]:
            rotation.cancel(gateway)
        elif not options["status"]:
            rotation.start(gateway)
        self.show_rotation(gateway, rotation.status(gateway))

    def show_rotation(self, gateway: ApiGateway, state: rotation.Rotation) -> None:
        old = gateway.retiring_secret_version
        live = "-" if gateway.live_secret_version is None else gateway.live_secret_version
        accepted = f"{gateway.secret_version}" if old is None else f"{old} and {gateway.secret_version}"
        self.stdout.write(f"{gateway}: accepted {accepted}, live {live}")
        for row in state.traffic:
            last = timezone.localtime(row.last_seen_on).strftime("%Y-%m-%d %H:%M:%S")
            self.stdout.write(f"  version {row.version}: {row.sessions} open sessions, last heard {last}")
        if old is not None:
            ready = f"Nothing uses version {old} any more: ws_rotate_secret --pk {gateway.pk} --retire"
            self.stdout.write(state.cannot_retire or ready)
