"""The request headers in which API Gateway tells Django about a connection.

Every integration we make maps these from `context.*`
(https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-data-mapping.html);
`events` reads them and `services.specs` writes them into the spec. Nothing else names a header.
"""

from __future__ import annotations

from typing import Final

CONNECTION_ID: Final = "connectionId"
EVENT_TYPE: Final = "X-Apigw-Event-Type"
ROUTE_KEY: Final = "X-Apigw-Route-Key"
STAGE: Final = "X-Apigw-Stage"
SOURCE_IP: Final = "X-Apigw-Source-Ip"
USER_AGENT: Final = "X-Apigw-User-Agent"
CONNECTED_AT: Final = "X-Apigw-Connected-At"
REQUEST_ID: Final = "X-Apigw-Request-Id"
CLOSE_CODE: Final = "X-Apigw-Close-Code"
CLOSE_REASON: Final = "X-Apigw-Close-Reason"
SECRET: Final = "X-Apigw-Secret"  # noqa: S105  (the header's name)
TWO_WAY: Final = "X-Apigw-Two-Way"

#: Set by API Gateway itself on every call, whatever is mapped.
API_ID: Final = "X-Amzn-Apigateway-Api-Id"

#: Header -> expression, on every route.
FROM_CONTEXT: Final = {
    CONNECTION_ID: "context.connectionId",
    EVENT_TYPE: "context.eventType",
    ROUTE_KEY: "context.routeKey",
    STAGE: "context.stage",
    SOURCE_IP: "context.identity.sourceIp",
    USER_AGENT: "context.identity.userAgent",
    CONNECTED_AT: "context.connectedAt",
    REQUEST_ID: "context.requestId",
}

#: Header -> expression, on `$disconnect` only.
ON_DISCONNECT: Final = {
    CLOSE_CODE: "context.disconnectStatusCode",
    CLOSE_REASON: "context.disconnectReason",
}
