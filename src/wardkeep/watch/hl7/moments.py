# SPDX-License-Identifier: Apache-2.0
"""Times of HL7 (`YYYYMMDDHHMMSS.ffff+ZZZZ`, as much of it as the sender knows) to microseconds since 1970-01-01 UTC.

Without an offset a time is one of the hospital's zone; one that occurred twice is taken the first time and marked, one that
never occurred is read with the offset before the step and marked.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from wardkeep.watch.event import TimeQuality
from wardkeep.watch.hl7.errors import NotRead

_TIME = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6})\d*)?)?)?)?(?:([+-])(\d\d)(\d\d))?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_FIRST_DAY = date(1970, 1, 1).toordinal()
YEARS = (1900, 2200)
Moment = tuple[int, str]


class Clock:
    """Reads the times of one sender; `zone` is that of times without an offset."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._known: dict[str, Moment] = {}

    def moment(self, text: str, field: str) -> Moment:
        """Microseconds and quality. Raises NotRead, naming the field."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) > 10_000:
                self._known.clear()
            found = self._known[text] = self._moment(text, field)
        return found

    def at(self, text: str | None, field: str) -> int | None:
        """Microseconds; None where nothing is said. Raises NotRead."""
        return self.moment(text, field)[0] if text else None

    def day(self, text: str, field: str) -> int:
        """The local day of a date or a time, as days since 1970-01-01. Raises NotRead."""
        if len(text) > 8:
            there = _EPOCH + self.moment(text, field)[0] * _US
            return there.astimezone(self._zone).date().toordinal() - _FIRST_DAY
        return self._local(text, field)[0].date().toordinal() - _FIRST_DAY

    def next_day(self, us: int) -> int:
        """The first moment of the next local day."""
        here = (_EPOCH + us * _US).astimezone(self._zone)
        morrow = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), self._zone)
        return (morrow - _EPOCH) // _US

    def _moment(self, text: str, field: str) -> Moment:
        local, offset = self._local(text, field)
        if offset is not None:
            return (local.replace(tzinfo=offset) - _EPOCH) // _US, str(TimeQuality.OFFSET)
        here = local.replace(tzinfo=self._zone)
        before, after = here.utcoffset(), here.replace(fold=1).utcoffset()
        assert before is not None and after is not None  # noqa: S101 - a zone always has one
        quality = TimeQuality.ZONE
        if before != after:
            quality = TimeQuality.AMBIGUOUS if before > after else TimeQuality.SKIPPED
        return (local.replace(tzinfo=UTC) - before - _EPOCH) // _US, str(quality)

    def _local(self, text: str, field: str) -> tuple[datetime, timezone | None]:
        match = _TIME.fullmatch(text)
        if match is None:
            raise NotRead(f"bad-time: {field} is no HL7 time of at least a day")
        year, month, day, hour, minute, second, fraction, sign, zh, zm = match.groups()
        try:
            local = datetime(  # its zone is put on by the caller
                int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59),
                int((fraction or "0").ljust(6, "0")),
            )  # fmt: skip
            offset = timezone(timedelta(hours=int(zh), minutes=int(zm)) * (-1 if sign == "-" else 1)) if sign else None
        except ValueError:
            raise NotRead(f"bad-time: {field} names a day or a time that there is not") from None
        if not YEARS[0] <= local.year < YEARS[1]:
            raise NotRead(f"bad-time: {field} is outside the years {YEARS[0]} to {YEARS[1] - 1}")
        return local, offset
