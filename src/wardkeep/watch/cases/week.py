# SPDX-License-Identifier: Apache-2.0
"""What one week brought to one department: its cases, what they were found to be, and what is still to be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings

from wardkeep.govern.identity.role import Role
from wardkeep.watch.cases.case import State
from wardkeep.watch.cases.casebook import in_reading_order, line, visible_cases, zone
from wardkeep.watch.cases.pages import CaseLine

#: Kinds of findings that are named.
KINDS = 8
#: Cases that one printed page has room for, and how many of them are the week's own where earlier ones wait, too.
ON_PAPER, OF_WEEK_ON_PAPER = 20, 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """The page. Weeks begin on Monday, in the hospital's zone."""

    monday: date
    department: str
    #: Every department of which there are cases that the reader may see; empty for a head, who has one.
    departments: Sequence[str]
    opened: int
    #: Of those opened: state or outcome -> how many.
    states: Sequence[tuple[str, int]]
    outcomes: Sequence[tuple[str, int]]
    #: What the findings were, the most frequent first.
    kinds: Sequence[tuple[str, int]]
    #: Further kinds that are not named.
    kinds_beyond: int
    #: Still open, whichever week they came in.
    waiting: Sequence[CaseLine]
    of_week: Sequence[CaseLine]

    @property
    def before(self) -> date:
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        return self.monday + timedelta(days=7)

    @property
    def open_cases(self) -> int:
        """Those that wait for a decision: of this week and of earlier ones."""
        return len(self.waiting) + dict(self.states).get(State.OPEN, 0)

    @property
    def is_empty(self) -> bool:
        return not (self.of_week or self.waiting)

    @property
    def of_week_on_paper(self) -> int:
        """How many of the week's cases are printed; the others are counted."""
        return max(OF_WEEK_ON_PAPER, ON_PAPER - len(self.waiting))

    @property
    def waiting_on_paper(self) -> int:
        """How many of the earlier ones are printed."""
        return ON_PAPER - min(len(self.of_week), self.of_week_on_paper)

    @property
    def of_week_beyond(self) -> int:
        return max(0, len(self.of_week) - self.of_week_on_paper)

    @property
    def waiting_beyond(self) -> int:
        return max(0, len(self.waiting) - self.waiting_on_paper)


def week_of(actor: Any, *, day: date, department: str = "") -> Week:
    """The week in which `day` lies, of a department; a head gets the own one, whatever is asked for."""
    cases = visible_cases(actor).exclude(state=State.WAITING)
    departments: list[str] = []
    if Role(actor.role) == Role.DEPARTMENT_HEAD:
        department = actor.department
    else:
        departments = sorted({name for name in cases.values_list("department", flat=True) if name})
        if department not in departments:
            department = departments[0] if departments else ""
    monday = day - timedelta(days=day.weekday())
    own = cases.filter(department=department) if department else cases.none()
    opened = own.filter(opened_on__range=(monday, monday + timedelta(days=6)))
    of_week = [line(case) for case in in_reading_order(opened)]
    kinds = _counted(kind for one in of_week for kind in one.detections)
    return Week(
        monday=monday,
        department=department,
        departments=departments,
        opened=len(of_week),
        states=_counted(one.state for one in of_week),
        outcomes=_counted(one.outcome for one in of_week if one.outcome),
        kinds=kinds[:KINDS],
        kinds_beyond=max(0, len(kinds) - KINDS),
        waiting=[line(case) for case in in_reading_order(own.filter(state=State.OPEN, opened_on__lt=monday))],
        of_week=of_week,
    )


def may_still_grow(monday: date, *, at: datetime) -> bool:
    """True while cases of a week may still come: they wait for late documentation before they open."""
    hours = settings.WARDKEEP_HOME.settings.judging.settling_hours
    return at < datetime.combine(monday + timedelta(days=7), time(), zone()) + timedelta(hours=hours)


def _counted(words: Any) -> list[tuple[str, int]]:
    return sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
