from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from apigw_ws.models import ApiGateway
from apigw_ws.services import doctor
from apigw_ws.services.doctor import Finding, Level

#: Seconds that a gateway's questions may take: nobody's page waits.
BUDGET: Final = 25


class Command(BaseCommand):
    help = "Look for what is wrong with the project and its gateways, and say what to do. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--gateway", metavar="PK|NAME", help="Only this gateway.")
        parser.add_argument("--json", action="store_true", help="Print a list of objects.")
        parser.add_argument(
            "--fail-level",
            choices=[Level.AMBER.value, Level.RED.value],
            default=Level.RED.value,
            help="Exit with 2 when a finding is as bad (%(default)s).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        gateways = list(_gateways(options["gateway"]))
        found = [] if options["gateway"] else [("", each) for each in doctor.of_project()]
        for gateway in gateways:
            found += [(str(gateway), each) for each in doctor.of_gateway(gateway, budget=BUDGET)]
        if options["json"]:
            self.stdout.write(json.dumps([{"gateway": name, **asdict(each)} for name, each in found]))
        else:
            for name, each in found:
                self.stdout.write(self._line(name, each))
        worst = doctor.worst([each for _name, each in found])
        if worst.gravity >= Level(options["fail_level"]).gravity:
            sys.exit(2)

    def _line(self, name: str, finding: Finding) -> str:
        styles = {
            Level.GREEN: self.style.SUCCESS,
            Level.AMBER: self.style.WARNING,
            Level.RED: self.style.ERROR,
            Level.UNKNOWN: self.style.NOTICE,
        }
        level = styles[finding.level](f"{finding.level.value:<8}")
        where = f"{name}: " if name else ""
        return f"{level}{where}{finding.title}: {finding.why} {finding.what_to_do}".rstrip()


def _gateways(wanted: str | None) -> QuerySet[ApiGateway]:
    everything = ApiGateway.objects.select_related("account")
    if not wanted:
        return everything
    found = everything.filter(api_name=wanted)
    if not found and wanted.isdecimal():
        found = everything.filter(pk=int(wanted))
    if not found:
        known = ", ".join(f"{row.pk} ({row})" for row in everything) or "none yet"
        raise CommandError(f"There is no gateway {wanted}. There are: {known}.")
    return found
