"""What happens in the demo of which ``pictures.py`` takes pictures, by the product's own services."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from math import sin
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def furnish(folder: Path, console: str, gateway: str) -> None:
    """Let the demo look like a place where people work."""
    from apigw_ws_admin.demo.state import State
    from apigw_ws_admin.demo.supervisor import Demo

    state, port, gateway_port = State(folder), urlsplit(console).port, urlsplit(gateway).port
    demo = Demo(state=state, keys=state.keys(), port=port, gateway_port=gateway_port, visitors=0, token="")
    os.environ.update(demo.environment())
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    from apigw_ws.services import bans, roles

    operator = get_user_model().objects.get(username="operator")
    roles.make()
    an_hour_before()
    gateways(operator)
    intrude(gateway)
    bans.ban(network="203.0.113.0/24", reason="Floods the lobby.", minutes=24 * 60, by=operator)


def an_hour_before() -> None:
    """What would have been counted, had the demo run for so long."""
    from apigw_ws.models import Rollup

    now, rows = int(time.time() // 60), []
    for ago in range(60, 0, -1):
        live, said = 27 + round(3 * sin(ago / 9)), 60 + round(14 * sin(ago / 7)) + ago % 5
        counts = {
            "live": live,
            "connects": 14 + ago % 5,
            "disconnects": 14 + ago % 4,
            "refusals": ago % 17 == 0,
        }
        times = {"took_20": said, "took_50": 9, "took_200": ago % 6}
        messages = {"messages_in": said, "messages_out": 8 * said + ago % 7}
        for which in (1, Rollup.ALL):
            rows.append(Rollup(minute=now - ago, gateway=which, **counts, **times, **messages))
    Rollup.objects.bulk_create(rows, ignore_conflicts=True)


def gateways(operator: Any) -> None:
    """Two more: one is in order, of the other somebody has changed something in AWS."""
    import boto3

    from apigw_ws.models import ApiGateway, AwsAccount
    from apigw_ws.services import provisioning

    first = ApiGateway.objects.get()
    site = {"region": first.region, "endpoint_url": first.endpoint_url}
    live = AwsAccount.objects.create(label="EU live", environment="production")
    staging = AwsAccount.objects.create(label="EU staging", environment="staging")
    for name, account in (("orders", live), ("orders-next", staging)):
        target = first.target_base_endpoint
        made = ApiGateway.objects.create(
            api_name=name,
            account=account,
            target_base_endpoint=target,
            throttling_rate_limit=500,
            throttling_burst_limit=200,
            **site,
        )
        provisioning.apply(made, by=operator)
    aws = boto3.client("apigatewayv2", endpoint_url=site["endpoint_url"], region_name=site["region"])
    limits = {"ThrottlingRateLimit": 50.0, "ThrottlingBurstLimit": 200}
    aws.update_stage(ApiId=made.api_id, StageName=made.stage_name, DefaultRouteSettings=limits)
    aws.update_api(ApiId=made.api_id, Description="Ask Mia before you change this")


def intrude(gateway: str) -> None:
    """Another site's page tries to connect; it is refused."""
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    for _attempt in range(7):
        with suppress(InvalidStatus), connect(gateway, origin="https://shop.example.net", proxy=None):
            pass
