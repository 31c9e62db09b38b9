# SPDX-License-Identifier: Apache-2.0
"""The time line of a case: one lane a local day, shifts as bands, accesses as marks, those of the case set off.

Positions are percentages of a lane's width, so that a page of any width shows the same drawing and text keeps its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from wardkeep.watch.cases.pages import ShiftShown

#: Lanes drawn at most; what is left out is said.
MAX_LANES = 31


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    x: str
    flagged: bool
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    x: str
    width: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """One local day; `gap` > 0 stands for that many days without an access instead."""

    day: date
    marks: Sequence[Mark] = ()
    bands: Sequence[Band] = ()
    flagged: int = 0
    gap: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeLine:
    lanes: Sequence[Lane]
    #: Days with accesses that found no room.
    left_out: int
    hours: Sequence[tuple[int, str]]


def draw_time_line(accesses: Iterable[tuple[datetime, str, bool]], shifts: Iterable[ShiftShown]) -> TimeLine:
    """Lanes for accesses (moment, title, flagged) in order of time; days of the case come first where room is short."""
    marks: dict[date, list[Mark]] = {}
    for at, title, flagged in accesses:
        local = timezone.localtime(at)
        marks.setdefault(local.date(), []).append(Mark(x=_percent(_share(local)), flagged=flagged, title=title))
    bands = _bands(shifts)
    wanted = sorted(marks, key=lambda d: (not any(m.flagged for m in marks[d]), d))[:MAX_LANES]
    lanes: list[Lane] = []
    for day in sorted(wanted):
        if lanes and (gap := (day - lanes[-1].day).days - 1) > 0:
            lanes.append(Lane(day=day - timedelta(days=1), gap=gap))
        lane = sorted(marks[day], key=lambda m: m.flagged)
        lanes.append(Lane(day=day, marks=lane, bands=bands.get(day, ()), flagged=sum(m.flagged for m in lane)))
    return TimeLine(
        lanes=lanes,
        left_out=len(marks) - len(wanted),
        hours=[(h, _percent(h / 24)) for h in range(0, 24, 3)],
    )


def _bands(shifts: Iterable[ShiftShown]) -> dict[date, list[Band]]:
    """Each shift cut at midnight."""
    found: dict[date, list[Band]] = {}
    for shift in shifts:
        begins, ends = timezone.localtime(shift.start), timezone.localtime(shift.end)
        title = f"{shift.department or ''} {begins:%H:%M}–{ends:%H:%M}".strip()
        day = begins.date()
        while day <= ends.date():
            left = _share(begins) if day == begins.date() else 0.0
            right = _share(ends) if day == ends.date() else 1.0
            if right > left:
                found.setdefault(day, []).append(Band(x=_percent(left), width=_percent(right - left), title=title))
            day += timedelta(days=1)
    return found


def _share(local: datetime) -> float:
    """How much of its local day has passed, by the clock on the wall."""
    midnight = datetime.combine(local.date(), time())
    return (local.replace(tzinfo=None) - midnight) / timedelta(days=1)


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"
