from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.services import roles


class Command(BaseCommand):
    help = "Make groups of the console's permissions: viewer, operator, deployer and administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changes = roles.make(dry_run=options["dry_run"])
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        for change in changes:
            self.stdout.write(f"{change.group}: {len(change.added)} added, {len(change.removed)} removed")
            for mark, codenames in (("+", change.added), ("-", change.removed)):
                for codename in codenames:
                    self.stdout.write(f"  {mark} {codename}")
        if options["dry_run"]:
            self.stdout.write("Nothing was changed: this was a dry run.")
