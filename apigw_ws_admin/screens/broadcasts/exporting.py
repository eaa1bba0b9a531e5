"""Whom a broadcast did not reach, as a CSV file that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

from django.http import StreamingHttpResponse

from apigw_ws.models import Broadcast
from apigw_ws.services import broadcasts

HEADER: Final = ("connection_id", "user", "result", "code", "error", "happened_on")
#: A spreadsheet takes what begins so for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def not_reached(broadcast: Broadcast, result: str = "") -> StreamingHttpResponse:
    """Streamed: there may be a million of them. Without addresses."""
    name = f"broadcast-{broadcast.pk}-not-reached.csv"
    return StreamingHttpResponse(
        _lines(broadcast, result),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(broadcast: Broadcast, result: str) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(HEADER)
    for row in broadcasts.recipients(broadcast, result):
        cells = (row.connection_id, row.user_label, row.result, row.code, row.error_text)
        yield writer.writerow([*map(harmless, cells), row.happened_on.isoformat()])


def harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text
