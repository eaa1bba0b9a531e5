from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apigw_ws.services import sessions


class Command(BaseCommand):
    help = "Delete the sessions that are over."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {sessions.delete_closed()} sessions that were over.")
