# SPDX-License-Identifier: Apache-2.0
"""What care causes elsewhere: orders and who performs them, work items, tickets, research cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulate.care import EMERGENCY, INPATIENT, Care, recorded
from simulate.draw import Array, Bools, Ints, choose, stable
from simulate.house import ROLE, House
from simulate.parameters import DAY, HOUR, MINUTE, Parameters
from simulate.people import People
from simulate.roster import Roster

ORDER_KINDS = ("laboratory", "imaging", "medication", "procedure", "consult")
LABORATORY, IMAGING, MEDICATION, PROCEDURE, CONSULT = range(5)
WORK_KINDS = [
    "coding", "billing", "quality", "result", "records", "registration", "bed_management",
    "infection_control", "audit", "verification",
    "copy_request",
]  # fmt: skip
WORK = {name: i for i, name in enumerate(WORK_KINDS)}


@dataclass
class Work:
    """Orders (`o_*`), work items (`w_*`), tickets (`k_*`), consents (`c_*`)."""

    o_patient: Ints
    o_encounter: Ints
    o_kind: Ints
    o_by: Ints
    o_dept: Ints  # where it was ordered
    o_performer: Ints
    o_time: Ints
    o_recorded: Ints
    o_exported: Bools
    w_patient: Ints
    w_dept: Ints
    w_kind: Ints
    w_staff: Ints  # -1: anybody of the department
    w_start: Ints
    w_end: Ints
    w_recorded: Ints
    w_exported: Bools
    k_account: Ints
    k_kind: Array
    k_scope: Array
    k_start: Ints
    k_end: Ints
    k_by: Ints
    c_patient: Ints
    c_ticket: Ints
    c_permit: Bools
    c_start: Ints
    c_end: Ints
    #: Two departments that often share patients with each clinical one (fixed by the seed).
    partners: Array


def make_work(p: Parameters, h: House, people: People, care: Care, roster: Roster, rng: np.random.Generator) -> Work:
    wards = len(h.clinical)
    partners = np.array([rng.permutation(np.setdiff1d(np.arange(wards), [d]))[:2] for d in range(wards)])
    orders = _orders(p, h, care, roster, partners, rng)
    items = _items(p, h, care, orders, rng)
    tickets, consents = _tickets(p, h, people, care, rng)
    columns: list[Any] = [*orders, *items, *tickets, *consents, partners]
    return Work(*columns)


def _orders(
    p: Parameters, h: House, care: Care, roster: Roster, partners: Array, rng: np.random.Generator
) -> tuple[Array, ...]:
    kind, start, end = care.e_kind, care.e_start, care.e_end
    days = np.clip((end - start) / DAY, 0.3, None)
    mean = np.where(kind == INPATIENT, 1.15 * days + 1, np.where(kind == EMERGENCY, 1.8, 0.95))
    e = np.repeat(np.arange(len(kind)), rng.poisson(mean))
    n = len(e)
    bed = kind[e] == INPATIENT
    day = (start[e] + rng.random(n) * (end[e] - start[e])) // DAY
    round_ = day * DAY + np.where(rng.random(n) < 0.75, rng.uniform(8.2, 11, n), rng.uniform(0, 24, n)) * HOUR
    inside = np.clip(round_, start[e] + 10 * MINUTE, np.maximum(end[e] - 30 * MINUTE, start[e] + 11 * MINUTE))
    t = np.where(bed, inside, start[e] + rng.uniform(3, 25, n) * MINUTE).astype(np.int64)
    keep = (t > -8 * DAY) & (t < p.days * DAY)
    e, t, bed = e[keep], t[keep], bed[keep]
    n = len(e)
    order = np.lexsort((e, t))
    e, t, bed = e[order], t[order], bed[order]
    dept = _in_charge(care, e, t)
    duty = roster.on_duty(dept, t, 1, stable(care.e_patient[e], t // DAY, 31))
    by = np.where((bed & (rng.random(n) < 0.6)) & (duty >= 0), roster.staff[duty], care.e_attending[e])
    what = choose(rng, np.array([0.44, 0.17, 0.29, 0.06, 0.04]), n)
    u = rng.random(n)

    def place(special: str) -> Ints:
        here = h.of(special)
        return np.asarray(here[rng.integers(0, len(here), n)])

    performer = np.select(
        [what == LABORATORY, what == IMAGING, what == MEDICATION, what == PROCEDURE],
        [
            np.where(u < 0.07, place("PATH"), place("LABO")),
            np.where(u < 0.65, place("RADI"), place("ULTR")),
            place("PHAR"),
            np.where(u < 0.6, place("ENDS"), place("REHA")),
        ],
        partners[dept % len(partners), (u < 0.35).astype(int)],
    )
    exported = rng.random(n) >= p.undocumented * 0.9
    return care.e_patient[e], e, what, by, dept, performer, t, recorded(p, rng, t), exported


def _in_charge(care: Care, e: Ints, t: Ints) -> Ints:
    """The department in charge of each encounter at each moment."""
    dept = care.e_dept[e].copy()
    moved = np.flatnonzero(care.p_arrived_by >= 0)
    by_encounter: dict[int, list[int]] = {}
    for row in moved.tolist():
        by_encounter.setdefault(int(care.p_encounter[row]), []).append(row)
    for i in np.flatnonzero(np.isin(e, care.p_encounter[moved])).tolist():
        for row in by_encounter[int(e[i])]:
            if care.p_from[row] <= t[i] < care.p_to[row]:
                dept[i] = care.p_charge[row]
    return dept


def _items(
    p: Parameters, h: House, care: Care, orders: tuple[Array, ...], rng: np.random.Generator
) -> tuple[Array, ...]:
    rows: list[tuple[Array, ...]] = []
    stays = np.flatnonzero((care.e_kind == INPATIENT) & (care.e_end > -9 * DAY))
    gone = stays[care.e_end[stays] < p.days * DAY]
    visits = np.flatnonzero((care.e_kind != INPATIENT) & (care.e_start > -4 * DAY) & (care.e_start < p.days * DAY))
    came = stays[care.e_start[stays] > -DAY]

    def add(
        kind: str, unit: str, e: Array, share: float, start: Array, span: tuple[float, float], named: float
    ) -> None:
        some = rng.random(len(e)) < share
        e, start = e[some], np.asarray(start)[some]
        dept = int(h.of(unit)[0])
        crew = np.flatnonzero((h.s_dept == dept) & (h.s_from <= 0) & (h.s_to >= p.days) & (h.s_role != ROLE["vendor"]))
        staff = np.where(
            (rng.random(len(e)) < named) & (len(crew) > 0), crew[rng.integers(0, max(len(crew), 1), len(e))], -1
        )
        end = start + (rng.uniform(*span, len(e)) * DAY).astype(np.int64)
        rows.append((care.e_patient[e], np.full(len(e), dept), np.full(len(e), WORK[kind]), staff, start, end))

    add("coding", "RECO", gone, 0.95, care.e_end[gone] + HOUR, (5, 10), 0.7)
    add("billing", "BILL", gone, 0.95, care.e_end[gone] - 2 * HOUR, (3, 6), 0.5)
    add("billing", "BILL", visits, 0.10, care.e_end[visits], (2, 4), 0.5)
    add("quality", "QUAL", gone, 0.15, care.e_end[gone] + DAY, (5, 9), 0.8)
    add("infection_control", "INFC", stays, 0.09, care.e_start[stays] + DAY, (3, 6), 0.7)
    add("infection_control", "INFC", visits, 0.008, care.e_end[visits], (1, 3), 0.7)
    add("registration", "REGI", came, 1.0, care.e_start[came] - 2 * HOUR, (0.3, 0.8), 0.3)
    add("bed_management", "NURS", came, 0.6, care.e_start[came] - 20 * HOUR, (0.9, 1.1), 0.5)
    add("records", "RECO", gone, 0.08, care.e_end[gone] + 2 * DAY, (1, 4), 0.5)
    add("audit", "BILL", gone, 0.06, care.e_end[gone] + 3 * DAY, (3, 7), 0.9)
    add("verification", "REGI", visits, 0.02, care.e_start[visits], (0.4, 1), 0.3)
    patient, _, kind, by, dept, _, t, _, _ = orders
    routed = np.flatnonzero((kind <= IMAGING) & (rng.random(len(kind)) < 0.25))
    end = t[routed] + (rng.uniform(2, 5, len(routed)) * DAY).astype(np.int64)
    rows.append(
        (patient[routed], dept[routed], np.full(len(routed), WORK["result"]), by[routed], t[routed] + HOUR, end)
    )
    columns = [np.concatenate(x) for x in zip(*rows, strict=True)]
    order = np.lexsort((columns[2], columns[0], columns[4]))
    columns = [c[order] for c in columns]
    # Two results of one second are one entry in anybody's inbox.
    _, keep = np.unique(np.column_stack(columns[:5]), axis=0, return_index=True)
    columns = [c[np.sort(keep)] for c in columns]
    n = len(keep)
    return (*columns, recorded(p, rng, columns[4]), rng.random(n) >= p.undocumented * 0.9)


def _tickets(
    p: Parameters, h: House, people: People, care: Care, rng: np.random.Generator
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    rows: list[tuple[int, str, str, int, int, int]] = []
    size = p.staff / 300 * p.days / 30

    def crew(*roles: str) -> Ints:
        return np.flatnonzero(np.isin(h.s_role, [ROLE[r] for r in roles]) & (h.s_from <= 0) & (h.s_to >= p.days))

    office = np.flatnonzero((h.s_role == ROLE["administrator"]) & (h.s_to >= p.days))

    def boss() -> int:
        return int(office[rng.integers(0, len(office))])

    last = p.days * DAY
    researchers, engineers, pharmacists = (
        crew("researcher"),
        crew("it", "device_engineer", "vendor"),
        crew("pharmacist"),
    )
    alive = np.flatnonzero((people.died > p.days) & ~people.honey & ~people.unknown)
    cohort: list[tuple[Array, ...]] = []
    for i in range(min(max(2, p.staff // 100), len(researchers) * 3)):
        who = int(researchers[i % len(researchers)])
        start = int(rng.integers(-30, max(1, p.days // 3))) * DAY
        rows.append((who, "research", f"课题{i + 1:03d}队列回顾性研究", start, last + 40 * DAY, boss()))
        members = rng.choice(alive, size=min(int(rng.integers(60, 120)), len(alive)), replace=False)
        n = len(members)
        given = np.maximum(start - 5 * DAY, -60 * DAY) + rng.integers(0, 4 * DAY, n)
        ticket = np.full(n, len(rows) - 1)
        cohort.append((members, ticket, np.ones(n, bool), given, np.full(n, last + 300 * DAY)))
        gone = members[rng.random(n) < 0.05]
        when = rng.integers(0, last, len(gone))
        cohort.append(
            (
                gone,
                np.full(len(gone), len(rows) - 1),
                np.zeros(len(gone), bool),
                when,
                np.full(len(gone), last + 300 * DAY),
            )
        )
    for _ in range(max(2, round(16 * size))):
        day, hour = int(rng.integers(0, p.days)), float(rng.choice([9, 13, 14, 20, 22]))
        start = int(day * DAY + hour * HOUR)
        who = int(engineers[rng.integers(0, len(engineers))])
        rows.append((who, "maintenance", "系统升级后抽查", start, start + int(rng.uniform(2, 4) * HOUR), boss()))
    for _ in range(max(2, round(9 * size))):
        start = int(rng.integers(0, p.days)) * DAY + 8 * HOUR
        who = int(pharmacists[rng.integers(0, len(pharmacists))])
        rows.append((who, "statistics", "药品使用月度统计", start, start + 10 * HOUR, boss()))
    for _ in range(max(1, round(4 * size))):
        start = int(rng.integers(0, p.days)) * DAY + 9 * HOUR
        who = int(researchers[rng.integers(0, len(researchers))])
        rows.append((who, "export", "质控上报数据导出", start, start + 8 * HOUR, boss()))
    rows.append((h.account("svc-report"), "statistics", "夜间统计报表", -200 * DAY, last + 200 * DAY, boss()))
    rows.append((h.account("svc-upload"), "export", "医保结算上传", -200 * DAY, last + 200 * DAY, boss()))
    account, kind, scope, start_, end_, by = zip(*rows, strict=True)
    tickets = (
        np.array(account), np.array(kind, object), np.array(scope, object), np.array(start_), np.array(end_), np.array(by)
    )  # fmt: skip
    return tickets, tuple(np.concatenate(x) for x in zip(*cohort, strict=True))
