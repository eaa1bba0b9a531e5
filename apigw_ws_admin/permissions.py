"""The named permissions of the console beside Django's view, add, change and delete."""

from __future__ import annotations

from typing import Final

#: See the plan of a gateway and have it carried out in AWS.
APPLY: Final = "apigw_ws.apply_apigateway"
