"""What has to happen again and again while nobody is looking."""

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
    """Tick every REAPER_INTERVAL; several processes that do so share the ticks. Failures are logged."""
    while True:
        try:
            close_old_connections()
            once()
        except Exception:  # the database, most likely, which will be back
            logger.exception("A tick failed; the next is in %d seconds.", conf.reaper_interval)
        time.sleep(conf.reaper_interval)


def once() -> None:
    """Do what is due."""
    broadcasts.tend()
    bans.enforce()  # the reaper then tells AWS
    # A little less, or two processes whose clocks drift would skip a tick now and then.
    tick = dt.timedelta(seconds=0.9 * conf.reaper_interval)
    reaper.tick(every=tick)
    figures.count(every=tick)
    rollups.sample(every=tick)
    retention.prune_daily()
    patrol.tick(every=tick)  # last: AWS may keep it waiting
