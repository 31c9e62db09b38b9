# SPDX-License-Identifier: Apache-2.0
"""Legitimate openings that no table explains: cover without a row, questions between colleagues, help for people one knows;
and records opened by mistake."""

from __future__ import annotations

import numpy as np

from simulate.care import INPATIENT
from simulate.draw import Array, Groups, Ints, stable
from simulate.house import ROLE
from simulate.openings import EMR, HIS, LIS, PACS, READ, REASON, UPDATE
from simulate.parameters import DAY, HOUR
from simulate.roster import NORMAL
from simulate.usual import WARD_HOURS, Usual

#: Share of each kind among the undocumented openings.
KINDS = {
    "unwritten_cover": 0.27,
    "unwritten_question": 0.33,
    "unwritten_teaching": 0.08,
    "unwritten_telephone": 0.17,
    "unwritten_point_of_care": 0.08,
    "unwritten_agency": 0.07,
}
#: Openings for somebody one knows, a person and day; and how they divide.
HELP_RATE = 0.012
HELP = {"help_family": 0.35, "help_colleague": 0.30, "help_vip": 0.10, "help_neighbour": 0.25}
MISTAKES = 0.004


class Unwritten:
    """Adds to the openings of `usual` until the share asked for has no row."""

    def __init__(self, usual: Usual) -> None:
        self.u, self.rng, self.p = usual, usual.rng, usual.p
        self.wards = len(usual.h.clinical)
        #: Places of inpatients by ward, to find who lies where.
        self.lying = Groups(usual.care.p_dept, len(usual.h.d_code))

    def run(self) -> None:
        columns = self.u.out.columns()
        self.mistakes(columns)
        self.helps()
        # Some draws find nobody lying there: a few rounds come close enough.
        for _ in range(5):
            total = without = 0.0
            for part in self.u.out.parts:
                people = (part["actor"] >= 0) & (part["patient"] >= 0)
                total += float(part["events"][people].sum())
                without += float(part["events"][people & ~part["documented"]].sum())
            want = max(0.0, (self.p.undocumented * total - without) / (1 - self.p.undocumented))
            for kind, share in KINDS.items():
                self.add(kind, int(want * share / 1.8))

    def in_house(self, ward: Array, t: Array) -> Ints:
        """A patient lying on each ward at each moment, -1 where the draws found none."""
        care = self.u.care
        found = np.full(len(ward), -1)
        for attempt in range(12):
            row = self.lying.pick(ward, self.rng.random(len(ward)))
            fits = (row >= 0) & (care.p_from[row] <= t) & (t < care.p_to[row]) & (found < 0)
            found = np.where(fits, row, found)
            if attempt > 3 and (found >= 0).mean() > 0.97:
                break
        return np.where(found >= 0, care.e_patient[care.p_encounter[found]], -1)

    def add(self, kind: str, n: int) -> None:
        h, r, care = self.u.h, self.u.roster, self.u.care
        if n <= 0:
            return
        system: Array | int = EMR
        roles = {
            "unwritten_cover": ["nurse", "physician"], "unwritten_question": ["physician"],
            "unwritten_teaching": ["physician", "student"], "unwritten_telephone": ["physician", "nurse"],
            "unwritten_point_of_care": ["technician"], "unwritten_agency": ["nurse"],
        }[kind]  # fmt: skip
        able = np.isin(h.s_role[r.staff], [ROLE[x] for x in roles]) & (r.start >= 0) & (r.start < self.u.last)
        if kind == "unwritten_agency":
            able &= h.s_dept[r.staff] == h.of("NURS")[0]
        elif kind != "unwritten_point_of_care":
            able &= (r.dept < self.wards) & (r.kind == NORMAL)
        shifts = np.flatnonzero(able)
        if not len(shifts):
            return
        spread = {"unwritten_cover": 9, "unwritten_teaching": 5, "unwritten_agency": 9}.get(kind, 1)
        shift = np.repeat(shifts[self.rng.integers(0, len(shifts), n // spread + 1)], spread)
        draw = np.repeat(self.rng.random(n // spread + 1), spread)
        t = r.moment(shift, self.rng.random(len(shift)))
        dept, actor = r.dept[shift], r.staff[shift]
        partner = self.u.work.partners[dept % self.wards, (draw * 2).astype(int)]
        anywhere = (dept + 1 + (draw * (self.wards - 1)).astype(int)) % self.wards
        where = dept
        if kind == "unwritten_telephone":
            old = np.flatnonzero((care.e_kind != INPATIENT) & (care.e_dept < self.wards))
            by_ward = Groups(care.e_dept[old], self.wards)
            row = by_ward.pick(dept, self.rng.random(len(dept)))
            patient = np.where(row >= 0, care.e_patient[old[row]], -1)
            fits = care.e_end[old[row]] + 8 * DAY < t
            patient = np.where(fits, patient, -1)
        elif kind == "unwritten_point_of_care":
            any_ward = self.rng.integers(0, self.wards, len(dept))
            patient = self.in_house(any_ward, t)
            system = np.where(np.isin(dept, self.u.h.of("LABO")), LIS, PACS)
        else:
            away = {"unwritten_question": partner, "unwritten_teaching": anywhere, "unwritten_agency": anywhere}
            other = np.where(draw < 0.7, partner, anywhere)
            ward = away.get(kind, other)
            # Whoever helps on the same site sits on that ward; from the other site it is done at one's own desk.
            east = self.u.h.d_east
            there = (kind in ("unwritten_cover", "unwritten_agency")) & (east[ward] == east[dept])
            where = np.where(there, ward, dept)
            patient = self.in_house(ward, t)
        alive = self.u.people.died[patient] >= t // DAY
        busy = self.rng.random(len(t)) < np.maximum(WARD_HOURS[t // HOUR % 24], 0.5)
        ok = (patient >= 0) & alive & (busy | (spread > 1)) & (t < self.u.last)
        system = np.broadcast_to(np.asarray(system), len(t))[ok]
        self.u.out.add(
            t=t[ok], actor=actor[ok], patient=patient[ok], dept=np.asarray(where)[ok], reason=REASON[kind], own=True,
            system=system, events=1.8, action=np.where(self.rng.random(int(ok.sum())) < 0.1, UPDATE, READ),
            breakglass=(kind == "unwritten_question") & (self.rng.random(int(ok.sum())) < 0.008),
        )  # fmt: skip

    def mistakes(self, columns: dict[str, Array]) -> None:
        """The neighbouring number, or a namesake, closed within seconds; the right patient comes next."""
        people = self.u.people
        shown = (columns["actor"] >= 0) & (columns["patient"] >= 0) & np.isin(columns["system"], [EMR, PACS])
        rows = np.flatnonzero(shown & (self.rng.random(len(shown)) < MISTAKES))
        right = columns["patient"][rows]
        wrong = np.clip(right + self.rng.choice([-1, 1], len(rows)), 0, len(people) - 1)
        same_name = Groups(np.unique(people.name.astype(str), return_inverse=True)[1], len(people))
        key = np.unique(people.name.astype(str), return_inverse=True)[1][right]
        namesake = same_name.pick(key, self.rng.random(len(rows)))
        wrong = np.where(self.rng.random(len(rows)) < 0.5, namesake, wrong)
        ok = (wrong != right) & ~people.honey[wrong] & ~people.vip[wrong] & (columns["t"][rows] > 60)
        rows, wrong = rows[ok], wrong[ok]
        self.u.out.add(
            t=columns["t"][rows] - self.rng.integers(12, 40, len(rows)), actor=columns["actor"][rows], patient=wrong,
            dept=columns["dept"][rows], reason=REASON["mistaken"], system=columns["system"][rows], events=1.0,
            duration=self.rng.integers(2, 8, len(rows)), own=True,
        )  # fmt: skip

    def helps(self) -> None:
        """Help for people one knows: most on duty, near a visit of that patient, one short look."""
        h, people, care, r = self.u.h, self.u.people, self.u.care, self.u.roster
        total = self.p.staff * self.p.days * HELP_RATE
        staff_patient = np.flatnonzero(people.staff_patient >= 0)
        kin = np.concatenate([people.household, people.relatives])
        by_dept = Groups(h.s_dept[staff_patient], len(h.d_code))
        by_house = Groups(people.home // 30, int(people.home.max()) // 30 + 1)
        next_visit = self._visits()
        for kind, share in HELP.items():
            n = int(total * share)
            if kind == "help_family":
                pair = kin[self.rng.integers(0, len(kin), n * 3)]
                actor, patient = pair[:, 0], pair[:, 1]
            elif kind == "help_colleague":
                actor = self.rng.integers(0, self.p.staff, n * 3)
                mate = by_dept.pick(h.s_dept[actor], self.rng.random(len(actor)))
                patient = np.where(mate >= 0, people.staff_patient[staff_patient[mate]], -1)
                patient = np.where(patient == people.staff_patient[actor], -1, patient)
            elif kind == "help_vip":
                office = np.flatnonzero(np.isin(h.s_dept, np.r_[h.of("MEDA"), h.of("QUAL")]) | (h.s_manager < 0))
                actor = office[self.rng.integers(0, len(office), n * 3)]
                known = np.flatnonzero(people.vip)
                patient = known[self.rng.integers(0, len(known), n * 3)]
            else:
                actor = self.rng.integers(0, self.p.staff, n * 3)
                patient = by_house.pick(people.staff_home[actor] // 30, self.rng.random(len(actor)))
                patient = np.where(people.home[patient] == people.staff_home[actor], -1, patient)
            visit = next_visit.pick(np.maximum(patient, 0), self.rng.random(len(actor)))
            near = (visit >= 0) & (self.rng.random(len(actor)) < 0.85)
            wish = np.where(
                near,
                care.e_start[visit] - self.rng.integers(-DAY, 2 * DAY, len(actor)),
                self.rng.integers(0, self.u.last, len(actor)),
            )
            shift = r.next_shift(actor, wish)
            t = np.where(shift >= 0, r.moment(shift, self.rng.random(len(actor))), -1)
            # Those whose patient comes to the hospital soon are preferred: that is when people ask.
            good = (
                (patient >= 0)
                & (t >= 0)
                & (t < self.u.last)
                & ~people.honey[patient]
                & (people.died[patient] > self.p.days)
            )
            preferred = np.argsort(~(good & near), kind="stable")
            pick = preferred[good[preferred]][:n]
            self.u.out.add(
                t=t[pick], actor=actor[pick], patient=patient[pick], dept=r.dept[shift[pick]], own=True,
                reason=REASON[kind], events=1.5, system=np.where(stable(t[pick], 51) < 0.4, HIS, EMR),
            )  # fmt: skip

    def _visits(self) -> Groups:
        """Encounters of the period by patient."""
        care = self.u.care
        inside = (care.e_start > 0) & (care.e_start < self.u.last)
        return Groups(np.where(inside, care.e_patient, len(self.u.people)), len(self.u.people) + 1)
