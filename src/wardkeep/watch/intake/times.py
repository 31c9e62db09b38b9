# SPDX-License-Identifier: Apache-2.0
"""Times as sources write them, to microseconds since 1970-01-01 UTC, and how far each can be trusted.

Minutes are remembered, and what follows them (seconds and offset), so that most times cost two look-ups. A time without an
offset is read in the zone that was named: one that occurred twice is taken the first time and marked, one that never
occurred is read with the offset before the step and marked.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from wardkeep.watch.event import TimeQuality
from wardkeep.watch.intake.limits import YEARS

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
FIRST_DAY = date(1970, 1, 1).toordinal()
EARLIEST = (date(YEARS[0], 1, 1).toordinal() - FIRST_DAY) * DAY
LATEST = (date(YEARS[1], 1, 1).toordinal() - FIRST_DAY) * DAY
#: Remembered texts of one kind; then they are forgotten and learnt again.
REMEMBERED = 100_000

OFFSET, ZONE = str(TimeQuality.OFFSET), str(TimeQuality.ZONE)
AMBIGUOUS, SKIPPED = str(TimeQuality.AMBIGUOUS), str(TimeQuality.SKIPPED)

#: Microseconds and quality.
Moment = tuple[int, str]


class BadTime(ValueError):
    """A text that is no time; the message never holds the text."""


class Zone:
    """Local times of one zone."""

    def __init__(self, name: str) -> None:
        self._place: tzinfo = ZoneInfo(name)
        self._days: dict[int, int | None] = {}

    @classmethod
    def fixed(cls, offset: timedelta) -> Zone:
        """The times that are always as far from UTC."""
        made = cls("UTC")
        made._place = timezone(offset)
        return made

    def moment(self, local: int) -> Moment:
        """The moment of a local time in microseconds since 1970-01-01 00:00 of its own calendar."""
        day = local // DAY
        known = self._days.get(day, -1)
        if known == -1:
            known = self._days[day] = self._constant(day)
        if known is not None:
            return local - known, ZONE
        return self._careful(local)

    def _constant(self, day: int) -> int | None:
        """The offset of a whole local day in microseconds (a second's grain: never -1); None where it changes."""
        found = {self._offsets(day * DAY + hour * HOUR) for hour in range(-3, 28)}
        if len(found) != 1:
            return None
        first, second = found.pop()
        return first if first == second else None

    def _offsets(self, local: int) -> tuple[int, int]:
        naive = datetime(1970, 1, 1) + timedelta(microseconds=local)
        both = []
        for fold in (0, 1):
            offset = naive.replace(fold=fold, tzinfo=self._place).utcoffset()
            assert offset is not None  # noqa: S101 - a zone always has one
            both.append(offset // timedelta(microseconds=1))
        return both[0], both[1]

    def _careful(self, local: int) -> Moment:
        # fold 0 is the first of two, and in a gap the offset before the step (PEP 495).
        before, after = self._offsets(local)
        if before == after:
            return local - before, ZONE
        return local - before, AMBIGUOUS if before > after else SKIPPED


_days: dict[str, int] = {}
_clocks: dict[str, int] = {}
#: `2026-03-02T08:15` and `:30+08:00`: their sum is the moment.
_minutes: dict[str, int] = {}
_tails: dict[str, int] = {}
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)? ?(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)


def iso(text: str, zone: Zone | None = None) -> Moment:
    """An ISO 8601 time. Without an offset it needs a zone. Raises BadTime."""
    minute, tail = _minutes.get(text[:16]), _tails.get(text[16:])
    if minute is not None and tail is not None:
        return minute + tail, OFFSET
    return _iso(text, zone)


def _iso(text: str, zone: Zone | None) -> Moment:
    match = _ISO.fullmatch(text)
    if match is None:
        raise BadTime("no ISO 8601 time")
    day, clock, fraction, tail = match.groups()
    micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    local = day_of(day) + clock_of(clock if len(clock) == 8 else clock + ":00") + micros
    if tail is None:
        if zone is None:
            raise BadTime("no offset from UTC")
        return zone.moment(checked(local))
    offset = offset_of(tail)
    found = checked(local - offset)
    if len(clock) == 8 and len(fraction or "") <= 3 and day in _days and text[10] == "T":
        rest = int(clock[6:]) * SECOND + micros - offset
        remember(_tails, text[16:], rest)
        remember(_minutes, text[:16], found - rest)
    return found, OFFSET


def day_of(text: str) -> int:
    """The begin of a day written `YYYY-MM-DD`, local. Raises BadTime."""
    found = _days.get(text)
    if found is None:
        try:
            found = (date.fromisoformat(text).toordinal() - FIRST_DAY) * DAY
        except ValueError:
            raise BadTime("no such day") from None
        # What is well inside the years is remembered, and not checked again.
        if EARLIEST + DAY <= found < LATEST - 2 * DAY:
            remember(_days, text, found)
    return found


def clock_of(text: str) -> int:
    """The time of a day written `HH:MM:SS`. Raises BadTime."""
    found = _clocks.get(text)
    if found is None:
        hour, minute, second = int(text[:2]), int(text[3:5]), int(text[6:8])
        if not (hour < 24 and minute < 60 and second <= 60):  # 60: a leap second
            raise BadTime("no such time of day")
        found = ((hour * 60 + minute) * 60 + second) * SECOND
        remember(_clocks, text, found)
    return found


def offset_of(text: str) -> int:
    """An offset from UTC: `Z`, `+08`, `+08:00`, `+0800`. Raises BadTime."""
    if text in ("Z", "z"):
        return 0
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 18 or minutes > 59:
        raise BadTime("no such offset from UTC")
    return (hours * 60 + minutes) * 60 * SECOND * (-1 if text[0] == "-" else 1)


def remember(known: dict[str, int], text: str, value: int) -> None:
    """Keep a reading; all are forgotten when they became too many."""
    if len(known) >= REMEMBERED:
        known.clear()
    known[text] = value


def checked(moment: int) -> int:
    """The moment, where its year can be believed. Raises BadTime."""
    if not EARLIEST <= moment < LATEST:
        raise BadTime(f"a year before {YEARS[0]} or after {YEARS[1] - 1}")
    return moment
