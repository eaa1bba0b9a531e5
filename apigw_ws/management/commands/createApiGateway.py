from __future__ import annotations

from apigw_ws.management.commands.ws_apply import Command as Apply


class Command(Apply):
    help = "The same as ws_apply, under the name that django-aws-api-gateway-websockets gave it."
