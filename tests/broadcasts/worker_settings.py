"""Settings of the suite for processes of their own: APIGW_WS, and the task backend, from the environment."""

from __future__ import annotations

import json
import os

from tests.settings import *  # noqa: F403

APIGW_WS = {"REGION": "eu-west-1", **json.loads(os.environ.get("TEST_APIGW_WS", "{}"))}
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY = "stub", "stub"
