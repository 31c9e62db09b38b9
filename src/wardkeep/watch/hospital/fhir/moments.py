# SPDX-License-Identifier: Apache-2.0
"""FHIR's dates and times, which may be whole years or days, as cells of hospital tables."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


class Calendar:
    """The hospital's zone: where a date of the source begins and ends."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._midnight = lru_cache(maxsize=100_000)(self._offset_of_midnight)

    def start(self, value: str) -> str:
        """A dateTime as a `time` cell; of a date, month or year its first moment."""
        span = _span(value)
        return self._midnight(span[0]) if span else value

    def end(self, value: str) -> str:
        """A dateTime as the end of an interval; of a date, month or year the first moment after it."""
        span = _span(value)
        return self._midnight(span[1]) if span else value

    def day(self, value: str) -> str:
        """A date or dateTime as a `date` cell in the hospital's calendar; of a month or year its last day."""
        span = _span(value)
        if span:
            return (span[1] - timedelta(days=1)).isoformat()
        moment = _moment(value)
        try:
            return moment.astimezone(self._zone).date().isoformat() if moment else value
        except OverflowError:
            return value

    def order(self, value: str) -> float:
        """To sort `time` cells by; what is none comes first."""
        moment = _moment(value)
        return moment.timestamp() if moment else float("-inf")

    def _offset_of_midnight(self, day: date) -> str:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).isoformat()[:25]


def whole_day(value: str) -> str:
    """A date that is known to the day, else ''. What is no FHIR date is left to be refused."""
    match = _PARTIAL.fullmatch(value)
    return "" if match and not match[3] else value


def _span(value: str) -> tuple[date, date] | None:
    """First day of a partial date and first day after it; None where it is none."""
    match = _PARTIAL.fullmatch(value)
    if not match:
        return None
    try:
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        first = date(year, month, day)
        if match[3]:
            return first, first + timedelta(days=1)
        if match[2]:
            return first, date(year + month // 12, month % 12 + 1, 1)
        return first, date(year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


def _moment(value: str) -> datetime | None:
    """A time with an offset, or None."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
