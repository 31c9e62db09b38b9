# SPDX-License-Identifier: Apache-2.0
"""Rows that came of a system, day by day: a small row of bars, a day without any as a mark at the foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from wardkeep.web.draw.share import percent

HEIGHT = 24
#: Pixels of a bar that stands for anything at all.
LEAST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One day; x and width are shares of the drawing, y and height pixels from its top."""

    day: date
    rows: int
    x: str
    width: str
    y: int
    height: int


def draw_arrivals(rows: Sequence[int], first: date) -> list[Bar]:
    """A bar for each of consecutive days from `first` on; the highest takes the whole height."""
    most = max(rows, default=0)
    heights = [max(LEAST, round(HEIGHT * n / most)) if n else 1 for n in rows]
    return [
        Bar(
            day=first + timedelta(days=number),
            rows=n,
            x=percent((number + 0.1) / len(rows)),
            width=percent(0.8 / len(rows)),
            y=HEIGHT - height,
            height=height,
        )
        for number, (n, height) in enumerate(zip(rows, heights, strict=True))
    ]
