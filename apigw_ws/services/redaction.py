"""Redacts messages for traces."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

#: What replaces a value.
REDACTED: Final = "[redacted]"
#: Characters that are kept of text that is not JSON.
BEGINNING: Final = 80
#: Nesting of JSON in strings of JSON; anything deeper stays a string.
_LAYERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    text: str
    #: Whether only the beginning was kept.
    is_cut: bool


def keep(payload: bytes, keys: Collection[str], *, whole_texts: bool = False) -> Kept:
    """Return the message as compact JSON. Values of keys that contain one of ``keys`` are redacted.

    Of other text, its beginning, or all of it with ``whole_texts``; what follows such a key in it is
    redacted as far as it can be recognised.
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
    """A string that is JSON itself."""
    try:
        return json.dumps(redact(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return text


def _is_named(key: str, words: Collection[str]) -> bool:
    plain = _plain(key)
    return any(word in plain for word in words)


def _plain(key: str) -> str:
    """Makes “API-Key”, “api_key” and “apiKey” equal."""
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
    """Without NUL, which PostgreSQL refuses, and lone surrogates, which every database does."""
    return text.replace("\0", "�").encode(errors="replace").decode()
