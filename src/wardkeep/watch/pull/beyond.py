# SPDX-License-Identifier: Apache-2.0
"""Times of a database that no `datetime` holds: `infinity`, a year before 1 or after 9999, `0000-00-00`.

They are kept as the database writes them, so that a row with one is set aside by itself. Each has a place among the others, for
rows are read in their order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


class Beyond(str):
    """Such a time, as its database writes it."""

    __slots__ = ("mark",)
    #: The last `datetime` that is not after it, or the first of all: a page that begins there holds it.
    mark: datetime


def beyond(text: str, *, moment: bool = False) -> Beyond:
    """The time; `moment`: its column has times with an offset."""
    found = Beyond(text)
    found.mark = _before(text).replace(tzinfo=UTC if moment else None)
    return found


def _before(text: str) -> datetime:
    if text.startswith("-") or text.endswith("BC"):
        return datetime.min
    day = _DAY.match(text)
    if day is None:
        return datetime.max
    year, month, number = map(int, day.groups())
    if not year:
        return datetime.min
    # A day 0 stands before the first of its month and a month 0 before its year; a 30 February after the 28th.
    following = number > 0 and month > 0
    first = datetime(year, max(month, 1), 1)
    if following:
        first = (first + timedelta(days=31)).replace(day=1)
    return first - timedelta(microseconds=1) if first > datetime.min else first
