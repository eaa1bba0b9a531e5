"""What AWS has and the emulator has not, when an account is looked through."""

from __future__ import annotations

from typing import Any

from botocore.stub import Stubber

from apigw_ws.aws import catalogue, domains
from tests.emulator.serving import Served


def test_domains_of_rest_apis_are_passed_over(emulator: Served) -> None:
    client = emulator.client("apigatewayv2")
    edge: dict[str, Any] = {
        "DomainName": "rest.example.com",
        "DomainNameConfigurations": [{"EndpointType": "EDGE"}],
    }
    with Stubber(client) as stubbed:  # which refuses any further call
        stubbed.add_response("get_domain_names", {"Items": [edge]}, {})

        assert domains.leading_to(client, lambda: None, "abc") == ()


def test_http_apis_are_not_listed(emulator: Served) -> None:
    client = emulator.client("apigatewayv2")
    fields = {"ApiId": "abc", "Name": "shop", "ApiEndpoint": "https://abc", "RouteSelectionExpression": "-"}
    with Stubber(client) as stubbed:
        stubbed.add_response("get_apis", {"Items": [{**fields, "ProtocolType": "HTTP"}]}, {})

        assert catalogue.apis(client) == ()
