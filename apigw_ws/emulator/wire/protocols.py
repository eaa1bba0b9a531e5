"""The four protocols of AWS that our services speak, from the server's side."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import Any, Protocol
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from apigw_ws.emulator.values import AwsError, HttpRequest, HttpResponse
from apigw_ws.emulator.wire import form_values, json_values, xml_values
from apigw_ws.emulator.wire.routes import Routes
from apigw_ws.emulator.wire.scalars import read_text, write_text

Values = dict[str, Any]


class WireProtocol(Protocol):
    """What an operation's input, output and errors look like on the wire."""

    def operation(self, request: HttpRequest) -> OperationModel | None: ...

    def parameters(self, operation: OperationModel, request: HttpRequest) -> Values: ...

    def success(self, operation: OperationModel, output: Values) -> HttpResponse: ...

    def failure(self, error: AwsError, shape: StructureShape | None, request_id: str) -> HttpResponse: ...


def error_values(error: AwsError, shape: StructureShape | None) -> Values:
    """The error's members by the names of its shape, the message under whichever case the shape has."""
    names = shape.members if shape else {"message": None}
    message = {name: error.message for name in names if name.lower() == "message"}
    return {name: value for name, value in {**message, **error.members}.items() if value is not None}


class Rest(ABC):
    """The half that rest-json and rest-xml share: paths, query strings and headers."""

    def __init__(self, model: ServiceModel) -> None:
        self.routes = Routes(map(model.operation_model, model.operation_names))

    def operation(self, request: HttpRequest) -> OperationModel | None:
        found = self.routes.match(request.method, request.raw_path)
        return found and found[0]

    def parameters(self, operation: OperationModel, request: HttpRequest) -> Values:
        shape = operation.input_shape
        if shape is None:
            return {}
        found = self.routes.match(request.method, request.raw_path)
        labels = found[1] if found else {}
        query: dict[str, list[str]] = defaultdict(list)
        for name, text in parse_qsl(request.raw_query, keep_blank_values=True):
            query[name].append(text)
        return self._payload(shape, request.body) | _located(shape, labels, query)

    def _payload(self, shape: StructureShape, body: bytes) -> Values:
        name = shape.serialization.get("payload")
        if not name:
            return self.read_body(shape, body)
        member = shape.members[name]
        return {name: body if member.type_name == "blob" else self.read_body(member, body)}

    @abstractmethod
    def read_body(self, shape: Shape, body: bytes) -> Values: ...


def _located(shape: StructureShape, labels: dict[str, str], query: dict[str, list[str]]) -> Values:
    found: Values = {}
    for name, member in shape.members.items():
        wire = json_values.wire_name(name, member)
        location = member.serialization.get("location")
        if location == "uri":
            found[name] = read_text(member, labels[wire])
        elif location == "querystring" and wire in query:
            several = isinstance(member, ListShape)
            found[name] = query[wire] if several else read_text(member, query[wire][0])
    return found


def _body_members(shape: StructureShape, values: Values) -> Values:
    inside = (name for name, member in shape.members.items() if "location" not in member.serialization)
    return {name: values[name] for name in inside if name in values}


class RestJson(Rest):
    def read_body(self, shape: Shape, body: bytes) -> Values:
        values: Values = json_values.read(shape, json_values.parse(body))
        return _body_members(shape, values) if isinstance(shape, StructureShape) else values

    def success(self, operation: OperationModel, output: Values) -> HttpResponse:
        status = operation.http.get("responseCode", 200)
        shape = operation.output_shape
        if status == 204:
            return HttpResponse(status=204)
        payload = shape.serialization.get("payload") if shape else None
        if payload:
            return HttpResponse(status=status, body=output.get(payload, b""))
        return _json(status, json_values.write(shape, output, "iso8601") if shape else {})

    def failure(self, error: AwsError, shape: StructureShape | None, request_id: str) -> HttpResponse:
        values = error_values(error, shape)
        body = json_values.write(shape, values, "iso8601") if shape else values
        return _json(error.status, body, ("x-amzn-ErrorType", error.code))


