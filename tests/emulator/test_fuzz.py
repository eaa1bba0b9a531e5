"""Random values through botocore's real client and our dispatcher, both ways, for every operation.

Twice is independent: the client's code knows nothing of ours. The test also checks the dispatcher
against every new botocore, and CloudWatch once more in the protocol that older clients speak.
"""

from __future__ import annotations

import io
import json
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from apigw_ws.emulator.values import AwsError, HttpRequest
from apigw_ws.emulator.wire.service import Service

SERVICES = (
    "apigatewayv2",
    "apigatewaymanagementapi",
    "acm",
    "sts",
    "cloudwatch",
    "cloudwatch-query",
    "route53",
)
SEEDS = range(4)
#: Route 53's ids, which botocore shortens to what follows a slash.
CUT_AT_SLASH = ("ResourceId", "DelegationSetId", "ChangeId")
CHARACTERS = string.ascii_letters + string.digits + " /%&+=?#<>'\"\\{}[]$@:;,.~_-äß漢🙂"


class Recorder(Service):
    """Answers every operation with the same output or error, and keeps its input."""

    output: dict[str, Any] = {}
    error: AwsError | None = None
    seen: dict[str, Any] | None = None

    def call(self, operation: OperationModel, parameters: dict[str, Any]) -> dict[str, Any]:
        self.seen = parameters
        if self.error is not None:
            raise self.error
        return self.output


class Wire:
    """A botocore client whose requests go to a recorder instead of the network."""

    def __init__(self, name: str, folder: Path) -> None:
        session = botocore.session.Session()
        service = name.removesuffix("-query")
        if name != service:
            _write_query_model(folder, Loader().load_service_model(service, "service-2"))
            session.get_component("data_loader").search_paths.insert(0, str(folder))
        self.recorder = Recorder(service, {})
        self.client = session.create_client(
            service,
            region_name="eu-west-2",
            endpoint_url="http://127.0.0.1:1",
            config=Config(
                signature_version=UNSIGNED, parameter_validation=False, retries={"total_max_attempts": 1}
            ),
        )
        self.client.meta.events.register("before-send", self._send)
        self.model = self.client.meta.service_model
        self.methods = {name: method for method, name in self.client.meta.method_to_api_mapping.items()}
        self.is_query = self.model.metadata["protocol"] == "query"
        assert self.is_query or not name.endswith("-query")

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        body = request.body or b""
        response = self.recorder.handle(
            HttpRequest(
                method=request.method,
                raw_path=parts.path,
                raw_query=parts.query,
                headers=tuple((k.lower(), _text(v)) for k, v in request.headers.items()),
                body=body if isinstance(body, bytes) else body.encode(),
            )
        )
        raw = _Body(response.body)
        return AWSResponse(request.url, response.status, dict(response.headers), raw)

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.client, self.methods[operation])(**parameters)
        del answer["ResponseMetadata"]
        streamed = {name: value.read() for name, value in answer.items() if hasattr(value, "read")}
        return answer | streamed


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _write_query_model(folder: Path, model: dict[str, Any]) -> None:
    place = folder / "cloudwatch" / "2010-08-01"
    place.mkdir(parents=True)
    metadata = {k: v for k, v in model["metadata"].items() if k != "awsQueryCompatible"}
    metadata |= {"protocol": "query", "protocols": ["query"]}
    (place / "service-2.json").write_text(json.dumps({**model, "metadata": metadata}))


