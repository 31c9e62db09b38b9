# SPDX-License-Identifier: Apache-2.0
"""Watermarks: values of the column that grows, as a database gives them, as text, and going back by the overlap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from wardkeep.watch.pull.beyond import Beyond
from wardkeep.watch.pull.errors import BadSource, SchemaChanged

#: What can be compared with itself and with `>=` in the database.
Mark = int | datetime


class Kind(StrEnum):
    TIME = "time"  # as the column has it, without an offset
    MOMENT = "moment"  # with an offset
    NUMBER = "number"


def kind_of(mark: Mark) -> Kind:
    """What a watermark is."""
    if isinstance(mark, datetime):
        return Kind.TIME if mark.tzinfo is None else Kind.MOMENT
    return Kind.NUMBER


def mark_of(value: Any, column: str) -> Mark:
    """The watermark of a row. Raises SchemaChanged where the column is of a kind that cannot be one."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, Beyond):
        return value.mark
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    kind = "a date without a time" if isinstance(value, date) else type(value).__name__
    raise SchemaChanged(
        f"the watermark column {column} holds {kind}",
        hint="give a column with times or whole numbers; a view can make one of a text",
    )


def begin_of(last: Mark, overlap: int) -> Mark:
    """Where the next pull begins."""
    if isinstance(last, datetime):
        try:
            return last - timedelta(seconds=overlap)
        except OverflowError:
            return last
    return last - overlap


def to_text(mark: Mark) -> str:
    """As it stands in the state."""
    return mark.isoformat(" ", "microseconds") if isinstance(mark, datetime) else str(mark)


def from_text(text: str | int, kind: Kind | None = None) -> Mark:
    """A watermark that was written down, or that a source file names. Raises BadSource."""
    try:
        if isinstance(text, int) or kind is Kind.NUMBER:
            return int(text)
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadSource(f"start is {text!r}: give a time like 2026-01-01 00:00:00, or a number") from None


def kept_of(marks: Sequence[Mark], before: Mark | None, now: datetime, zone_now: datetime) -> Mark:
    """The watermark to keep of rows in their order: the newest that is not in the future, else the one before.

    A row from the future (a wrong clock, or a forged one) must hide none that comes after it. `zone_now` is the local time of
    the column where it has no offset.
    """
    for mark in reversed(marks):
        if not isinstance(mark, datetime) or mark <= _now_for(mark, now, zone_now):
            return mark
    return before if before is not None else no_later(marks[-1], now, zone_now)


def no_later(mark: Mark, now: datetime, zone_now: datetime) -> Mark:
    """The watermark, but not beyond now."""
    return min(mark, _now_for(mark, now, zone_now)) if isinstance(mark, datetime) else mark


def _now_for(mark: datetime, now: datetime, zone_now: datetime) -> datetime:
    return zone_now.replace(tzinfo=None) if mark.tzinfo is None else now
