# SPDX-License-Identifier: Apache-2.0
"""The zone that a column of times says in its own name: `EVENT_TIMESTAMP_UTC`, `UtcTime`, `时间(UTC+8)`. Pure.

`gmt_create` says none: it is how many houses name a local time.
"""

from __future__ import annotations

import re
from datetime import timedelta

from wardkeep.watch.intake.times import Zone

_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?(?!\d)", re.IGNORECASE | re.ASCII)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)
_UTC = re.compile(r"utc(?:date|time|datetime|timestamp|ts)?|(?:date|time|datetime|timestamp|ts)utc", re.ASCII)
_CHINESE = ("世界时", "协调时", "世界協調")
#: No clock is further from UTC.
FURTHEST = 14


def zone_of(name: str) -> Zone | None:
    """The zone of the times in a column of that name; None where the name says none."""
    offset = offset_of(name)
    return None if offset is None else Zone.fixed(offset)


def offset_of(name: str) -> timedelta | None:
    """How far from UTC the times are, by the name of their column."""
    if found := _OFFSET.search(name):
        sign = -1 if found[1] == "-" else 1
        return sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0)) if int(found[2]) <= FURTHEST else None
    said = any(_UTC.fullmatch(word.lower()) for word in _WORDS.findall(name)) or any(one in name for one in _CHINESE)
    return timedelta(0) if said else None
