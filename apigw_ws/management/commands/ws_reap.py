from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from apigw_ws.services import reaper, rollups, upkeep


class Command(BaseCommand):
    help = "Close the sessions that have ended without a word, and print how many were found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--forever",
            action="store_true",
            help="do it every REAPER_INTERVAL seconds, until stopped; several processes share the work",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["forever"]:
            upkeep.forever()
        report = reaper.tick()
        rollups.sample()
        rollups.flush()  # this process ends before it would be done
        if report is None:
            self.stdout.write("Another tick is at work; this one did nothing.")
            return
        for name, count in asdict(report).items():
            self.stdout.write(f"{name + ':':<13}{count}")