class Values:
    """Random values of a shape, such as its protocol can carry."""

    def __init__(self, seed: int, *, never_empty: bool) -> None:
        self.random = random.Random(seed)
        self.never_empty = never_empty

    def of(self, shape: Shape, depth: int = 0) -> Any:
        if isinstance(shape, StructureShape):
            return self.structure(shape, depth)
        if isinstance(shape, ListShape):
            count = self.size(depth) or int("location" in shape.serialization)
            return [self.of(shape.member, depth + 1) for _ in range(count)]
        if isinstance(shape, MapShape):
            count = self.size(depth)
            return {self.text() + str(n): self.of(shape.value, depth + 1) for n in range(count)}
        return self.scalar(shape)

    def size(self, depth: int) -> int:
        return self.random.randrange(1 if self.never_empty else 0, 3 if depth < 4 else 2)

    def structure(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        names = [name for name, member in shape.members.items() if not self.is_mute(member)]
        if shape.is_tagged_union:
            chosen = self.random.sample(names, 1)
        else:
            needed = set(shape.required_members)
            chosen = [name for name in names if name in needed or self.random.random() < 0.7 - depth / 8]
        if self.never_empty and names and not chosen:
            chosen = [self.random.choice(names)]
        return {name: self.of(shape.members[name], depth + 1) for name in chosen}

    def is_mute(self, shape: Shape) -> bool:
        """A form has no way to say that a structure without members is there."""
        return self.never_empty and isinstance(shape, StructureShape) and not shape.members

    def scalar(self, shape: Shape) -> Any:
        match shape.type_name:
            case "boolean":
                return self.random.random() < 0.5
            case "integer" | "long":
                return self.random.randrange(-(2**31), 2**31)
            case "float" | "double":
                return self.random.choice([0.0, 1.5, -2e10, self.random.random()])
            case "timestamp":
                # At noon: botocore answers in local time, and an hour that a clock repeats equals no other.
                noon = self.random.randrange(20_000) * 86_400 + 43_200
                return datetime.fromtimestamp(noon + self.random.randrange(3_600), UTC)
            case "blob":
                return self.random.randbytes(self.random.randrange(20))
            case _ if shape.serialization.get("location") in ("uri", "header") or shape.name in CUT_AT_SLASH:
                # No space either: HTTP trims headers.
                return "".join(self.random.choices(string.ascii_letters + "@=+~-", k=8))
            case _:
                return self.text()

    def text(self) -> str:
        return "".join(self.random.choices(CHARACTERS, k=self.random.randrange(12)))


@pytest.fixture(scope="module", params=SERVICES)
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    made = Wire(request.param, tmp_path_factory.mktemp("models"))
    yield made
    made.client.close()


def test_what_a_client_sends_and_gets_is_what_the_other_side_gets_and_sends(wire: Wire) -> None:
    count = 0
    for seed in SEEDS:
        values = Values(seed, never_empty=wire.is_query)
        for name in wire.model.operation_names:
            operation = wire.model.operation_model(name)
            given = values.of(operation.input_shape) if operation.input_shape else {}
            wire.recorder.error = None
            wire.recorder.output = values.of(operation.output_shape) if operation.output_shape else {}
            if operation.http.get("responseCode") == 204:
                wire.recorder.output = {}
            if operation.has_streaming_output:
                wire.recorder.output.setdefault("body", b"")

            got = wire.call(name, given)

            assert wire.recorder.seen is not None
            assert given == {k: v for k, v in wire.recorder.seen.items() if k in given}, name
            assert wire.recorder.output == got, name
            count += 1
    assert count == len(SEEDS) * len(wire.model.operation_names)


def test_every_modelled_error_arrives_with_its_code_status_and_message(wire: Wire) -> None:
    for name in wire.model.operation_names:
        operation = wire.model.operation_model(name)
        given = Values(1, never_empty=True).of(operation.input_shape) if operation.input_shape else {}
        for shape in operation.error_shapes:
            status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
            message = f"{shape.name} of {name} & <co>"
            wire.recorder.error = AwsError(shape.error_code, status, message)

            with pytest.raises(ClientError) as caught:
                wire.call(name, given)

            answer = caught.value.response
            says = {member.lower() for member in shape.members} & {"message"} or wire.is_query
            assert shape.error_code == answer["Error"]["Code"], name
            assert status == answer["ResponseMetadata"]["HTTPStatusCode"], name
            assert (message if says else "") == answer["Error"]["Message"], name
