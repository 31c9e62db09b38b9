# SPDX-License-Identifier: Apache-2.0
"""Checks of signed records and what differs, as they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wardkeep.govern.records.models import RecordCheck, RecordDifference
from wardkeep.govern.records.standing import Outcome, Standing


class NoSuchDifference(LookupError):
    """There is no such difference."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """One source as its newest checks left it."""

    name: str
    #: None where it was never checked.
    last: RecordCheck | None
    #: The newest that was evaluated.
    checked: RecordCheck | None
    open: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One page of a list."""

    lines: Sequence[RecordDifference]
    total: int
    page: int
    pages: int


def sources(named: Iterable[str]) -> list[SourceLine]:
    """The sources of the settings, and others of which something is known."""
    known = set(RecordCheck.objects.values_list("source", flat=True).distinct())
    return [_line(name) for name in sorted({*named, *known})]


def _line(name: str) -> SourceLine:
    checks = RecordCheck.objects.filter(source=name).order_by("-at")
    return SourceLine(
        name=name,
        last=checks.first(),
        checked=checks.filter(outcome=Outcome.CHECKED).first(),
        open=RecordDifference.objects.filter(source=name, standing=Standing.OPEN).count(),
    )


def listed(*, standing: str = "", page: int = 1, size: int = 50) -> Listed:
    """Differences, newest first; of one standing where it is named."""
    found = RecordDifference.objects.all()
    if standing:
        found = found.filter(standing=standing)
    total = found.count()
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    rows = found.select_related("explained_by").order_by("-seen_at", "-id")[(page - 1) * size : page * size]
    return Listed(lines=list(rows), total=total, page=page, pages=pages)


def one(key: Any) -> RecordDifference:
    """One difference. Raises NoSuchDifference."""
    try:
        found: RecordDifference = RecordDifference.objects.get(pk=key)
    except RecordDifference.DoesNotExist:
        raise NoSuchDifference(str(key)) from None
    return found


def open_records(source: str, *, most: int) -> list[str]:
    """Numbers of records that differ and that nobody explained: the next check looks at them too."""
    rows = RecordDifference.objects.filter(source=source, standing=Standing.OPEN).order_by("-seen_at")
    return list(rows.values_list("record", flat=True)[:most])


def checked_since(source: str, moment: datetime) -> bool:
    """Whether a source was checked, and could be, since then."""
    return RecordCheck.objects.filter(source=source, at__gte=moment, outcome=Outcome.CHECKED).exists()


def tried_since(source: str, moment: datetime) -> bool:
    return RecordCheck.objects.filter(source=source, at__gte=moment).exists()


def checks_since(moment: datetime) -> list[RecordCheck]:
    """Every check since then."""
    return list(RecordCheck.objects.filter(at__gte=moment).order_by("at"))


def any_check() -> bool:
    return RecordCheck.objects.exists()
