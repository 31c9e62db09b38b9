# SPDX-License-Identifier: Apache-2.0
"""Who is treated where: encounters, beds, appointments and care teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulate.draw import Array, Bools, Groups, Ints, choose, stable
from simulate.house import SPECIALTIES as KINDS_OF_WARD
from simulate.house import House
from simulate.parameters import DAY, HOUR, MINUTE, Parameters
from simulate.people import People
from simulate.roster import Roster

OUTPATIENT, INPATIENT, EMERGENCY, TELEHEALTH = 0, 1, 2, 3
ENCOUNTER_KINDS = ("outpatient", "inpatient", "emergency", "telehealth")
OPEN = 1 << 40  # an end that has not come
BEFORE_DAYS = 15


@dataclass
class Care:
    """Encounters (`e_*`), places of inpatients (`p_*`: one row per stay on one ward), appointments, care team rows."""

    e_patient: Ints
    e_kind: Ints
    e_dept: Ints
    e_start: Ints
    e_end: Ints
    e_attending: Ints
    e_exported: Bools
    e_recorded: Ints
    #: Whose encounter it really is: 0 the patient's, 1 a newborn's under the mother's number, 2 a relative's on this card.
    e_really: Ints
    e_death: Bools
    p_encounter: Ints
    p_dept: Ints
    p_from: Ints
    p_to: Ints
    #: The ward in charge: differs from `p_dept` in a borrowed bed.
    p_charge: Ints
    p_arrived_by: Ints  # row of transfers, -1 where by admission
    t_patient: Ints
    t_from: Ints
    t_to: Ints
    t_time: Ints
    t_recorded: Ints
    ap_patient: Ints
    ap_dept: Ints
    ap_staff: Ints
    ap_time: Ints
    ap_encounter: Ints  # -1 where the patient did not come
    ap_exported: Bools
    ct_patient: Ints
    ct_staff: Ints
    ct_role: Array
    ct_start: Ints
    ct_end: Ints
    ct_recorded: Ints
    ct_encounter: Ints
    of_patient: Groups  # encounters by patient


def recorded(p: Parameters, rng: np.random.Generator, start: Ints) -> Ints:
    """When rows of these times were entered: within minutes, a share `late` hours afterwards."""
    soon = start + rng.integers(0, 10 * MINUTE, len(start))
    late = start + np.minimum(rng.exponential(7 * HOUR, len(start)) + HOUR, 40 * HOUR).astype(np.int64)
    return np.where(rng.random(len(start)) < p.late, late, soon)


def make_care(p: Parameters, h: House, people: People, roster: Roster, rng: np.random.Generator) -> Care:
    alive = (people.died > p.days) & ~people.honey
    weight = alive * np.where(people.chronic, 4.0, 1.0)
    # The well known have other hospitals to go to.
    weight = np.where(people.vip, 0.3 * (weight > 0), weight)
    admit_w, visit_w = (
        np.array([KINDS_OF_WARD[i % len(KINDS_OF_WARD)][k] for i in range(len(h.clinical))]) for k in (2, 3)
    )
    er_patient, er_start, er_end = _emergencies(p, people, weight, rng)
    out = _outpatients(p, h, people, weight, visit_w, roster, rng)
    ins = _inpatients(p, h, people, weight, admit_w, er_patient, er_end, rng)
    er_dept = h.of("EMER")[rng.integers(0, len(h.of("EMER")), len(er_patient))]
    patient = np.r_[er_patient, out["patient"], ins["patient"]]
    kind = np.r_[np.full(len(er_patient), EMERGENCY), out["kind"], np.full(len(ins["patient"]), INPATIENT)]
    dept = np.r_[er_dept, out["dept"], ins["dept"]]
    start, end = np.r_[er_start, out["start"], ins["start"]], np.r_[er_end, out["end"], ins["end"]]
    really = np.r_[np.zeros(len(er_patient), int), out["really"], ins["really"]]
    death = np.r_[rng.random(len(er_patient)) < 0.001, np.zeros(len(out["patient"]), bool), ins["death"]]
    order = np.lexsort((dept, patient, start))
    booked = np.r_[np.zeros(len(er_patient), bool), out["booked"], np.zeros(len(ins["patient"]), bool)][order]
    patient, kind, dept, start, end = patient[order], kind[order], dept[order], start[order], end[order]
    really, death = really[order], death[order]
    over = np.full(len(people), OPEN)
    np.minimum.at(over, patient[death], end[death])
    keep = start < over[patient]
    patient, kind, dept, start, end = patient[keep], kind[keep], dept[keep], start[keep], end[keep]
    really, death, booked, end = really[keep], death[keep], booked[keep], np.minimum(end, over[patient])
    attending = roster.on_duty(dept, start, 1, stable(patient, start, 21))
    attending = np.where(attending >= 0, roster.staff[attending], _any_physician(h, dept, patient))
    exported = (kind != OUTPATIENT) | (rng.random(len(patient)) >= 0.03)
    died = np.flatnonzero(death & (end < p.days * DAY))
    people.died[patient[died]] = np.minimum(people.died[patient[died]], end[died] // DAY)
    moves = _moves(p, h, patient, kind, dept, start, end, rng)
    ap = _appointments(p, patient, dept, start, attending, booked, kind, roster, h, rng)
    ct = _care_team(p, h, patient, kind, dept, start, end, attending, roster, rng)
    encounters = (patient, kind, dept, start, end, attending, exported, recorded(p, rng, start), really, death)
    columns: list[Any] = [*encounters, *moves, *ap, *ct, Groups(patient, len(people))]
    return Care(*columns)


def _any_physician(h: House, dept: Ints, patient: Ints) -> Ints:
    group = Groups(np.where(h.s_role == 0, h.s_dept, len(h.d_code)), len(h.d_code) + 1)
    return group.pick(dept, stable(patient, 22))


def _emergencies(p: Parameters, people: People, weight: Array, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    n = rng.poisson(p.staff * 0.17 * (p.days + BEFORE_DAYS))
    patient = choose(rng, weight, n)
    nameless = rng.random(n) < 0.012
    fresh = rng.permutation(np.flatnonzero((weight == 1.0) & (people.age > 18) & ~people.vip))[: int(nameless.sum())]
    used = np.flatnonzero(nameless)[: len(fresh)]
    patient[used] = fresh
    people.unknown[fresh] = True
    day = rng.integers(-BEFORE_DAYS, p.days, n)
    hour = choose(rng, np.array([2, 1.5, 1, 1, 1, 1, 2, 3, 5, 6, 6, 5, 4, 4, 4, 4, 4, 5, 6, 7, 7, 6, 4, 3]), n)
    start = day * DAY + hour * HOUR + rng.integers(0, HOUR, n)
    return patient, start, start + (rng.gamma(2.0, 1.7, n) * HOUR + 40 * MINUTE).astype(np.int64)


def _outpatients(
    p: Parameters, h: House, people: People, weight: Array, visit_w: Array, roster: Roster, rng: np.random.Generator
) -> dict[str, Array]:
    days = np.arange(-BEFORE_DAYS, p.days + 3)
    weekend = (p.first_day.weekday() + days) % 7 >= 5
    counts = rng.poisson(p.staff * np.where(weekend, 0.4, 1.25))
    day = np.repeat(days, counts)
    n = len(day)
    patient = choose(rng, weight, n)
    dept = choose(rng, visit_w, n)
    dept = _suited(h, people, patient, dept, rng)
    hour = np.where(rng.random(n) < 0.6, rng.uniform(8.2, 11.6, n), rng.uniform(13.2, 16.6, n))
    start = (day * DAY + hour * HOUR).astype(np.int64)
    kind = np.where(rng.random(n) < 0.02, TELEHEALTH, OUTPATIENT)
    # A relative is treated on this card: a child under a parent's number, a husband under his wife's.
    card = rng.random(n) < 0.01
    dept = np.where(card, choose(rng, visit_w, n), dept)
    end = start + rng.integers(10 * MINUTE, 3 * HOUR, n)
    return dict(
        patient=patient, dept=dept, start=start, end=end, kind=kind, booked=rng.random(n) < 0.7, really=card * 2
    )


def _suited(h: House, people: People, patient: Ints, dept: Ints, rng: np.random.Generator) -> Ints:
    """Children to paediatrics, women's departments for women: nobody lies where they cannot."""
    special = np.array(h.d_special, dtype=object)[dept]
    child = people.age[patient] < 14
    general = h.of("CARD")[rng.integers(0, len(h.of("CARD")), len(dept))]
    out = np.where(
        np.isin(special, ["OBST", "GYNE"]) & (~people.female[patient] | (people.age[patient] > 60)), general, dept
    )
    if len(h.of("PEDI")):
        out = np.where((special == "PEDI") & ~child, general, out)
        out = np.where(child & (rng.random(len(dept)) < 0.85), h.of("PEDI")[0], out)
    return out


