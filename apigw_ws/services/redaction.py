"""What of a message a trace may keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

#: What stands in the place of a value.
REDACTED: Final = "[redacted]"
#: Characters that are kept of a text that is not JSON.
BEGINNING: Final = 80
#: JSON in texts in JSON; what is deeper stays a text.
_LAYERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    text: str
    #: Whether it is only the beginning.
    is_cut: bool


def keep(payload: bytes, keys: Collection[str], *, whole_texts: bool = False) -> Kept:
    """The message, as compact JSON without the values of keys that contain one of ``keys``, at any depth.

    Of what is not JSON, its beginning, or all with ``whole_texts``; what follows such a key in it is
    redacted as well as can be told.
    """
    text = payload.decode(errors="replace")
    words = [word for key in keys if (word := _plain(key))]
    try:
        data = json.loads(text)
        kept = json.dumps(_redacted(data, words, _LAYERS), ensure_ascii=False, separators=(",", ":"))
        return Kept(text=_storable(kept), is_cut=False)
    except (ValueError, RecursionError):
        is_cut = not whole_texts and len(text) > BEGINNING
        text = _without_values(text, words)
        return Kept(text=_storable(text[:BEGINNING] if is_cut else text), is_cut=is_cut)


def _redacted(data: Any, words: Collection[str], layers: int) -> Any:
    def inner(value: Any) -> Any:
        return _redacted(value, words, layers)

    match data:
        case dict():
            return {key: REDACTED if _is_named(key, words) else inner(value) for key, value in data.items()}
        case list():
            return [inner(value) for value in data]
        case str() if layers and data.lstrip()[:1] in {"{", "["}:
            return _inside(data, lambda parsed: _redacted(parsed, words, layers - 1))
    return data


def _inside(text: str, redact: Callable[[Any], Any]) -> str:
    """A text that is JSON itself."""
    try:
        return json.dumps(redact(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return text


def _is_named(key: str, words: Collection[str]) -> bool:
    plain = _plain(key)
    return any(word in plain for word in words)


def _plain(key: str) -> str:
    """“API-Key”, “api_key” and “apiKey” are the same."""
    return re.sub(r"[\W_]", "", key).casefold()


def _without_values(text: str, words: Collection[str]) -> str:
    if not words:
        return text
    named = "|".join(r"[\s_-]?".join(map(re.escape, word)) for word in words)
    value = r"""("(?:[^"\\]|\\.)*"?|'[^']*'?|(?:Bearer |Basic )?[^\s,;&}]+)"""
    return re.sub(
        rf"""(?i)((?:{named})[\w-]{{0,40}}["']?\s*[:=]\s*){value}""", rf"\1{REDACTED}", text, flags=re.DOTALL
    )


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL, and nobody lone surrogates."""
    return text.replace("\0", "�").encode(errors="replace").decode()
