"""One AWS service as botocore's public model describes it, answered by a function of ours."""

from __future__ import annotations

import gzip
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape

from apigw_ws.emulator.values import AwsError, HttpRequest, HttpResponse
from apigw_ws.emulator.wire.protocols import Json, Query, RestJson, RestXml, WireProtocol
from apigw_ws.emulator.wire.scalars import Malformed
from apigw_ws.emulator.wire.validation import violations

Operation = Callable[[dict[str, Any]], dict[str, Any] | None]
PROTOCOLS: dict[str, Callable[[ServiceModel], WireProtocol]] = {
    "rest-json": RestJson,
    "rest-xml": RestXml,
    "json": Json,
    "query": Query,
}
#: The code with which each service refuses input that breaks its model.
INVALID_INPUT = {
    "apigateway": "BadRequestException",
    "apigatewayv2": "BadRequestException",
    "apigatewaymanagementapi": "BadRequestException",
    "acm": "ValidationException",
    "route53": "InvalidInput",
}


@cache
def service_model(name: str) -> ServiceModel:
    """AWS's own description of the service, as botocore brings it; reading one takes 50 ms."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


class Service:
    """Requests become calls of operations by name; what they return or raise becomes the answer.

    CloudWatch speaks two protocols, so the request decides; a service of the query protocol that
    has no X-Amz-Target header is asked by form.
    """

    def __init__(
        self, name: str, operations: Mapping[str, Operation], checks: Mapping[str, Operation] | None = None
    ) -> None:
        """`checks` run before the model's own, where AWS has words of its own for a wrong value."""
        self.name = name
        self.operations = operations
        self.checks = checks or {}
        self.model = service_model(name)
        self._invalid = INVALID_INPUT.get(name, "ValidationError")
        shapes = [shape for shape in self.model.error_shapes if isinstance(shape, StructureShape)]
        self._errors = {key: shape for shape in shapes for key in (shape.error_code, shape.name)}
        spoken = self.model.metadata.get("protocols") or [self.model.metadata["protocol"]]
        self._protocols = [PROTOCOLS[name](self.model) for name in spoken if name in PROTOCOLS]

    def operation(self, request: HttpRequest) -> OperationModel | None:
        return self._spoken(unzipped(request))[1]

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The answer of the operation that was asked for; errors are answers too."""
        try:
            request = unzipped(request)
            protocol, operation = self._spoken(request)
            if operation is None:
                raise AwsError("UnknownOperationException", 404, "The requested operation does not exist.")
            output = self.call(operation, protocol.parameters(operation, request))
        except AwsError as error:
            return self.fail(request, error)
        except Malformed as error:
            return self.fail(request, AwsError(self._invalid, 400, str(error)))
        return _identified(protocol.success(operation, output or {}), str(uuid.uuid4()))

    def call(self, operation: OperationModel, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """Check the parameters against the model and run the operation.

        Raises:
            AwsError: the parameters break the model, the operation refused them, or it is not built (501).
        """
        run = self.operations.get(operation.name)
        if run is None:
            message = f"The emulator does not build {self.name}:{operation.name}."
            raise AwsError("NotImplementedException", 501, message)
        if operation.name in self.checks:
            self.checks[operation.name](parameters)
        broken = list(violations(operation.input_shape, parameters)) if operation.input_shape else []
        if broken:
            count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
            raise AwsError(self._invalid, 400, count + "; ".join(broken))
        return run(parameters)

    def fail(self, request: HttpRequest, error: AwsError) -> HttpResponse:
        """The error in the protocol of the request."""
        request_id = str(uuid.uuid4())
        shape = self._errors.get(error.code)
        return _identified(self._spoken(request)[0].failure(error, shape, request_id), request_id)

    def _spoken(self, request: HttpRequest) -> tuple[WireProtocol, OperationModel | None]:
        for protocol in self._protocols:
            if (operation := protocol.operation(request)) is not None:
                return protocol, operation
        targeted = bool(request.header("x-amz-target"))
        return self._protocols[0 if targeted else -1], None


def unzipped(request: HttpRequest) -> HttpRequest:
    """The request with its body inflated; botocore gzips bodies over 10 KB of some operations.

    Raises:
        Malformed: the body is not what its Content-Encoding says.
    """
    if request.header("content-encoding") != "gzip":
        return request
    headers = tuple(pair for pair in request.headers if pair[0] != "content-encoding")
    try:
        return replace(request, body=gzip.decompress(request.body), headers=headers)
    except (OSError, EOFError, zlib.error) as error:
        raise Malformed("The request body is not gzip.") from error


def _identified(response: HttpResponse, request_id: str) -> HttpResponse:
    return replace(response, headers=(*response.headers, ("x-amzn-RequestId", request_id)))