def _inpatients(
    p: Parameters,
    h: House,
    people: People,
    weight: Array,
    admit_w: Array,
    er: Ints,
    er_end: Ints,
    rng: np.random.Generator,
) -> dict[str, Array]:
    first = np.unique(er, return_index=True)[1]
    from_er = first[rng.random(len(first)) < 0.18]
    n = rng.poisson(p.staff * 0.075 * (p.days + BEFORE_DAYS))
    rest = weight.copy()
    rest[er[from_er]] = 0
    planned = rng.choice(len(weight), size=min(n, int((rest > 0).sum())), replace=False, p=rest / rest.sum())
    day = rng.integers(-BEFORE_DAYS, p.days, len(planned))
    start = day * DAY + (np.clip(rng.normal(10.5, 2, len(planned)), 7.5, 17) * HOUR).astype(np.int64)
    patient, start = np.r_[er[from_er], planned], np.r_[er_end[from_er], start]
    n = len(patient)
    dept = _suited(h, people, patient, choose(rng, admit_w, n), rng)
    length = np.clip(rng.lognormal(1.55, 0.6, n), 0.8, 28)
    # Most leave in the morning.
    end = ((start / DAY + length).astype(np.int64) * DAY + rng.uniform(8.5, 13, n) * HOUR).astype(np.int64)
    end = np.maximum(end, start + 14 * HOUR)
    death = rng.random(n) < np.where(people.age[patient] > 60, 0.03, 0.004)
    end = np.where(death, start + ((end - start) * rng.uniform(0.2, 1, n)).astype(np.int64) + HOUR, end)
    really = np.zeros(n, dtype=np.int64)
    birth = np.flatnonzero(np.isin(dept, h.of("OBST")) & (rng.random(n) < 0.75))
    if len(h.of("NEON")):
        baby = np.full(len(birth), h.of("NEON")[0])
        b_start = start[birth] + rng.integers(4 * HOUR, 20 * HOUR, len(birth))
        patient, dept = np.r_[patient, patient[birth]], np.r_[dept, baby]
        end = np.r_[end, np.maximum(end[birth], b_start + 12 * HOUR)]
        start, really = np.r_[start, b_start], np.r_[really, np.ones(len(birth), int)]
        death = np.r_[death, np.zeros(len(birth), bool)]
    return dict(patient=patient, dept=dept, start=start, end=end, really=really, death=death)


