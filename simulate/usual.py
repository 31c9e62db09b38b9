# SPDX-License-Identifier: Apache-2.0
"""Legitimate openings, each drawn from the thing that caused it: beds, visits, orders, work items, permissions."""

from __future__ import annotations

import numpy as np

from simulate.care import EMERGENCY, INPATIENT, Care
from simulate.draw import Array, Ints, choose, repeat, stable
from simulate.house import ROLE, House
from simulate.openings import CREATE, EMR, EXPORT, HIS, LIS, PACS, READ, REASON, TABLE, UPDATE, Openings
from simulate.parameters import DAY, HOUR, MINUTE, Parameters
from simulate.people import People
from simulate.roster import COVER, FLOAT, NORMAL, Roster
from simulate.work import CONSULT, IMAGING, LABORATORY, MEDICATION, WORK, Work

#: How busy each hour is on a ward, for nurses and for physicians.
WARD_HOURS = np.array([4, 3, 2, 2, 3, 5, 8, 9, 10, 10, 9, 8, 6, 7, 9, 9, 9, 7, 7, 7, 7, 6, 6, 5]) / 10
ROUND_HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 6, 10, 10, 10, 8, 3, 4, 8, 9, 8, 6, 3, 2, 2, 2, 2, 1]) / 10


class Usual:
    """One run over everything that gives a reason; `last` is the second at which the period ends."""

    def __init__(
        self, p: Parameters, h: House, people: People, roster: Roster, care: Care, work: Work, rng: np.random.Generator
    ) -> None:
        self.p, self.h, self.people, self.roster, self.care, self.work, self.rng = p, h, people, roster, care, work, rng
        self.last = p.days * DAY
        self.out = Openings()

    def run(self) -> Openings:
        self.wards()
        self.teams()
        self.visits()
        self.front_desks()
        self.orders()
        self.consults()
        self.transfers()
        self.items()
        self.completions()
        self.permissions()
        return self.out

    def systems(self, n: int, weights: tuple[float, float, float, float]) -> Ints:
        return choose(self.rng, np.array(weights), n)

    def inside(self, start: Array, end: Array, rate: float, hours: Array) -> tuple[Ints, Ints]:
        """Rows and moments: a Poisson stream of `rate` a day over each interval, thinned by the hour of day."""
        a, b = np.maximum(start, 0), np.minimum(end, self.last)
        counts = self.rng.poisson(np.maximum(b - a, 0) / DAY * rate / hours.mean())
        row = repeat(counts)
        t = (a[row] + self.rng.random(len(row)) * (b[row] - a[row])).astype(np.int64)
        keep = self.rng.random(len(row)) < hours[t // HOUR % 24]
        return row[keep], t[keep]

    def wards(self) -> None:
        c, r = self.care, self.roster
        for group, rate, hours, dept, mix in (
            (0, 7.6, WARD_HOURS, c.p_dept, (0.86, 0.09, 0.05, 0.0)),
            (1, 4.0, ROUND_HOURS, c.p_charge, (0.8, 0.05, 0.06, 0.09)),
        ):
            row, t = self.inside(c.p_from, c.p_to, rate, hours)
            enc = c.p_encounter[row]
            patient = c.e_patient[enc]
            same = np.where(
                self.rng.random(len(row)) < 0.75, stable(patient, t // (8 * HOUR), group), self.rng.random(len(row))
            )
            shift = r.on_duty(dept[row], t, group, same)
            ok = shift >= 0
            row, t, enc, patient, shift = row[ok], t[ok], enc[ok], patient[ok], shift[ok]
            t = np.clip(t, r.start[shift] + 6 * MINUTE, r.end[shift] - 12 * MINUTE)
            actor = r.staff[shift]
            foreign = np.isin(r.kind[shift], [FLOAT, COVER])
            arrived = c.p_arrived_by[row]
            attending = ~foreign & (actor == c.e_attending[enc])
            reason = np.select([foreign, attending], [REASON["shift"], REASON["attending"]], REASON["admission"])
            by_move = ~foreign & ~attending & (arrived >= 0)
            table = np.select([foreign, by_move], [TABLE["shifts"], TABLE["transfers"]], TABLE["encounters"])
            source = np.select([foreign, by_move], [shift, arrived], enc)
            action = np.where(self.rng.random(len(t)) < (0.16 if group == 0 else 0.12), UPDATE, READ)
            self.out.add(
                t=t, actor=actor, patient=patient, dept=r.dept[shift], reason=reason, table=table, row=source,
                documented=~foreign | r.exported[shift], system=self.systems(len(t), mix), action=action, events=1.7,
                own=foreign,
            )  # fmt: skip

    def teams(self) -> None:
        c, r, h = self.care, self.roster, self.h
        outside = np.flatnonzero(np.isin(h.s_role[c.ct_staff], [ROLE["therapist"], ROLE["pharmacist"]]))
        row, t = self.inside(c.ct_start[outside], c.ct_end[outside], 0.9, np.ones(24))
        row = outside[row]
        shift = r.next_shift(c.ct_staff[row], t // DAY * DAY)
        t = np.where(shift >= 0, r.moment(shift, self.rng.random(len(row))), -1)
        ok = (t >= np.maximum(c.ct_start[row], 0)) & (t < np.minimum(c.ct_end[row], self.last))
        row, t = row[ok], t[ok]
        staff = c.ct_staff[row]
        self.out.add(
            t=t, actor=staff, patient=c.ct_patient[row], dept=h.dept_on(staff, t // DAY), reason=REASON["care_team"],
            table=TABLE["care_team"], row=row, documented=True, own=True,
            action=np.where(self.rng.random(len(t)) < 0.4, UPDATE, READ),
        )  # fmt: skip

    def visits(self) -> None:
        c, r = self.care, self.roster
        booking = np.full(len(c.e_patient), -1)
        came = c.ap_encounter >= 0
        booking[c.ap_encounter[came]] = np.flatnonzero(came)
        visit = np.flatnonzero((c.e_kind != INPATIENT) & (c.e_start > -DAY) & (c.e_start < self.last))
        er = c.e_kind[visit] == EMERGENCY
        for group, mean_er, mean_out, events in ((1, 2.6, 1.25, 2.6), (0, 2.4, 0.45, 1.5)):
            e = np.repeat(visit, self.rng.poisson(np.where(er, mean_er, mean_out)))
            first = np.r_[True, e[1:] != e[:-1]] if len(e) else np.zeros(0, bool)
            length = np.where(first, 20 * MINUTE, c.e_end[e] - c.e_start[e])
            t = c.e_start[e] + 2 * MINUTE + (self.rng.random(len(e)) * length).astype(np.int64)
            shift = r.on_duty(c.e_dept[e], t, group, stable(c.e_patient[e], t // (6 * HOUR), 41))
            actor = np.where(shift >= 0, r.staff[shift], -1)
            if group == 1:
                actor = np.where(self.rng.random(len(e)) < 0.8, c.e_attending[e], actor)
            # Somebody who covers without a roster row leaves nothing that would tell why they are there.
            rostered = (actor == c.e_attending[e]) | (r.kind[shift] == NORMAL) | r.exported[shift]
            ok = (actor >= 0) & (t >= 0) & (t < self.last) & (t // DAY == c.e_start[e] // DAY)
            e, t, actor, rostered = e[ok], t[ok], actor[ok], rostered[ok]
            booked = (booking[e] >= 0) & (c.e_kind[e] != EMERGENCY)
            shown = booked & c.ap_exported[booking[e]]
            self.out.add(
                t=t, actor=actor, patient=c.e_patient[e], dept=c.e_dept[e], events=events,
                reason=np.where(shown, REASON["appointment"], REASON["visit"]),
                table=np.where(shown, TABLE["appointments"], TABLE["encounters"]), row=np.where(shown, booking[e], e),
                documented=(shown | c.e_exported[e]) & rostered, system=self.systems(len(t), (0.8, 0.1, 0.05, 0.05)),
                action=np.where(self.rng.random(len(t)) < 0.2, UPDATE, READ),
                breakglass=(c.e_kind[e] == EMERGENCY) & self.people.unknown[c.e_patient[e]] & (self.rng.random(len(t)) < 0.4),
            )  # fmt: skip
        ready = np.flatnonzero((self.rng.random(len(c.ap_time)) < 0.25) & (c.ap_time > DAY))
        t = (c.ap_time[ready] // DAY - 1) * DAY + (self.rng.uniform(15, 17.3, len(ready)) * HOUR).astype(np.int64)
        shift = r.next_shift(c.ap_staff[ready], t // DAY * DAY)
        ok = (shift >= 0) & (t < self.last) & (t > r.start[shift]) & (t < r.end[shift])
        ready, t = ready[ok], t[ok]
        self.out.add(
            t=t, actor=c.ap_staff[ready], patient=c.ap_patient[ready], dept=c.ap_dept[ready], reason=REASON["appointment"],
            table=TABLE["appointments"], row=ready, documented=c.ap_exported[ready], events=2.0, own=True,
        )  # fmt: skip

    def front_desks(self) -> None:
        c, r = self.care, self.roster
        desk = int(self.h.of("REGI")[0])
        visit = np.flatnonzero((c.e_start > 0) & (c.e_start < self.last))
        for share, lead, what in ((0.9, -1, CREATE), (0.55, 1, READ)):
            e = visit[self.rng.random(len(visit)) < share]
            t = c.e_start[e] + lead * self.rng.integers(4 * MINUTE, 50 * MINUTE, len(e))
            shift = r.on_duty(np.full(len(e), desk), t, 2, self.rng.random(len(e)))
            ok = (shift >= 0) & (t // DAY == c.e_start[e] // DAY) & (t < self.last)
            e, t, shift = e[ok], t[ok], shift[ok]
            self.out.add(
                t=t, actor=r.staff[shift], patient=c.e_patient[e], dept=desk, reason=REASON["front_desk"], action=what,
                table=TABLE["encounters"], row=e, documented=c.e_exported[e], system=HIS, events=1.4,
            )  # fmt: skip

    def orders(self) -> None:
        c, w, r, h = self.care, self.work, self.roster, self.h
        n = len(w.o_time)
        now = np.flatnonzero((w.o_time >= 0) & (self.rng.random(n) < 0.95))
        enc = w.o_encounter[now]
        self.out.add(
            t=w.o_time[now], actor=w.o_by[now], patient=w.o_patient[now], dept=w.o_dept[now], reason=REASON["order_placed"],
            table=TABLE["orders"], row=now, documented=w.o_exported[now] | c.e_exported[enc], action=CREATE, events=1.3,
            system=self.systems(len(now), (0.75, 0.25, 0, 0)), own=~c.e_exported[enc],
        )  # fmt: skip
        for kinds, delay, mean, system, events in (
            ((LABORATORY,), (0.4, 5), 1.3, LIS, 1.4), ((IMAGING,), (0.5, 30), 1.9, PACS, 2.0),
            ((MEDICATION,), (0.1, 2), 1.1, HIS, 1.5), ((3,), (1, 40), 1.2, EMR, 1.6),
        ):  # fmt: skip
            o = np.flatnonzero(np.isin(w.o_kind, kinds))
            o = np.repeat(o, self.rng.poisson(mean, len(o)))
            t = w.o_time[o] + (self.rng.uniform(delay[0], delay[1], len(o)) * HOUR).astype(np.int64)
            u = self.rng.random(len(o))
            shift = r.on_duty(w.o_performer[o], t, 2, u)
            doctor = r.on_duty(w.o_performer[o], t, 1, u)
            shift = np.where((doctor >= 0) & ((shift < 0) | (self.rng.random(len(o)) < 0.5)), doctor, shift)
            # Where nobody is there at that hour the work waits for the next morning.
            ok = (shift >= 0) & (t >= 0) & (t < self.last)
            o, t, shift = o[ok], t[ok], shift[ok]
            self.out.add(
                t=t, actor=r.staff[shift], patient=w.o_patient[o], dept=w.o_performer[o], reason=REASON["order_performed"],
                table=TABLE["orders"], row=o, documented=w.o_exported[o], system=system, events=events,
                action=np.where(self.rng.random(len(t)) < 0.3, UPDATE, READ),
            )  # fmt: skip
        # Who ordered looks at the result, mostly on the next days.
        o = np.flatnonzero((w.o_kind != CONSULT) & (w.o_kind != MEDICATION) & (self.rng.random(n) < 0.55))
        wait = (self.rng.exponential(20, len(o)) * HOUR + HOUR).astype(np.int64)
        shift = r.next_shift(w.o_by[o], w.o_time[o] + np.minimum(wait, 5 * DAY))
        t = np.where(shift >= 0, r.moment(shift, self.rng.random(len(o))), -1)
        ok = (t >= 0) & (t < self.last) & (t < w.o_time[o] + int(6.8 * DAY))
        o, t = o[ok], t[ok]
        self.out.add(
            t=t, actor=w.o_by[o], patient=w.o_patient[o], dept=h.dept_on(w.o_by[o], t // DAY), reason=REASON["order_placed"],
            table=TABLE["orders"], row=o, documented=w.o_exported[o], events=1.5, own=True,
            system=self.systems(len(t), (0.55, 0, 0.25, 0.2)),
        )  # fmt: skip

    def consults(self) -> None:
        w, r = self.work, self.roster
        o = np.flatnonzero(w.o_kind == CONSULT)
        o = np.repeat(o, 1 + self.rng.poisson(0.8, len(o)))
        first = np.r_[True, o[1:] != o[:-1]]
        t = w.o_time[o] + (self.rng.uniform(0.3, np.where(first, 14, 66)) * HOUR).astype(np.int64)
        shift = r.on_duty(w.o_performer[o], t, 1, stable(o, 42))
        ok = (shift >= 0) & (t >= 0) & (t < self.last)
        o, t, shift = o[ok], t[ok], shift[ok]
        self.out.add(
            t=t, actor=r.staff[shift], patient=w.o_patient[o], dept=w.o_performer[o], reason=REASON["consult"],
            table=TABLE["orders"], row=o, events=3.0, own=True,
            documented=w.o_exported[o] & ((r.kind[shift] == NORMAL) | r.exported[shift]),
            action=np.where(self.rng.random(len(t)) < 0.35, UPDATE, READ), breakglass=self.rng.random(len(t)) < 0.012,
        )  # fmt: skip

    def transfers(self) -> None:
        c, r = self.care, self.roster
        for group, share in ((0, 0.7), (1, 0.5)):
            m = np.flatnonzero((c.t_time > 0) & (c.t_time < self.last) & (self.rng.random(len(c.t_time)) < share))
            t = c.t_time[m] - self.rng.integers(10 * MINUTE, int(3.5 * HOUR), len(m))
            shift = r.on_duty(c.t_to[m], t, group, stable(m, 43))
            ok = (shift >= 0) & (t >= 0)
            m, t, shift = m[ok], t[ok], shift[ok]
            own = ~np.isin(r.kind[shift], [FLOAT, COVER])
            m, t, shift = m[own], t[own], shift[own]
            self.out.add(
                t=t, actor=r.staff[shift], patient=c.t_patient[m], dept=c.t_to[m], reason=REASON["transfer"],
                table=TABLE["transfers"], row=m, documented=True, events=2.0,
            )  # fmt: skip

    def items(self) -> None:
        w, r = self.work, self.roster
        result = w.w_kind == WORK["result"]
        mean = np.select(
            [result, w.w_kind == WORK["coding"], w.w_kind == WORK["billing"]], [0.9, 2.2, 1.6], 1.3
        )  # fmt: skip
        i = np.repeat(np.arange(len(w.w_start)), self.rng.poisson(mean))
        crew_shift = r.on_duty(w.w_dept[i], self._office(w.w_start[i], w.w_end[i]), 2, stable(i, 44))
        nurse = r.on_duty(w.w_dept[i], self._office(w.w_start[i], w.w_end[i]), 0, stable(i, 45))
        crew_shift = np.where(crew_shift >= 0, crew_shift, nurse)
        named = w.w_staff[i] >= 0
        actor = np.where(named, w.w_staff[i], np.where(crew_shift >= 0, r.staff[crew_shift], -1))
        wish = w.w_start[i] + (self.rng.random(len(i)) * np.maximum(w.w_end[i] - w.w_start[i] - DAY, 0)).astype(
            np.int64
        )
        shift = r.next_shift(np.maximum(actor, 0), wish)
        t = np.where((shift >= 0) & (actor >= 0), r.moment(shift, self.rng.random(len(i))), -1)
        ok = (t >= np.maximum(w.w_start[i], 0)) & (t < np.minimum(w.w_end[i], self.last))
        i, t, actor, shift = i[ok], t[ok], actor[ok], shift[ok]
        is_result = result[i]
        system = np.where(
            np.isin(w.w_kind[i], [WORK["billing"], WORK["registration"], WORK["audit"], WORK["verification"]]), HIS, EMR
        )
        system = np.where(is_result, self.systems(len(i), (0.5, 0, 0.5, 0)), system)
        self.out.add(
            t=t, actor=actor, patient=w.w_patient[i], dept=r.dept[shift], table=TABLE["work_items"], row=i,
            reason=np.where(is_result, REASON["result"], REASON["work_item"]), documented=w.w_exported[i], own=True,
            system=system, events=np.where(w.w_kind[i] == WORK["coding"], 3.0, 1.7),
            action=np.where(self.rng.random(len(t)) < 0.25, UPDATE, READ),
        )  # fmt: skip

    def _office(self, start: Array, end: Array) -> Ints:
        """A daytime moment within each interval."""
        t = start + (self.rng.random(len(start)) * (end - start)).astype(np.int64)
        return np.asarray(t // DAY * DAY + 10 * HOUR)

    def completions(self) -> None:
        c, r, h = self.care, self.roster, self.h
        e = np.flatnonzero((c.e_kind == INPATIENT) & (c.e_end > -6 * DAY) & (c.e_end < self.last))
        e = np.repeat(e, self.rng.poisson(1.5, len(e)))
        wish = c.e_end[e] + (self.rng.exponential(26, len(e)) * HOUR).astype(np.int64)
        duty = r.on_duty(c.e_dept[e], wish // DAY * DAY + 10 * HOUR, 1, stable(e, 46))
        mine = (self.rng.random(len(e)) < 0.6) | (duty < 0)
        actor = np.where(mine, c.e_attending[e], r.staff[duty])
        shift = r.next_shift(actor, wish)
        t = np.where(shift >= 0, r.moment(shift, self.rng.random(len(e))), -1)
        # Some write their letters at home in the evening.
        home = (shift >= 0) & (r.end[shift] % DAY < 18 * HOUR) & (self.rng.random(len(e)) < 0.12)
        t = np.where(home, t // DAY * DAY + (self.rng.uniform(19, 22, len(e)) * HOUR).astype(np.int64), t)
        ok = (t >= 0) & (t < self.last) & (t < c.e_end[e] + int(6.5 * DAY))
        ok &= h.dept_on(actor, t // DAY) == c.e_dept[e]
        e, t, actor, home = e[ok], t[ok], actor[ok], home[ok]
        self.out.add(
            t=t, actor=actor, patient=c.e_patient[e], dept=c.e_dept[e], reason=REASON["completion"],
            remote=home, own=home, table=TABLE["encounters"], row=e,
            documented=True, action=np.where(self.rng.random(len(t)) < 0.5, UPDATE, READ), events=2.2,
        )  # fmt: skip

    def permissions(self) -> None:
        w, h, r = self.work, self.h, self.roster
        kind = w.k_kind
        for k in np.flatnonzero(kind == "research").tolist():
            rows = np.flatnonzero(w.c_permit & (w.c_ticket == k))
            who = int(w.k_account[k])
            shifts = r.of_staff.rows(who)
            shifts = shifts[(r.start[shifts] >= max(0, w.k_start[k])) & (r.start[shifts] < self.last)]
            shift = np.repeat(shifts, self.rng.poisson(7, len(shifts)))
            t = r.moment(shift, self.rng.random(len(shift)))
            row = rows[self.rng.integers(0, len(rows), len(shift))]
            patient = w.c_patient[row]
            gone = np.full(len(self.people), 1 << 40)
            no = ~w.c_permit & (w.c_ticket == k)
            gone[w.c_patient[no]] = w.c_start[no]
            ok = (t < gone[patient] - HOUR) & (t < self.last) & (t > w.c_start[row])
            self.out.add(
                t=t[ok], actor=who, patient=patient[ok], dept=int(h.s_dept[who]), reason=REASON["consent"],
                table=TABLE["consents"], row=row[ok], documented=True, own=True, events=2.0,
            )  # fmt: skip
        alive = np.flatnonzero(~self.people.honey & (self.people.died > self.p.days))
        for k in np.flatnonzero(np.isin(kind, ["maintenance", "export"])).tolist():
            who, a, b = int(w.k_account[k]), int(w.k_start[k]) + 5 * MINUTE, int(w.k_end[k]) - 5 * MINUTE
            if who >= len(h.s_role):
                continue
            export = kind[k] == "export"
            n = int(self.rng.integers(1, 3) if export else self.rng.integers(3, 12))
            t = np.sort(self.rng.integers(a, b, n))
            self.out.add(
                t=t, actor=who, patient=-1 if export else self.rng.choice(alive, n), dept=int(h.s_dept[who]), own=True,
                reason=REASON["ticket"], table=TABLE["tickets"], row=k, documented=True, events=1.0,
                system=PACS if h.s_role[who] == ROLE["device_engineer"] else HIS, action=EXPORT if export else READ,
                count=self.rng.integers(200, 3000, n) if export else 1,
            )  # fmt: skip
