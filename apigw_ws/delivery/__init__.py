"""The fast fan-out: one message to many connections, one outcome for each. No Django.

A delivery is a loop (``engine``) between what is to be sent (``feed``, at a pace that ``rates`` allows) and
the calls under way: with libcurl (``curl``, ``signing``) or, where there is no pycurl, boto3 (``threads``).
"""

from __future__ import annotations

from apigw_ws.delivery.engine import deliver, is_fast
from apigw_ws.delivery.rates import Rate
from apigw_ws.delivery.values import Answer, Endpoint, Outcome, Result, Target, said

__all__ = ["Answer", "Endpoint", "Outcome", "Rate", "Result", "Target", "deliver", "is_fast", "said"]
