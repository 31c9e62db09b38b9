# SPDX-License-Identifier: Apache-2.0
"""Who works where and when: shifts, nights on call, float nurses, cover on other wards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.draw import Array, Bools, Groups, Ints, repeat, stable
from simulate.house import GROUP, ROLE, House
from simulate.parameters import DAY, HOUR, Parameters

NORMAL, FLOAT, COVER = 0, 1, 2
#: A night may begin before the first day: hours are counted from two days earlier.
MARGIN_H = 48


@dataclass
class Roster:
    """Shifts by row (seconds from the first midnight). `exported`: the row stands in shifts.csv."""

    staff: Ints
    dept: Ints
    start: Ints
    end: Ints
    kind: Ints
    exported: Bools
    of_staff: Groups
    hours: int
    depts: int
    _duty: Groups
    _duty_shift: Ints

    def on_duty(self, dept: Array, t: Array, group: int, u: Array) -> Ints:
        """The shift row of somebody of the group on duty in each department at each moment, -1 where nobody is."""
        hour = np.clip(np.asarray(t) // HOUR + MARGIN_H, 0, self.hours - 1)
        key = (np.asarray(dept) * 3 + group) * self.hours + hour
        row = self._duty.pick(key, u)
        return np.where(row >= 0, self._duty_shift[row], -1)

    def next_shift(self, staff: Array, t: Array) -> Ints:
        """The first shift of each person that begins at or after each moment, -1 where none does."""
        rows = self.of_staff.order
        span = 1 << 32
        key = self.staff[rows] * span + self.start[rows] + (1 << 30)
        at = np.searchsorted(key, np.asarray(staff) * span + np.asarray(t) + (1 << 30))
        at = np.minimum(at, len(rows) - 1)
        row = rows[at]
        return np.where((self.staff[row] == staff) & (self.start[row] >= t), row, -1)

    def moment(self, shift: Array, u: Array) -> Ints:
        """A moment well inside each shift (clocks are wrong by minutes)."""
        room = self.end[shift] - self.start[shift] - 20 * 60
        return np.asarray(self.start[shift] + 8 * 60 + (np.asarray(u) * room).astype(np.int64))


def make_roster(p: Parameters, h: House, rng: np.random.Generator) -> Roster:  # noqa: PLR0915
    n = len(h.s_role)
    parts: list[tuple[Array, Array, Array, Array, Array, Array]] = []
    days = np.arange(-1, p.days)
    staff = np.repeat(np.arange(n), len(days))
    day = np.tile(days, n)
    role, dept = h.s_role[staff], h.dept_on(staff, day)
    here = (day >= h.s_from[staff]) & (day <= h.s_to[staff]) & ~np.isin(role, [ROLE["vendor"]])
    weekend = (p.first_day.weekday() + day) % 7 >= 5
    place = _place(h)[staff]
    crew = _crew(h)[staff]
    u = stable(staff, day, p.seed, 11)
    ward_nurse = (role == ROLE["nurse"]) & (dept < len(h.clinical))
    head = ward_nurse & (place == 0) & (crew > 4)
    turn = (day + place) % 6
    rota = ward_nurse & ~head
    begin = np.select([turn <= 1, turn == 2, turn == 3], [8.0, 16.0, 24.0], -1.0)
    length = np.full(len(staff), 8.0)
    begin = np.where(rota, begin, -1.0)
    office = ~rota
    at_desk = np.where(weekend, 0.35, 0.93)
    closed = (
        np.isin(role, [ROLE[r] for r in ("coder", "biller", "researcher", "administrator", "it", "therapist")])
        & weekend
    )
    begin = np.where(office & (u < at_desk) & ~closed, np.where(role == ROLE["registrar"], 7.5, 8.0), begin)
    length = np.where(office, np.where(role == ROLE["registrar"], 10.0, 9.5), length)
    on_call = (
        np.isin(role, [ROLE[r] for r in ("physician", "technician", "pharmacist", "registrar")])
        & ((day + place) % np.maximum(np.minimum(crew, 7), 1) == 0)
    )  # fmt: skip
    emergency = np.isin(dept, h.of("EMER")) & (role == ROLE["physician"])
    on_call |= emergency & ((day + place) % 3 == 0)
    for mask, first, span in (
        (begin >= 0, begin, length),
        (on_call, np.full(len(staff), 17.5), np.full(len(staff), 14.5)),
    ):
        rows = np.flatnonzero(mask & here)
        start = (day[rows] * DAY + first[rows] * HOUR).astype(np.int64)
        kind = np.where(h.s_dept[staff[rows]] == h.of("NURS")[0], FLOAT, NORMAL) * (role[rows] == ROLE["nurse"])
        where = np.where(
            kind == FLOAT, (stable(staff[rows], day[rows], 12) * len(h.clinical)).astype(np.int64), dept[rows]
        )
        end = start + (span[rows] * HOUR).astype(np.int64)
        exported = (kind != FLOAT) | (rng.random(len(rows)) >= p.undocumented * 0.9)
        parts.append((staff[rows], where, start, end, kind, exported))
    s, d, a, b, k, e = (np.concatenate(x) for x in zip(*parts, strict=True))
    # Cover: another ward of the same site for the same hours, beside the own.
    may = np.flatnonzero(
        (k == NORMAL) & np.isin(h.s_role[s], [ROLE["nurse"], ROLE["physician"]]) & (d < len(h.clinical))
    )
    some = may[rng.random(len(may)) < 0.06]
    other = (d[some] + rng.integers(1, len(h.clinical), len(some))) % len(h.clinical)
    near = h.d_east[other] == h.d_east[d[some]]
    some, other = some[near], other[near]
    shown = rng.random(len(some)) >= p.undocumented * 0.9
    s, d, a, b = np.r_[s, s[some]], np.r_[d, other], np.r_[a, a[some]], np.r_[b, b[some]]
    k, e = np.r_[k, np.full(len(some), COVER)], np.r_[e, shown]
    # Administration keeps no roster that anybody exports.
    kinds = np.array(
        [x == "administrative" and c not in ("REGI", "NURS") for x, c in zip(h.d_kind, h.d_code, strict=True)]
    )
    e &= ~kinds[d]
    order = np.lexsort((d, a, s))
    s, d, a, b, k, e = s[order], d[order], a[order], b[order], k[order], e[order]
    hours = p.days * 24 + 2 * MARGIN_H
    first_hour, last_hour = a // HOUR + MARGIN_H, (b - 1) // HOUR + MARGIN_H
    counts = np.maximum(last_hour - first_hour + 1, 0)
    shift = repeat(counts)
    hour = first_hour[shift] + np.arange(len(shift)) - np.repeat(np.cumsum(counts) - counts, counts)
    # An hour that begins before the shift does belongs to the shift before.
    usable = (hour - MARGIN_H) * HOUR >= a[shift] - HOUR // 2
    shift, hour = shift[usable], np.clip(hour[usable], 0, hours - 1)
    key = (d[shift] * 3 + GROUP[h.s_role[s[shift]]]) * hours + hour
    size = len(h.d_code) * 3 * hours
    return Roster(s, d, a, b, k, e, Groups(s, n), hours, len(h.d_code), Groups(key, size), shift)


def _place(h: House) -> Ints:
    """The place of each person among those of the same role and department."""
    return _ranks(h)[0]


def _crew(h: House) -> Ints:
    return _ranks(h)[1]


def _ranks(h: House) -> tuple[Ints, Ints]:
    key = h.s_dept * 100 + h.s_role
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    first = np.r_[True, sorted_key[1:] != sorted_key[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - start
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    return place, counts[inverse].astype(np.int64)
