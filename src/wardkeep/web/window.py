# SPDX-License-Identifier: Apache-2.0
"""The window of days and the kind of access that a list is narrowed to, as an address carries it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from wardkeep.watch.cases.pages import AccessLine

WHICH = ("all", "open", "explained")


class Window:
    """`?from=2026-03-01&to=2026-03-31&which=open`; both days belong to it. What cannot be read narrows nothing."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.first = _day(asked.get("from", ""))
        self.last = _day(asked.get("to", ""))
        self.which = asked.get("which", "all") if asked.get("which") in WHICH else "all"

    @property
    def from_at(self) -> datetime | None:
        """Midnight before the first day, in the hospital's zone."""
        return _midnight(self.first) if self.first else None

    @property
    def to_at(self) -> datetime | None:
        """Midnight after the last day."""
        return _midnight(self.last + timedelta(days=1)) if self.last and self.last < date.max else None

    @property
    def narrowed(self) -> bool:
        return bool(self.first or self.last) or self.which != "all"

    @property
    def query(self) -> str:
        """The window as it stands in an address, without the page."""
        asked = {"from": self.first, "to": self.last, "which": self.which if self.which != "all" else None}
        return urlencode({k: str(v) for k, v in asked.items() if v})

    def keeps(self, access: AccessLine) -> bool:
        """True where the access is of the wanted kind; the days are the query's business."""
        if self.which == "open":
            return access.judged and access.reason is None
        return self.which == "all" or access.reason is not None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
