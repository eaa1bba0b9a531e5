"""A WebSocket client for Django's tests, which plays API Gateway's part. No server, no AWS."""

from __future__ import annotations

import base64
import json
import re
import secrets as random
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse
from django.test import Client

from apigw_ws import headers
from apigw_ws.models import ApiGateway
from apigw_ws.services import bans, gateways, rules, secrets, traces


class WebSocketTestClient:
    """Sends a connection's events to the view that a gateway points at, as API Gateway does.

    ::

        socket = WebSocketTestClient(gateway, client=self.client)
        assert socket.connect(query={"channel": "lobby"}).status_code == 200
        assert socket.send({"action": "say", "text": "Hello"}).json() == {"ok": True}
        socket.disconnect()

    The gateway needs an ``api_id`` and a ``target_base_endpoint``. ``client`` has the browser's cookies,
    which are sent with the connect only. ``mapped=False`` plays an API whose integrations map nothing but the
    connection ID. An exception in a handler is raised in the test, unless the client was made not to.
    """

    def __init__(
        self,
        gateway: ApiGateway,
        *,
        client: Client | None = None,
        source_ip: str = "203.0.113.7",
        user_agent: str = "Mozilla/5.0",
        mapped: bool = True,
    ) -> None:
        for service in (gateways, rules, bans, traces):
            service.forget()  # forget what an earlier test had rolled back
        self.gateway = gateway
        self.client = client or Client()
        self.source_ip = source_ip
        self.user_agent = user_agent
        self.mapped = mapped
        self.connection_id = base64.urlsafe_b64encode(random.token_bytes(11)).decode()
        self.connected_at = int(time.time() * 1000)

    def connect(
        self,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Open the connection. Its page is on the view's own host, unless ``headers`` has an Origin or ""."""
        base = urlsplit(self.gateway.target_base_endpoint)
        handshake = {
            "Origin": f"{base.scheme}://{base.netloc}",
            "User-Agent": self.user_agent,
            "Sec-WebSocket-Key": base64.b64encode(random.token_bytes(16)).decode(),
            "Sec-WebSocket-Version": "13",
            "X-Forwarded-For": self.source_ip,
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
            **(headers or {}),
        }
        url = self._url("connect") + (f"?{urlencode(query, doseq=True)}" if query else "")
        return self._post(url, "CONNECT", "$connect", {k: v for k, v in handshake.items() if v}, self.client)

    def send(self, message: Any) -> HttpResponse:
        """Send text and bytes as they are, anything else as JSON. A reply is the response's body."""
        body = message if isinstance(message, bytes) else _text(message).encode()
        route = self.gateway.additional_routes.filter(route_key=self._selected(body)).first()
        url, key, two_way = (
            (route.integration_url, route.route_key, route.two_way)
            if route
            else (self._url("default"), "$default", self.gateway.two_way)
        )
        extra = {headers.TWO_WAY: "1"} if two_way and self.mapped else {}
        return self._post(url, "MESSAGE", key, extra, self._without_cookies(), body)

    def disconnect(
        self, code: int = 1005, reason: str = "Client-side close frame status not set"
    ) -> HttpResponse:
        """Close the connection."""
        said = {headers.CLOSE_CODE: str(code), headers.CLOSE_REASON: reason} if self.mapped else {}
        return self._post(self._url("disconnect"), "DISCONNECT", "$disconnect", said, self._without_cookies())

    def _post(
        self, url: str, event: str, key: str, extra: Mapping[str, str], client: Client, body: bytes = b""
    ) -> HttpResponse:
        parts = urlsplit(url)
        sent = {
            "User-Agent": f"AmazonAPIGateway_{self.gateway.api_id}",
            **extra,
            **self._headers(event, key),
            "Host": parts.netloc,
            "Content-Length": str(len(body)),
            "X-Amzn-Trace-Id": f"Root=1-{random.token_hex(4)}-{random.token_hex(12)}",
            headers.API_ID: self.gateway.api_id,
        }
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        response: Any = client.generic(
            "POST", path, body, "application/json", secure=parts.scheme == "https", headers=sent
        )
        return response  # type: ignore[no-any-return]

    def _headers(self, event: str, route_key: str) -> dict[str, str]:
        """What the integrations map."""
        if not self.mapped:
            return {headers.CONNECTION_ID: self.connection_id}
        context = {
            "context.connectionId": self.connection_id,
            "context.eventType": event,
            "context.routeKey": route_key,
            "context.stage": self.gateway.stage_name,
            "context.identity.sourceIp": self.source_ip,
            "context.identity.userAgent": self.user_agent,
            "context.connectedAt": str(self.connected_at),
            "context.requestId": base64.b64encode(random.token_bytes(11)).decode(),
        }
        mapped = {name: context[expression] for name, expression in headers.FROM_CONTEXT.items()}
        return {**mapped, headers.SECRET: secrets.derive(self.gateway)}

    def _selected(self, body: bytes) -> str:
        """The value of a route selection expression of the usual kind: ``$request.body.action``."""
        expression = re.fullmatch(r"\$\{?request\.body\.(\w+)\}?", self.gateway.route_selection_expression)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return ""
        return str(data.get(expression[1], "")) if expression and isinstance(data, dict) else ""

    def _without_cookies(self) -> Client:
        return Client(
            enforce_csrf_checks=self.client.handler.enforce_csrf_checks,
            raise_request_exception=self.client.raise_request_exception,
        )

    def _url(self, slug: str) -> str:
        return f"{self.gateway.target_base_endpoint}{slug}"


def _text(message: Any) -> str:
    return message if isinstance(message, str) else json.dumps(message)
