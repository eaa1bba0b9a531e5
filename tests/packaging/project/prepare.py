"""What is done to a project before it is served: tables in both databases, checks, and files twice."""

from __future__ import annotations

import django

django.setup()

from django.conf import settings
from django.core.management import call_command

call_command("makemigrations", "people", "shop", verbosity=0)
for alias in settings.DATABASES:
    call_command("migrate", database=alias, verbosity=0)
call_command("makemigrations", check_changes=True, dry_run=True)
call_command("check", databases=[*settings.DATABASES], fail_level="WARNING")
listings = []
for _ in range(2):
    call_command("collectstatic", interactive=False, verbosity=0)
    listings.append((settings.STATIC_ROOT / "staticfiles.json").read_text())
assert listings[0] == listings[1]
