# SPDX-License-Identifier: Apache-2.0
"""An account beside its peers: distinct patients a day as bars over the band in which peers lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wardkeep.watch.cases.pages import DayCount


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One day. All positions are percentages of the drawing, y from the top."""

    day: date
    patients: int
    unexplained: int
    x: str
    width: str
    bar_x: str
    bar_width: str
    bar_y: str
    bar_height: str
    open_y: str
    open_height: str
    band_y: str
    band_height: str
    median_y: str
    above: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PeerPlot:
    columns: Sequence[Column]
    #: Values of the lines across, with their y.
    steps: Sequence[tuple[int, str]]
    #: Days that are named below, with their x.
    names: Sequence[tuple[date, str]]
    days_above: int


def draw_peers(days: Sequence[DayCount]) -> PeerPlot:
    """Columns for consecutive days; a day that nobody worked is left out by the query and stays a gap."""
    if not days:
        return PeerPlot(columns=(), steps=(), names=(), days_above=0)
    first, last = days[0].day, days[-1].day
    count = (last - first).days + 1
    step, top = scale(max(max(d.patients, d.peer_high) for d in days))
    columns = [_column(d, (d.day - first).days / count, 1 / count, top) for d in days]
    stride = max(1, -(-count // 6))
    names = [(c.day, c.x) for c in columns if (c.day - first).days % stride == 0]
    steps = [(value, _percent(1 - value / top)) for value in range(0, top + 1, step)]
    return PeerPlot(columns=columns, steps=steps, names=names, days_above=sum(c.above for c in columns))


def scale(largest: float) -> tuple[int, int]:
    """(step, top) of an axis with two to five steps of 1, 2 or 5 times a power of ten."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if largest <= 4 * step * factor:
                return step * factor, step * factor * max(1, -(-int(largest + 0.999) // (step * factor)))
        step *= 10


def _column(day: DayCount, left: float, width: float, top: int) -> Column:
    return Column(
        day=day.day,
        patients=day.patients,
        unexplained=day.unexplained,
        x=_percent(left),
        width=_percent(width),
        bar_x=_percent(left + width * 0.2),
        bar_width=_percent(width * 0.6),
        bar_y=_percent(1 - day.patients / top),
        bar_height=_percent(day.patients / top),
        open_y=_percent(1 - day.unexplained / top),
        open_height=_percent(day.unexplained / top),
        band_y=_percent(1 - day.peer_high / top),
        band_height=_percent(day.peer_high / top),
        median_y=_percent(1 - day.peer_median / top),
        above=day.patients > day.peer_high > 0,
    )


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"
