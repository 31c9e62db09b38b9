# SPDX-License-Identifier: Apache-2.0
"""Local time at ingest: the offset of the hospital's zone at each moment, so that no SQL ever needs a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND
#: Within one such span an offset that is equal at both ends is taken to hold; else each moment is asked for.
SPAN = 900 * SECOND

Ints = npt.NDArray[np.int64]


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC. Raises ValueError for a moment without an offset."""
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset cannot be placed")
    return (moment - EPOCH) // timedelta(microseconds=1)


def offsets(times: Ints, zone: str) -> npt.NDArray[np.int32]:
    """The zone's offset from UTC in seconds at each of `times` (microseconds)."""
    place = ZoneInfo(zone)
    spans, where = np.unique(times // SPAN, return_inverse=True)
    begins = [_offset(int(s) * SPAN, place) for s in spans]
    ends = [_offset((int(s) + 1) * SPAN - 1, place) for s in spans]
    found: npt.NDArray[np.int32] = np.array(begins, dtype=np.int32)[where]
    for changing in np.flatnonzero(np.array(begins, dtype=np.int64) != np.array(ends, dtype=np.int64)):
        for row in np.flatnonzero(where == changing):
            found[row] = _offset(int(times[row]), place)
    return found


def days(times: Ints, offset_s: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The local day, counted from 1970-01-01, of each moment."""
    local: Any = times + offset_s.astype(np.int64) * SECOND
    result: npt.NDArray[np.int32] = (local // DAY).astype(np.int32)
    return result


def _offset(us: int, place: ZoneInfo) -> int:
    try:
        offset = (EPOCH + timedelta(microseconds=us)).astimezone(place).utcoffset()
    except OverflowError:  # beyond the years 1 to 9999, where no zone is defined
        return 0
    return int(offset.total_seconds()) if offset is not None else 0


def iso_day(day: int) -> str:
    """`2026-03-02` of a day counted from 1970-01-01."""
    return (EPOCH + timedelta(days=day)).date().isoformat()
