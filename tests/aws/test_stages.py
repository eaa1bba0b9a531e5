"""The settings of a stage: what is planned for them, and what the emulator makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from apigw_ws.aws import executor, operations
from apigw_ws.aws.calls import Calls
from apigw_ws.aws.client import ClientConfig, client
from apigw_ws.aws.planner import plan
from apigw_ws.aws.reader import read
from apigw_ws.aws.spec import GatewaySpec, Snapshot, StageSpec
from tests.aws.values import LOG_GROUP, applied, gateway
from tests.emulator.serving import Served

EVERYTHING = StageSpec(
    name="production",
    description="live",
    throttling_rate_limit=10.5,
    throttling_burst_limit=20,
    detailed_metrics=True,
    logging_level="ERROR",
    data_trace=True,
    access_log_destination_arn=LOG_GROUP,
    access_log_format="$context.requestId",
    variables={"colour": "red", "size": "7"},
)


def test_what_is_empty_is_left_as_aws_has_it() -> None:
    everything = gateway(stage=EVERYTHING)
    open_to_all = gateway(stage=StageSpec(name="production", description="live"))
    theirs = replace(applied(everything).stages[0], ledger="")

    assert plan(open_to_all, replace(applied(open_to_all), stages=(theirs,))) == ()


def test_only_what_differs_is_changed_and_needs_no_deployment() -> None:
    wanted = gateway(stage=replace(EVERYTHING, logging_level="INFO"))

    (update,) = plan(wanted, applied(gateway(stage=EVERYTHING)))

    assert isinstance(update, operations.UpdateStage)
    assert update.describe() == "Change the stage “production”: logging level."


def test_a_limit_of_zero_which_aws_shows_for_none_is_not_sent_back() -> None:
    wanted = gateway(stage=StageSpec(name="production", detailed_metrics=True))

    (update,) = plan(wanted, applied(gateway()))

    assert isinstance(update, operations.UpdateStage)
    assert update.kept == {}


@pytest.fixture
def boto(emulator: Served) -> Any:
    return client(
        "apigatewayv2",
        ClientConfig(
            region=emulator.region,
            endpoint_url=emulator.url,
            access_key_id=emulator.access_key,
            secret_access_key=emulator.secret_key,
            attempts=1,
        ),
    )


class Deployed:
    """A gateway of this test's own."""

    def __init__(self, boto: Any) -> None:
        self.boto = boto
        self.spec = gateway(uid=str(uuid4()))

    def apply(self, stage: StageSpec) -> list[str]:
        """The names of the operations after which AWS holds the stage."""
        self.spec = replace(self.spec, stage=stage)
        snapshot = self.read()
        done = executor.run(plan(self.spec, snapshot), Calls(self.boto, snapshot.api_id if snapshot else ""))
        names = [type(step.operation).__name__ for step in done]
        assert plan(self.spec, self.read()) == ()
        return names

    def read(self) -> Snapshot | None:
        return read(self.boto, uid=self.spec.uid, stage_name=self.spec.stage.name)

    @property
    def stage(self) -> Any:
        return {"ApiId": self.read().api_id, "StageName": self.spec.stage.name}  # type: ignore[union-attr]

    def there(self) -> Any:
        return self.boto.get_stage(**self.stage)


@pytest.fixture
def deployed(boto: Any) -> Iterator[Deployed]:
    deployed = Deployed(boto)
    deployed.apply(StageSpec(name="production"))
    yield deployed
    boto.delete_api(ApiId=deployed.stage["ApiId"])


def test_every_setting_arrives_in_aws(deployed: Deployed) -> None:
    assert deployed.apply(EVERYTHING) == ["UpdateStage"]

    there = deployed.there()
    assert there["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": 10.5,
        "ThrottlingBurstLimit": 20,
        "DetailedMetricsEnabled": True,
        "LoggingLevel": "ERROR",
        "DataTraceEnabled": True,
    }
    assert there["AccessLogSettings"] == {"DestinationArn": LOG_GROUP, "Format": "$context.requestId"}
    assert there["StageVariables"] == {"colour": "red", "size": "7"}


def test_a_new_stage_has_its_settings_at_once(deployed: Deployed) -> None:
    assert deployed.apply(replace(EVERYTHING, name="test")) == ["CreateStage", "Deploy", "RemoveStage"]


def test_a_setting_that_is_no_longer_wanted_stays_and_a_variable_goes(deployed: Deployed) -> None:
    deployed.apply(EVERYTHING)

    assert deployed.apply(StageSpec(name="production", description="live")) == ["UpdateStage"]

    there = deployed.there()
    assert there["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 20
    assert there["StageVariables"] == {}
    assert "apigw-ws:variables" not in there["Tags"]


def test_a_variable_that_somebody_else_set_stays(deployed: Deployed) -> None:
    deployed.apply(EVERYTHING)
    deployed.boto.update_stage(**deployed.stage, StageVariables={"theirs": "1", "colour": "blue"})

    deployed.apply(replace(EVERYTHING, variables={"colour": "green"}))

    assert deployed.there()["StageVariables"] == {"theirs": "1", "colour": "green"}


def test_a_setting_of_all_routes_that_is_not_ours_survives_the_change_of_another(deployed: Deployed) -> None:
    deployed.boto.update_stage(**deployed.stage, DefaultRouteSettings={"ThrottlingBurstLimit": 7})

    deployed.apply(StageSpec(name="production", detailed_metrics=True))

    assert deployed.there()["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 7
    assert deployed.there()["DefaultRouteSettings"]["DetailedMetricsEnabled"] is True


def test_an_update_that_was_cut_off_before_its_list_of_variables_is_finished(deployed: Deployed) -> None:
    deployed.boto.update_stage(**deployed.stage, StageVariables={"colour": "red"})

    assert deployed.apply(StageSpec(name="production", variables={"colour": "red"})) == ["UpdateStage"]
    assert deployed.there()["Tags"]["apigw-ws:variables"] == "colour"


def test_the_apis_own_address_is_switched_off_and_deployed(deployed: Deployed) -> None:
    spec: GatewaySpec = deployed.spec
    deployed.spec = replace(spec, api=replace(spec.api, disable_execute_api_endpoint=True))

    assert deployed.apply(spec.stage) == ["UpdateApi", "Deploy"]
    deployed.spec = spec
    assert deployed.apply(spec.stage) == ["UpdateApi", "Deploy"]
