from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from apigw_ws.services import retention


class Command(BaseCommand):
    help = (
        "Delete sessions, acts on them, tokens, refusals, runs, traces and broadcasts that are older than "
        "APIGW_WS lets them become."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        pruned = retention.prune()
        if pruned is None:
            self.stdout.write("Another process is at it; this one did nothing.")
            return
        for name, count in asdict(pruned).items():
            self.stdout.write(f"{name + ':':<12}{count} deleted")
