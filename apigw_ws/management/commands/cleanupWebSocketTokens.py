from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apigw_ws.services import tokens


class Command(BaseCommand):
    help = "Delete the connect tokens whose time is over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--token-age",
            type=int,
            default=300,
            metavar="SECONDS",
            help="delete tokens older than this (300); one that is still valid is never deleted",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {tokens.delete_expired(options['token_age'])} connect tokens.")
