"""The documents that the help pages rest on."""

from __future__ import annotations

from typing import Final

from apigw_ws_admin.help.values import Document

_GUIDE: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"


def _guide(name: str, page: str) -> Document:
    return Document(name=f"API Gateway Developer Guide: {name}", href=f"{_GUIDE}{page}.html")


CONNECTIONS: Final = _guide(
    "Use @connections commands in your backend service", "apigateway-how-to-call-websocket-api-connections"
)
CONTROL_ACCESS: Final = _guide(
    "Control access to WebSocket APIs with AWS IAM", "apigateway-websocket-control-access-iam"
)
PERMISSIONS: Final = _guide(
    "Actions and resources of API Gateway's management", "api-gateway-iam-policy-examples-for-apigateway"
)
QUOTAS: Final = _guide("Quotas", "limits")
PROTECT: Final = _guide("Protect your WebSocket APIs", "websocket-api-protect")
CONNECT: Final = _guide(
    "Manage connected users and client apps: $connect and $disconnect routes",
    "apigateway-websocket-api-route-keys-connect-disconnect",
)
BINARY: Final = _guide("Binary media types for WebSocket APIs", "websocket-api-develop-binary-media-types")
METRICS: Final = _guide("Monitor WebSocket APIs with CloudWatch metrics", "apigateway-websocket-api-logging")
LOGS: Final = _guide("Configure logging for a WebSocket API", "websocket-api-logging")
DEPLOY: Final = _guide("Deploy a WebSocket API", "apigateway-set-up-websocket-deployment")
DOMAINS: Final = _guide("Custom domain names for WebSocket APIs", "websocket-api-custom-domain-names")
CERTIFICATES: Final = _guide(
    "Get certificates ready in AWS Certificate Manager", "how-to-custom-domains-prerequisites"
)
DATA_MAPPING: Final = _guide("Set up data mapping for WebSocket APIs", "websocket-api-data-mapping")
GONE: Final = Document(
    name="AWS re:Post: How do I resolve 410 GoneException errors with API Gateway?",
    href="https://repost.aws/knowledge-center/410-gone-api-gateway",
)
CONTROL_ERRORS: Final = Document(
    name="Amazon API Gateway Version 2 API Reference",
    href="https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/api-reference.html",
)
COMMON_ERRORS: Final = Document(
    name="AWS's errors that all actions have in common",
    href="https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
)
SIGNING: Final = Document(
    name="IAM User Guide: Troubleshoot Signature Version 4 signed requests",
    href="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
)
ROLES: Final = Document(
    name="IAM User Guide: Troubleshoot IAM roles",
    href="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html",
)
DENIED: Final = Document(
    name="IAM User Guide: Troubleshoot access denied error messages",
    href="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
)
CREDENTIALS: Final = Document(
    name="Boto3: Credentials",
    href="https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html",
)
DNS_ERRORS: Final = Document(
    name="Amazon Route 53 API Reference: ChangeResourceRecordSets",
    href="https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
)
HEALTH: Final = Document(name="AWS Health Dashboard", href="https://health.aws.amazon.com/health/status")
CLOSE_CODES: Final = Document(
    name="RFC 6455: The WebSocket Protocol, 7.4", href="https://www.rfc-editor.org/rfc/rfc6455#section-7.4"
)
CHECKS: Final = Document(
    name="Django: System check framework", href="https://docs.djangoproject.com/en/stable/ref/checks/"
)
