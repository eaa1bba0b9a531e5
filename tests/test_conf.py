"""Settings are read live, and documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from apigw_ws.conf import SETTINGS, Conf, conf

DOCS = Path(__file__).resolve().parent.parent / "docs/settings.md"
PROPERTIES = {name.lower() for name in SETTINGS}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_a_property_that_reads_it_live(name: str) -> None:
    setting = SETTINGS[name]
    other: Any = {str: "other", bool: not setting.default, int: 7}.get(setting.types[0], ("https://a.b",))
    with override_settings():
        assert getattr(conf, name.lower()) == setting.default
    with override_settings(APIGW_WS={name: other}):
        assert getattr(conf, name.lower()) == other


def test_there_is_a_row_in_the_docs_for_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `(.*?)` \|", DOCS.read_text(), re.MULTILINE))

    assert rows == {name: repr(setting.default).replace("''", '""') for name, setting in SETTINGS.items()}


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ({"APIGW_WS": {"REGION": "a"}, "AWS_GATEWAY_REGION_NAME": "b", "AWS_REGION_NAME": "c"}, "a"),
        ({"AWS_GATEWAY_REGION_NAME": "b", "AWS_REGION_NAME": "c"}, "b"),
        ({"AWS_REGION_NAME": "c"}, "c"),
        ({"AWS_REGION_NAME": None}, ""),
    ],
)
def test_the_region_is_found_where_the_fields_existing_package_has_it(given: Any, region: str) -> None:
    with override_settings(**given):
        assert conf.region == region


@override_settings(AWS_IAM_PROFILE="p", AWS_ACCESS_KEY_ID="k", AWS_SECRET_ACCESS_KEY="s")
def test_credentials_too() -> None:
    assert (conf.aws_profile, conf.aws_access_key_id, conf.aws_secret_access_key) == ("p", "k", "s")


def test_conf_has_no_property_without_a_setting() -> None:
    own = {name for name, value in vars(Conf).items() if isinstance(value, property)}

    assert {name for name in own if not name.startswith("aws_")} == PROPERTIES
