"""Streams files, with an event in the audit trail when the download ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from apigw_ws.models import AuditEvent
from apigw_ws.services import audit
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.resources.formats import Format, Record


class FormatForm(forms.Form):
    """Asks for the file's format: ``format``, once it is valid."""

    choice = forms.ChoiceField(label=gettext_lazy("Format"), widget=UnfoldAdminRadioSelectWidget)

    def __init__(self, *args: Any, formats: Iterable[Format], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._formats = {each.extensions[0]: each for each in formats}
        self.fields["choice"].choices = [(key, each.title) for key, each in self._formats.items()]  # type: ignore[attr-defined]
        self.fields["choice"].initial = next(iter(self._formats))

    @property
    def format(self) -> Format:
        return self._formats[self.cleaned_data["choice"]]


def download(
    request: HttpRequest,
    fmt: Format,
    *,
    name: str,
    what: str,
    columns: Sequence[str],
    records: Iterable[Record],
) -> StreamingHttpResponse:
    """Return the file, streamed row by row; the audit trail says who took how much of ``what``."""
    chunks = fmt.chunks(columns, _noted(request, fmt, what, records))
    stream: Any = _asynchronous(chunks) if isinstance(request, ASGIRequest) else chunks
    file = f"{name}-{timezone.now():%Y-%m-%d-%H%M}.{fmt.extensions[0]}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(stream, content_type=fmt.content_type, headers=headers)


def _noted(request: HttpRequest, fmt: Format, what: str, records: Iterable[Record]) -> Iterator[Record]:
    """Not which: a search may name an address."""
    count, by, ip = 0, request.user, address_of(request)
    try:
        for count, record in enumerate(records, 1):  # noqa: B007
            yield record
    finally:
        after = {"rows": count, "format": fmt.title}
        audit.record(AuditEvent.Verb.EXPORT, None, what=what, by=by, ip=ip, after=after)  # type: ignore[arg-type]


async def _asynchronous(chunks: Generator[bytes]) -> AsyncIterator[bytes]:
    """Stream under ASGI, too, where Django would collect a synchronous iterator first."""
    following = sync_to_async(lambda: next(chunks, None))
    try:
        while (chunk := await following()) is not None:
            yield chunk
    finally:
        await sync_to_async(chunks.close)()
