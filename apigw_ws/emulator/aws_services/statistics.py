"""CloudWatch's statistics of a group of buckets.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re

from apigw_ws.emulator.metrics import Bucket

_PERCENTILE = re.compile(r"(p|tm)(\d{1,2}(?:\.\d+)?|100)")


def statistic(name: str, buckets: list[Bucket]) -> float:
    """The value of Sum, Average, Minimum, Maximum, SampleCount, pNN or tmNN.

    Raises:
        ValueError: CloudWatch has no such statistic, or the emulator does not.
    """
    count = sum(bucket.count for bucket in buckets)
    total = sum(bucket.total for bucket in buckets)
    match name:
        case "Sum":
            return total
        case "SampleCount":
            return count
        case "Average":
            return total / count
        case "Minimum":
            return min(bucket.low for bucket in buckets)
        case "Maximum":
            return max(bucket.high for bucket in buckets)
    asked = _PERCENTILE.fullmatch(name)
    if asked is None:
        raise ValueError(f"The value '{name}' for the parameter Stat is not supported.")
    values = sorted(value for bucket in buckets for value in bucket.sample)
    share = float(asked[2]) / 100
    if asked[1] == "tm":
        kept = values[: max(1, round(len(values) * share))]
        return sum(kept) / len(kept)
    return _percentile(values, share)


def _percentile(values: list[float], share: float) -> float:
    """Between the two nearest values, in proportion."""
    place = (len(values) - 1) * share
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
