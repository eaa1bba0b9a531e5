"""Draws small charts on the server, as SVG paths.

Unfold's own charts are drawn once, after the page has loaded, on a canvas that keeps the colours of that
moment: what htmx brings later is not drawn, and there is no line for a deployment. A path is there at
once, takes its colours from the stylesheet, and beside it stands the table that a canvas needs anyway.

Coordinates: each step is one wide, the plot is ``HEIGHT`` high, and y grows downwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

HEIGHT: Final = 100
#: The part of a step that its bar fills.
FILLED: Final = 0.8

Values = Sequence[float | None]


def ceiling(values: Iterable[float | None]) -> float:
    """Return the least of 2, 4, 6, 8, 10, 20, 40 … that no value exceeds. Half of it is whole, too."""
    highest = max((value for value in values if value), default=1)
    decade = 10 ** math.floor(math.log10(max(highest, 1)))
    return float(next(step * decade for step in (2, 4, 6, 8, 10) if step * decade >= highest))


def bars(values: Values, top: float) -> str:
    """Return a bar for each value; nothing for None."""
    return "".join(
        f"M{number(step + (1 - FILLED) / 2)} {HEIGHT}V{_height(value, top)}h{FILLED}V{HEIGHT}Z"
        for step, value in enumerate(values)
        if value
    )


def stairs(values: Values, top: float) -> str:
    """Return a horizontal line for each value, joined to the one before; a gap for None."""
    return "".join(_stairs(values, top))


def _stairs(values: Values, top: float) -> Iterator[str]:
    drawn = False
    for step, value in enumerate(values):
        if value is not None:
            yield f"V{_height(value, top)}" if drawn else f"M{step} {_height(value, top)}"
            yield "h1"
        drawn = value is not None


def _height(value: float, top: float) -> str:
    return number(HEIGHT - HEIGHT * value / top)


def number(value: float) -> str:
    """Return a coordinate, not localised."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
