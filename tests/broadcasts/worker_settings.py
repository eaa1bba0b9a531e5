"""Settings of the suite for processes of their own: APIGW_WS, and a Redis, from the environment."""

from __future__ import annotations

import json
import os

from tests.settings import *  # noqa: F403

APIGW_WS = {"REGION": "eu-west-1", **json.loads(os.environ.get("TEST_APIGW_WS", "{}"))}
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY = "stub", "stub"

if port := os.environ.get("TEST_REDIS_PORT"):
    INSTALLED_APPS = [*INSTALLED_APPS, "django_rq", "django_tasks_rq"]  # noqa: F405
    RQ_QUEUES = {"default": {"HOST": "127.0.0.1", "PORT": int(port), "DB": 0}}
    RQ = {"JOB_CLASS": "django_tasks_rq.Job"}
    TASKS = {"default": {"BACKEND": "django_tasks_rq.RQBackend"}}
