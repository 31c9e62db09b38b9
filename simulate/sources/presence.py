# SPDX-License-Identifier: Apache-2.0
"""Who was in which department from when to when, in truth: by the roster, and by what they did there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.draw import Array, Bools, Ints
from simulate.house import ROLE, House
from simulate.parameters import DAY, HOUR, MINUTE, Parameters
from simulate.roster import COVER, Roster

#: Two acts of one person less than so far apart belong to one stay in the house.
UNBROKEN = 4 * HOUR
PRESENT = 0.96


@dataclass
class Stays:
    """One row a person and unbroken time in one department."""

    person: Ints
    dept: Ints
    start: Ints
    end: Ints
    #: The person comes into the house with this row; goes home after it.
    comes: Bools
    goes: Bools

    def __len__(self) -> int:
        return len(self.person)


def stays(
    p: Parameters, h: House, roster: Roster, lines: dict[str, Array], t: Ints, more: list[tuple[int, int, int]],
    rng: np.random.Generator,
) -> Stays:  # fmt: skip
    """`t`: true times of the lines; `more`: persons who were in a department at a moment, beside the lines."""
    last = p.days * DAY
    rows = np.flatnonzero((roster.kind != COVER) & (roster.start > -9 * HOUR) & (roster.start < last))
    # Nobody swipes a card from home, and a vendor is no part of the roster.
    here = rng.random(len(rows)) < PRESENT
    rows = rows[here & (h.s_role[roster.staff[rows]] != ROLE["vendor"])]
    come = roster.start[rows] - rng.integers(3 * MINUTE, 25 * MINUTE, len(rows))
    go = roster.end[rows] + rng.integers(-5 * MINUTE, 25 * MINUTE, len(rows))
    seen = np.flatnonzero((lines["actor"] >= 0) & ~lines["remote"])
    done = np.r_[np.c_[lines["actor"][seen], lines["dept"][seen], t[seen]], np.array(more, np.int64).reshape(-1, 3)]
    done[:, 2] //= 15 * MINUTE
    acts = np.unique(done, axis=0)
    at = acts[:, 2] * 15 * MINUTE
    person = np.r_[roster.staff[rows], acts[:, 0]]
    dept = np.r_[roster.dept[rows], acts[:, 1]]
    start, end = np.r_[come, at - 3 * MINUTE], np.r_[go, at + 18 * MINUTE]
    shift = np.r_[np.ones(len(rows), bool), np.zeros(len(acts), bool)]
    order = np.lexsort((~shift, start, person))
    person, dept, start, end = person[order], dept[order], start[order], end[order]
    # How far each person's time in the house reaches, row by row.
    wide = 1 << 34
    reach = np.maximum.accumulate(end + person * wide) - person * wide
    comes = np.r_[True, (person[1:] != person[:-1]) | (start[1:] > reach[:-1] + UNBROKEN)]
    moves = np.r_[True, dept[1:] != dept[:-1]] | comes
    first = np.flatnonzero(moves)
    # Seen in several departments within a quarter of an hour: one after the other.
    again = np.r_[
        False, (person[first][1:] == person[first][:-1]) & (start[first][1:] - start[first][:-1] < 2 * MINUTE)
    ]
    count = np.arange(len(first))
    start[first] += 2 * MINUTE * (count - np.maximum.accumulate(np.where(again, 0, count)))
    after = np.r_[first[1:] - 1, len(person) - 1]
    goes = np.r_[comes[first][1:], True]
    until = np.where(goes, reach[after], np.r_[start[first][1:], reach[-1]])
    return Stays(person[first], dept[first], start[first], until, comes[first], goes)