class RestXml(Rest):
    def __init__(self, model: ServiceModel) -> None:
        super().__init__(model)
        self.namespace = f"https://{model.endpoint_prefix}.amazonaws.com/doc/{model.api_version}/"

    def read_body(self, shape: Shape, body: bytes) -> Values:
        values: Values = xml_values.read(shape, xml_values.parse(body)) if body else {}
        return _body_members(shape, values) if isinstance(shape, StructureShape) else values

    def success(self, operation: OperationModel, output: Values) -> HttpResponse:
        root = Element(f"{operation.name}Response", {"xmlns": self.namespace})
        shape = operation.output_shape
        headers = []
        if shape is not None:
            xml_values.write_members(shape, output, root)
            headers = [
                (json_values.wire_name(name, member), write_text(member, output[name], "rfc822"))
                for name, member in shape.members.items()
                if member.serialization.get("location") == "header" and name in output
            ]
        return _xml(operation.http.get("responseCode", 200), root, *headers)

    def failure(self, error: AwsError, shape: StructureShape | None, request_id: str) -> HttpResponse:
        return _xml_failure(error, shape, self.namespace, request_id)


class Json:
    """A POST to / whose X-Amz-Target header names the operation (ACM, today's CloudWatch)."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.content_type = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"

    def operation(self, request: HttpRequest) -> OperationModel | None:
        name = request.header("x-amz-target").rpartition(".")[2]
        return self.model.operation_model(name) if name in self.model.operation_names else None

    def parameters(self, operation: OperationModel, request: HttpRequest) -> Values:
        shape = operation.input_shape
        return json_values.read(shape, json_values.parse(request.body)) if shape else {}

    def success(self, operation: OperationModel, output: Values) -> HttpResponse:
        shape = operation.output_shape
        body = json_values.write(shape, output, "unixTimestamp") if shape else {}
        return _json(200, body, content_type=self.content_type)

    def failure(self, error: AwsError, shape: StructureShape | None, request_id: str) -> HttpResponse:
        values = error_values(error, shape)
        body = json_values.write(shape, values, "unixTimestamp") if shape else values
        headers = []
        if "awsQueryCompatible" in self.model.metadata:
            code = shape.error_code if shape else error.code
            headers.append(("x-amzn-query-error", f"{code};{_fault(error)}"))
        name = shape.name if shape else error.code
        return _json(error.status, {"__type": name, **body}, *headers, content_type=self.content_type)


class Query:
    """A form with Action in, XML out (STS, older CloudWatch clients)."""

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.namespace = str(model.metadata.get("xmlNamespace", ""))

    def _fields(self, request: HttpRequest) -> dict[str, str]:
        text = request.body.decode(errors="replace") or request.raw_query
        return dict(parse_qsl(text, keep_blank_values=True))

    def operation(self, request: HttpRequest) -> OperationModel | None:
        name = self._fields(request).get("Action", "")
        return self.model.operation_model(name) if name in self.model.operation_names else None

    def parameters(self, operation: OperationModel, request: HttpRequest) -> Values:
        shape = operation.input_shape
        return form_values.read(shape, form_values.tree(self._fields(request))) if shape else {}

    def success(self, operation: OperationModel, output: Values) -> HttpResponse:
        root = Element(f"{operation.name}Response", {"xmlns": self.namespace})
        if operation.output_shape is not None:
            result = SubElement(root, f"{operation.name}Result")
            xml_values.write_members(operation.output_shape, output, result)
        SubElement(root, "ResponseMetadata")
        return _xml(200, root)

    def failure(self, error: AwsError, shape: StructureShape | None, request_id: str) -> HttpResponse:
        return _xml_failure(error, shape, self.namespace, request_id)


def _fault(error: AwsError) -> str:
    return "Sender" if error.status < 500 else "Receiver"


def _xml_failure(
    error: AwsError, shape: StructureShape | None, namespace: str, request_id: str
) -> HttpResponse:
    """Clients take the request's ID from the body, where there is one, and not from the header."""
    root = Element("ErrorResponse", {"xmlns": namespace})
    node = SubElement(root, "Error")
    SubElement(node, "Type").text = _fault(error)
    SubElement(node, "Code").text = shape.error_code if shape else error.code
    SubElement(node, "Message").text = error.message
    if shape is not None:
        values = error_values(error, shape)
        xml_values.write_members(shape, {k: v for k, v in values.items() if k != "Message"}, node)
    SubElement(root, "RequestId").text = request_id
    return _xml(error.status, root)


def _json(
    status: int, body: Any, *headers: tuple[str, str], content_type: str = "application/json"
) -> HttpResponse:
    """AWS sends errors that have no members (GoneException) with an empty body."""
    text = json.dumps(body).encode() if body or status < 400 else b""
    return HttpResponse(status=status, headers=(("Content-Type", content_type), *headers), body=text)


def _xml(status: int, root: Element, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(
        status=status, headers=(("Content-Type", "text/xml"), *headers), body=xml_values.render(root)
    )
