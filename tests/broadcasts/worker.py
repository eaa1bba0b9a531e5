"""A worker as sites run it, more impatient: ``python -m tests.broadcasts.worker``."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from contextlib import suppress

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, close_old_connections  # noqa: E402

from apigw_ws.services.broadcasts import claims, tending  # noqa: E402

claims.LEASE = dt.timedelta(seconds=3)  # type: ignore[misc]
tending._PATIENCE = dt.timedelta(seconds=1)  # type: ignore[misc]


def tend() -> None:
    while True:
        with suppress(DatabaseError):
            close_old_connections()
            tending.tend()
        time.sleep(0.5)


if __name__ == "__main__":
    threading.Thread(target=tend, daemon=True).start()
    if "TEST_REDIS_PORT" in os.environ:
        call_command("rqworker", "default", verbosity=0, worker_class="rq.worker.SimpleWorker")
    else:
        call_command("db_worker", interval=0.1, startup_delay=False, reload=False, verbosity=0)