def _moves(
    p: Parameters, h: House, patient: Ints, kind: Ints, dept: Ints, start: Ints, end: Ints, rng: np.random.Generator
) -> tuple[Array, ...]:
    """Places of inpatients and the transfers between them (a transfer's row is named by its place)."""
    stay = np.flatnonzero(kind == INPATIENT)
    n = len(stay)
    u = rng.random(n)
    long = end[stay] - start[stay] > 2 * DAY
    real, borrowed = long & (u < 0.09), long & (u >= 0.09) & (u < 0.15)
    wards = len(h.clinical)
    icu = h.of("ICU")[0]
    away = np.where(
        real & (dept[stay] != icu) & (rng.random(n) < 0.5), icu, (dept[stay] + rng.integers(1, wards, n)) % wards
    )
    away = np.where(away == dept[stay], (away + 1) % wards, away)
    go = start[stay] + np.where(
        borrowed, rng.integers(20 * MINUTE, 3 * HOUR, n), ((end - start)[stay] * rng.uniform(0.2, 0.5, n))
    )
    go = go.astype(np.int64)
    back = np.minimum(go + rng.integers(DAY, 3 * DAY, n), end[stay] - HOUR)
    returns = borrowed | (real & (rng.random(n) < 0.5))
    moved = real | borrowed
    rows = []
    rows.append((stay, dept[stay], start[stay], np.where(moved, go, end[stay]), dept[stay], np.full(n, -1)))
    m = np.flatnonzero(moved)
    tid = np.arange(len(m))
    rows.append(
        (
            stay[m],
            away[m],
            go[m],
            np.where(returns[m], back[m], end[stay[m]]),
            np.where(borrowed[m], dept[stay[m]], away[m]),
            tid,
        )
    )
    r = np.flatnonzero(moved & returns)
    rows.append((stay[r], dept[stay[r]], back[r], end[stay[r]], dept[stay[r]], len(m) + np.arange(len(r))))
    places = [np.concatenate(x) for x in zip(*rows, strict=True)]
    t_patient = np.r_[patient[stay[m]], patient[stay[r]]]
    t_from, t_to = np.r_[dept[stay[m]], away[r]], np.r_[away[m], dept[stay[r]]]
    t_time = np.r_[go[m], back[r]]
    return (*places, t_patient, t_from, t_to, t_time, recorded(p, rng, t_time))


