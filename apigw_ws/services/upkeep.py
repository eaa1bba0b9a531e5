"""Does the recurring work that no request triggers."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import NoReturn

from django.db import close_old_connections

from apigw_ws.conf import conf
from apigw_ws.services import bans, broadcasts, figures, patrol, reaper, retention, rollups

logger = logging.getLogger("apigw_ws.upkeep")


def forever() -> NoReturn:
    """Tick every REAPER_INTERVAL seconds, sharing the ticks with other processes. Failures are logged."""
    while True:
        try:
            close_old_connections()
            once()
        except Exception:  # most likely the database, which will be back
            logger.exception("A tick failed; the next is in %d seconds.", conf.reaper_interval)
        time.sleep(conf.reaper_interval)


def once() -> None:
    """Do what is due."""
    broadcasts.tend()
    bans.enforce()  # the reaper then tells AWS
    # A little less, or processes whose clocks drift would sometimes skip a tick.
    tick = dt.timedelta(seconds=0.9 * conf.reaper_interval)
    reaper.tick(every=tick)
    figures.count(every=tick)
    rollups.sample(every=tick)
    retention.prune_daily()
    patrol.tick(every=tick)  # last: AWS may keep it waiting
