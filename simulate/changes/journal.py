# SPDX-License-Identifier: Apache-2.0
"""`Journal`: what the scenes of changed records add: log lines, statements, work items, tickets, cases, and what each was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simulate.care import Care
from simulate.house import House
from simulate.openings import EMR, LOGIN, LOGOUT, READ, UPDATE
from simulate.parameters import DAY, HARD_SHARE, HOUR, Parameters
from simulate.people import People
from simulate.roster import Roster
from simulate.scene import Case
from simulate.work import Work

#: Of the EMR's resources: a stay, a document, a report, a diagnosis.
STAY, DOCUMENT, REPORT, DIAGNOSIS = 0, 2, 4, 5
LATE_CHANGE, DIRECT_CHANGE = "late_change", "direct_change"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a clinical system's log. `form` is what the truth calls the change; "" where nothing is changed."""

    t: int
    actor: int
    account: int
    patient: int
    dept: int
    session: int
    action: int = UPDATE
    system: int = EMR
    resource: int = DOCUMENT
    form: str = ""
    reason: str = "misuse"
    table: str = ""
    row: int = -1
    documented: bool = False
    case: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement under an account's own login in a database; `actor` is -1 where a machine said it."""

    t: int
    actor: int
    account: int
    text: str
    form: str
    count: int = 1
    case: int = -1
    ticket: int = -1

    @property
    def reason(self) -> str:
        return "misuse" if self.case >= 0 else "ticket" if self.ticket >= 0 else "none"

    @property
    def table(self) -> str:
        return "tickets" if self.ticket >= 0 and self.case < 0 else ""

    @property
    def row(self) -> int:
        return self.ticket if self.table else -1

    @property
    def documented(self) -> bool:
        return bool(self.table)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One row of `work_items`; `staff` is -1 where anybody of the department may do it."""

    patient: int
    dept: int
    kind: str
    staff: int
    start: int
    end: int
    recorded: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One row of `tickets`, of the kind `maintenance`."""

    account: int
    scope: str
    start: int
    end: int
    by: int


@dataclass
class Journal:
    """The hospital as it stands, draws of its own, and what was added so far."""

    p: Parameters
    h: House
    people: People
    roster: Roster
    care: Care
    work: Work
    rng: np.random.Generator
    #: Those of the other misuse first: a case's number is its place here.
    cases: list[Case]
    lines: list[Line] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    sessions: int = 0

    @property
    def last(self) -> int:
        return self.p.days * DAY

    def many(self, rate: float) -> int:
        """How many of something that happens so often per 300 staff and 30 days."""
        return round(rate * self.p.staff / 300 * self.p.days / 30)

    def some(self, rows: np.ndarray, share: float) -> list[int]:
        """Each of the rows with the same chance."""
        return [int(row) for row in rows[self.rng.random(len(rows)) < share]]

    def one(self, rows: np.ndarray) -> int:
        return int(rows[self.rng.integers(0, len(rows))])

    def there(self, staff: int) -> bool:
        """Does the person work here from the first day to the last?"""
        return bool(self.h.s_from[staff] <= 0 and self.h.s_to[staff] >= self.p.days)

    def crew(self, *specials: str, roles: tuple[int, ...] = ()) -> np.ndarray:
        """Who works in the departments, or in the roles, all the period."""
        h = self.h
        here = np.isin(h.s_dept, np.concatenate([h.of(s) for s in specials])) if specials else np.isin(h.s_role, roles)
        return np.flatnonzero(here & (h.s_from <= 0) & (h.s_to >= self.p.days))

    def at_work(self, staff: int, low: int, high: int) -> int:
        """A moment of the person's shifts in an interval; -1 where there is none."""
        low, high = max(low, 0), min(high, self.last - HOUR)
        rows = self.roster.of_staff.rows(staff)
        start, end = self.roster.start[rows] + 480, self.roster.end[rows] - 720
        rows = np.flatnonzero((start < high) & (end > low) & (end > start))
        if not len(rows):
            return -1
        row = self.one(rows)
        return int(self.rng.integers(max(low, int(start[row])), max(min(high, int(end[row])), low + 1)))

    def at_times(self, staff: int, low: int, high: int) -> int:
        """When a wrong is done: seven in ten within the person's shifts, else in the evening; -1 where there is no time."""
        if self.rng.random() < 0.7 and (t := self.at_work(staff, low, high)) >= 0:
            return t
        low, high = max(low, 0), min(high, self.last - HOUR)
        if high <= low:
            return -1
        day = int(self.rng.integers(low // DAY, high // DAY + 1))
        t = day * DAY + int(self.rng.integers(18, 24)) * HOUR - int(self.rng.integers(60, HOUR))
        return t if low <= t < high else int(self.rng.integers(low, high))

    def in_turn(self, rate: float, easy: Sequence[str], hard: Sequence[str]) -> list[list[str]]:
        """For each case of a setting the forms to try, the first that this hospital has an occasion for; hard ones last."""
        count = self.many(rate)
        many = round(count * HARD_SHARE[self.p.setting])
        out = []
        for forms, n in ((easy, count - many), (hard, many)):
            order = [forms[i] for i in self.rng.permutation(len(forms)).tolist()]
            out += [[*order[i % len(order) :], *order[: i % len(order)]] for i in range(n)]
        return out

    def open_case(self, kind: str, difficulty: str, staff: int) -> int:
        self.cases.append(Case(kind, difficulty, staff))
        return len(self.cases) - 1

    def ticket(self, ticket: Ticket) -> int:
        """Enter a ticket; its number among all tickets."""
        self.tickets.append(ticket)
        return len(self.work.k_kind) + len(self.tickets) - 1

    def touch(
        self, t: int, actor: int, patient: int, form: str, *, account: int = -1, dept: int = -1, action: int = UPDATE,
        system: int = EMR, resource: int = DOCUMENT, reason: str = "misuse", table: str = "", row: int = -1,
        documented: bool = False, case: int = -1,
    ) -> None:  # fmt: skip
        """A person signs in, opens the record and changes it; a machine (`actor` -1) changes it at once."""
        dept = dept if dept >= 0 else int(self.h.dept_on(np.array([actor]), t // DAY)[0])
        self.sessions += 1
        base = {"actor": actor, "account": account if account >= 0 else actor, "dept": dept, "system": system}
        base["session"] = self.sessions - 1
        why = {"reason": reason, "table": table, "row": row, "documented": documented, "case": case, "patient": patient}
        if actor >= 0:
            before = t - int(self.rng.integers(20, 200))
            came = before - int(self.rng.integers(15, 55))
            self.lines.append(Line(t=came, action=LOGIN, patient=-1, reason="none", resource=-1, **base))  # type: ignore[arg-type]
            self.lines.append(Line(t=before, action=READ, resource=resource, **base, **why))  # type: ignore[arg-type]
            if self.rng.random() < 0.7:
                gone = t + int(self.rng.integers(60, 800))
                self.lines.append(Line(t=gone, action=LOGOUT, patient=-1, reason="none", resource=-1, **base))  # type: ignore[arg-type]
        self.lines.append(Line(t=t, action=action, resource=resource, form=form, **base, **why))  # type: ignore[arg-type]
