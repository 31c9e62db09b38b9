# SPDX-License-Identifier: Apache-2.0
"""`Scene`: what every kind of misuse needs. Who looks at whom, and how hard that is to tell from work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.draw import Array, Groups, Ints, stable
from simulate.house import ROLE
from simulate.openings import EMR, READ, REASON
from simulate.parameters import DAY, HOUR, SNOOPING
from simulate.usual import Usual

EASY, HARD, NO_ATTRIBUTE, EXPLAINED = "easy", "hard", "no_attribute", "explained"
#: Kinds that an attribute of the person ties to the target.
TIED = ("family", "coworker", "manager", "neighbour", "acquaintance")


@dataclass
class Case:
    """One intent of one person over the period. `account` is -1 where several of their own accounts serve."""

    kind: str
    difficulty: str
    staff: int


class Scene:
    """What every kind of misuse needs: who can act when, who has contact with whom, and the openings to add to."""

    def __init__(self, usual: Usual) -> None:
        self.u, self.rng, self.p, self.h = usual, usual.rng, usual.p, usual.h
        self.people, self.care, self.work, self.roster = usual.people, usual.care, usual.work, usual.roster
        self.last = usual.last
        self.base = usual.out.columns()
        usual.out.parts = [self.base]
        self.cases: list[Case] = []
        n = len(self.people)
        self.performed = Groups(self.work.o_patient, n)
        self.by_actor = Groups(np.maximum(self.base["actor"], -1) + 1, len(self.h.s_role) + 1)
        vendor = self.h.s_role == ROLE["vendor"]
        self.staff: Ints = np.flatnonzero((self.h.s_from < 0) & (self.h.s_to >= self.p.days) & ~vendor)
        shifts = np.bincount(self.roster.staff, minlength=len(self.h.s_role))
        self.staff = self.staff[shifts[self.staff] > 0]

    def anybody(self) -> int:
        return int(self.staff[self.rng.integers(0, len(self.staff))])

    def someone(self, rows: Array) -> int:
        return int(rows[self.rng.integers(0, len(rows))])

    def dept(self, staff: int, t: int) -> int:
        return int(self.h.dept_on(np.array([staff]), t // DAY)[0])

    def contact(self, patient: int, t: int, *, before: int = 8, after: int = 3) -> bool:
        """Is or was the patient here, or about to come?"""
        e = self.care.of_patient.rows(patient)
        return bool(((self.care.e_start[e] < t + after * DAY) & (self.care.e_end[e] > t - before * DAY)).any())

    def has_reason(self, staff: int, patient: int, t: int) -> bool:
        """Does the actor's department care for the patient around the moment, or perform an order?"""
        dept = self.dept(staff, t)
        e = self.care.of_patient.rows(patient)
        near = (self.care.e_start[e] < t + 2 * DAY) & (self.care.e_end[e] > t - 8 * DAY)
        if near.any() and self.h.d_code[dept] == "REGI":
            return True
        if (near & (self.care.e_dept[e] == dept)).any():
            return True
        places = self.care.p_dept[np.isin(self.care.p_encounter, e[near])] if near.any() else e[:0]
        o = self.performed.rows(patient)
        done = (self.work.o_performer[o] == dept) & (np.abs(self.work.o_time[o] - t) < 8 * DAY)
        return bool((places == dept).any() or done.any())

    def difficulty(self, staff: int, patient: int, t: int) -> str:
        if self.has_reason(staff, patient, t):
            return EXPLAINED
        return HARD if self.contact(patient, t) else EASY

    def moment(self, staff: int, low: int, high: int) -> int:
        """When the actor does it: seven in ten within working hours; -1 where there is no such moment."""
        low, high = max(low, 0), min(high, self.last)
        if high <= low:
            return -1
        if self.rng.random() < 0.7:
            rows = self.roster.of_staff.rows(staff)
            rows = rows[(self.roster.start[rows] < high - HOUR) & (self.roster.end[rows] > low + HOUR)]
            if len(rows):
                row = self.someone(rows)
                a, b = max(low, int(self.roster.start[row]) + 600), min(high, int(self.roster.end[row]) - 600)
                if b > a:
                    return int(self.rng.integers(a, b))
        day = int(self.rng.integers(low // DAY, (high - 1) // DAY + 1))
        t = int(day * DAY + self.rng.choice([7, 12, 18, 19, 20, 21, 22, 23]) * HOUR + self.rng.integers(0, HOUR))
        return t if low <= t < high else int(self.rng.integers(low, high))

    def look(self, case: int, staff: int, patient: Array | int, t: Array | int, **more: object) -> None:
        """Add openings of a case; one in ten cases uses the department's shared account."""
        t = np.atleast_1d(np.asarray(t, dtype=np.int64))
        day = np.clip(t // DAY, 0, self.p.days)
        dept = self.h.dept_on(np.full(len(t), staff), day)
        columns: dict[str, object] = {
            "actor": staff, "account": staff, "patient": patient, "dept": dept, "reason": REASON["misuse"], "case": case,
            "system": EMR, "action": READ, "events": 2.1, "own": True,
        }  # fmt: skip
        shared = int(self.h.shared_of[dept[0]])
        kind = self.cases[case].kind
        if shared >= 0 and kind in SNOOPING and kind != "self" and hash_case(case, self.p.seed) < 0.1:
            columns["account"] = shared
            # Whose account it is says nothing about who is related to whom.
            if kind in TIED and self.cases[case].difficulty in (EASY, HARD):
                self.cases[case].difficulty = NO_ATTRIBUTE
        columns.update(more)
        self.u.out.add(t=t, **columns)

    def open_case(self, kind: str, difficulty: str, staff: int) -> int:
        self.cases.append(Case(kind, difficulty, staff))
        return len(self.cases) - 1

    def in_house(self, t: int, *, away_from: int | None) -> Ints:
        """Patients lying anywhere at the moment, or anywhere but in one department."""
        c = self.care
        here = (c.p_from <= t) & (t < c.p_to)
        if away_from is not None:
            here &= (c.p_dept != away_from) & (c.p_charge != away_from)
        return np.unique(c.e_patient[c.p_encounter[here]])

    def absent(self, t: int, n: int) -> Ints:
        """Living patients without contact around the moment."""
        out: list[int] = []
        people = self.people
        for _ in range(20):
            for patient in self.rng.integers(0, len(people), 2 * n + 8).tolist():
                usable = not people.honey[patient] and people.died[patient] > self.p.days and not people.vip[patient]
                if usable and not self.contact(patient, t):
                    out.append(patient)
                if len(out) >= n:
                    return np.array(out[:n])
        return np.array(out, dtype=np.int64)


def hash_case(case: int, seed: int) -> float:
    return float(stable(np.array([case]), seed, 61)[0])
