"""Tags, which APIs, stages and domain names have.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging.html
"""

from __future__ import annotations

from apigw_ws.emulator.control.world import bad_request

MOST = 50


def check(tags: dict[str, str]) -> None:
    if len(tags) > MOST:
        raise bad_request(f"The number of tags exceeds the limit of {MOST}")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise bad_request(f"Tag keys have 1 to 128 characters and values up to 256: {key[:128]}")
        if key.lower().startswith("aws:"):
            raise bad_request(f"Tag keys that begin with aws: are reserved: {key}")
