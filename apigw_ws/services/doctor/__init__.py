"""The doctor: checks everything that can be wrong with a gateway and with the project.

A finding is green, amber or red only if that is certain; what AWS, DNS or a server did not answer is unknown,
never red. Nothing is changed, and nothing raised.
"""

from __future__ import annotations

from apigw_ws.services.doctor.findings import Finding, Fix, Level, worst
from apigw_ws.services.doctor.gateway import of_gateway
from apigw_ws.services.doctor.memory import problems
from apigw_ws.services.doctor.project import of_looks, of_project, of_reaper, why_missed

__all__ = [
    "Finding",
    "Fix",
    "Level",
    "of_gateway",
    "of_looks",
    "of_project",
    "of_reaper",
    "problems",
    "why_missed",
    "worst",
]