def _appointments(
    p: Parameters, patient: Ints, dept: Ints, start: Ints, attending: Ints, booked: Bools, kind: Ints, roster: Roster,
    h: House, rng: np.random.Generator,
) -> tuple[Array, ...]:  # fmt: skip
    came = np.flatnonzero(booked)
    no_show = came[rng.random(len(came)) < 0.06]
    shift = np.where(rng.random(len(no_show)) < 0.5, 7, 14) * DAY
    who = np.r_[patient[came], patient[no_show]]
    where = np.r_[dept[came], dept[no_show]]
    time = (
        np.r_[start[came] + rng.integers(-20, 10, len(came)) * MINUTE, start[no_show] + shift]
        // (10 * MINUTE)
        * (10 * MINUTE)
    )
    staff = np.r_[attending[came], attending[no_show]]
    encounter = np.r_[came, np.full(len(no_show), -1)]
    exported = rng.random(len(who)) >= p.undocumented * 0.9
    return who, where, staff, time, encounter, exported


def _care_team(
    p: Parameters, h: House, patient: Ints, kind: Ints, dept: Ints, start: Ints, end: Ints, attending: Ints, roster: Roster,
    rng: np.random.Generator,
) -> tuple[Array, ...]:  # fmt: skip
    stay = np.flatnonzero((kind == INPATIENT) & (end > -2 * DAY))
    rows: list[tuple[Array, Array, Array, Array]] = [
        (stay, attending[stay], np.full(len(stay), "attending", object), start[stay])
    ]
    resident = roster.on_duty(dept[stay], start[stay] + 2 * HOUR, 1, stable(patient[stay], 23))
    nurse = roster.on_duty(dept[stay], start[stay] + HOUR, 0, stable(patient[stay], 24))
    for shift, role in ((resident, "resident"), (nurse, "primary nurse")):
        ok = shift >= 0
        rows.append((stay[ok], roster.staff[shift[ok]], np.full(int(ok.sum()), role, object), start[stay[ok]]))
    for special, share, role in (("REHA", 0.22, "therapist"), ("PHAR", 0.12, "clinical pharmacist")):
        crew = np.flatnonzero(np.isin(h.s_dept, h.of(special)) & (h.s_to > p.days) & (h.s_from < 0))
        some = stay[rng.random(len(stay)) < share]
        rows.append(
            (
                some,
                crew[rng.integers(0, len(crew), len(some))],
                np.full(len(some), role, object),
                start[some] + 6 * HOUR,
            )
        )
    e, staff, roles, since = (np.concatenate(x) for x in zip(*rows, strict=True))
    _, keep = np.unique(np.c_[e, staff], axis=0, return_index=True)
    e, staff, roles, since = e[keep], staff[keep], roles[keep], since[keep]
    return patient[e], staff, roles, since, end[e], recorded(p, rng, since), e
