"""What the commands about one gateway share."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, Step
from apigw_ws.services import audit
from apigw_ws.services.provisioning import Plan


class GatewayCommand(BaseCommand):
    """A command about the gateway that ``--pk`` names. Errors become sentences."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pk", required=True, type=int, help="The gateway's primary key.")

    def handle(self, *args: Any, **options: Any) -> None:
        gateway = ApiGateway.objects.filter(pk=options["pk"]).first()
        if gateway is None:
            known = ", ".join(f"{row.pk} ({row})" for row in ApiGateway.objects.all()) or "none yet"
            raise CommandError(f"There is no gateway {options['pk']}. There are: {known}.")
        with sentences():
            self.handle_gateway(gateway, **options)

    def handle_gateway(self, gateway: ApiGateway, **options: Any) -> None:
        """Do it. ApigwWsErrors are reported."""
        raise NotImplementedError

    def show(self, gateway: ApiGateway, plan: Plan) -> None:
        """Print the plan, the destructive operations marked."""
        if not plan.operations:
            self.stdout.write(f"{gateway}: AWS holds what the record says; nothing to do.")
            return
        self.stdout.write(f"{gateway}: {len(plan.operations)} operations")
        for position, operation in enumerate(plan.operations, 1):
            line = f"  {position:3}. {operation.describe()}"
            self.stdout.write(self.style.WARNING(f"{line} (destructive)") if operation.destructive else line)

    def report(self, step: Step) -> None:
        """Print a step that is done, with AWS's request IDs."""
        self.stdout.write(f"  done {step.position}: {step.description} [{step.request_ids}]")


@contextmanager
def sentences() -> Iterator[None]:
    """An ApigwWsError ends the command with its sentence and its code, not with a traceback.

    What the command does is on record under the name of the operating system's user.
    """
    try:
        with audit.acting_as(f"command: {_user()}"):
            yield
    except ApigwWsError as error:
        code = getattr(error, "code", "") or type(error).__name__
        raise CommandError(f"{error} [{code}: see docs/errors.md]") from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that no user has
        return "unknown"
