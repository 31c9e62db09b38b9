# SPDX-License-Identifier: Apache-2.0
"""How a log grew: a bar for each day of which a checkpoint was kept, as high as the entries that came since the one before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wardkeep.web.draw.share import percent

HEIGHT = 64
#: Pixels of a bar that stands for anything at all.
LEAST = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One kept day; x and width are shares of the drawing, y and height pixels from its top."""

    day: date
    entries: int
    x: str
    width: str
    y: int
    height: int


def draw_growth(kept: Sequence[tuple[date, int]]) -> list[Bar]:
    """Bars for (day, size of the log), oldest first; the first day has nothing before it. Fewer than two days draw nothing.

    A size that is smaller than the one before is of a new year's log: what it has came since.
    """
    steps = [(day, size - before if size >= before else size) for (_, before), (day, size) in itertools.pairwise(kept)]
    most = max((entries for _, entries in steps), default=0)
    bars = []
    for number, (day, entries) in enumerate(steps):
        height = max(LEAST, round(HEIGHT * entries / most)) if entries else 0
        bars.append(
            Bar(
                day=day,
                entries=entries,
                x=percent((number + 0.15) / len(steps)),
                width=percent(0.7 / len(steps)),
                y=HEIGHT - height,
                height=height,
            )
        )
    return bars
