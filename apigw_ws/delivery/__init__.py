"""The fast fan-out: one message to many connections, one outcome for each. No Django.

A delivery is a loop (``engine``) between what has to be sent (``feed``, at the pace of ``rates``) and
the calls under way: by libcurl (``curl``, ``signing``) or, without pycurl, by boto3 (``threads``).
"""

from __future__ import annotations

from apigw_ws.delivery.engine import deliver, is_fast
from apigw_ws.delivery.rates import Rate
from apigw_ws.delivery.values import Answer, Endpoint, Outcome, Result, Target, said

__all__ = ["Answer", "Endpoint", "Outcome", "Rate", "Result", "Target", "deliver", "is_fast", "said"]
