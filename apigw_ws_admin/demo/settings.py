"""The standalone console's settings, and what only a demo on this machine may have."""

from __future__ import annotations

import os

from apigw_ws_admin.project.settings import *  # noqa: F403
from apigw_ws_admin.project.settings import APIGW_WS, INSTALLED_APPS, LOGGING

INSTALLED_APPS += ["apigw_ws_admin.demo"]  # for the console to say that it is one
ROOT_URLCONF = "apigw_ws_admin.demo.urls"

#: Part of the sign-in link, new at every start. Without one there is no link.
DEMO_SIGN_IN_TOKEN = os.environ.get("APIGW_WS_DEMO_TOKEN", "")

_PORT = os.environ.get("APIGW_WS_DEMO_PORT", "8000")
# It has a line to say for every request that waits: days of them, where --visitors is large.
LOGGING["loggers"] = {"waitress.queue": {"level": "ERROR"}}
APIGW_WS["ALLOWED_ORIGINS"] = [f"http://{name}:{_PORT}" for name in ("127.0.0.1", "localhost")]
APIGW_WS["ALLOW_UNLISTED_CHANNELS"] = True  # whoever names a room of the chat may open it
# Visitors that vanish without a word are found while one looks.
APIGW_WS |= {"REAPER_INTERVAL": 15, "PROBE_AFTER": 30}
