"""Keeps what was typed in the session: a page that is left or opened twice loses nothing.

A copy in the cache outlives an expired session, so that the same user can sign in again and go on.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.core.cache import cache
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

KEY: Final = "apigw_ws_drafts"
#: Seconds that the copy is kept.
COPIED: Final = 24 * 60 * 60
#: The most drafts in a session; the oldest go first.
KEPT: Final = 5


class Answers:
    """The answers to one draft, by step."""

    def __init__(self, request: HttpRequest, draft: uuid.UUID) -> None:
        self._session = request.session
        self._copy = f"{KEY}:{request.user.pk}"
        self._name = draft.hex

    def get(self, step: str) -> MultiValueDict[str, Any] | None:
        posted = self._drafts().get(self._name, {}).get(step)
        return None if posted is None else MultiValueDict(posted)

    def put(self, step: str, posted: QueryDict) -> None:
        """Store what was posted. The draft edited last is the last to be dropped."""
        drafts = self._drafts()
        steps = drafts.pop(self._name, {})
        steps[step] = {name: values for name, values in posted.lists() if name != "csrfmiddlewaretoken"}
        kept = list(drafts.items())[1 - KEPT :]
        self._keep(dict([*kept, (self._name, steps)]))

    def forget(self) -> None:
        self._keep({name: steps for name, steps in self._drafts().items() if name != self._name})

    def _drafts(self) -> dict[str, Any]:
        return dict(self._session[KEY] if KEY in self._session else cache.get(self._copy) or {})

    def _keep(self, drafts: dict[str, Any]) -> None:
        self._session[KEY] = drafts
        cache.set(self._copy, drafts, COPIED)
