# SPDX-License-Identifier: Apache-2.0
"""Patients: households, relatives, neighbours, staff among them, the well known, the dead, the unknown and the decoys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate import names
from simulate.draw import Array, Bools, Ints
from simulate.house import House
from simulate.parameters import Parameters

HONEY = 12


@dataclass
class People:
    """Patients by row number (= order of their ids), and what ties them to staff. Days count from the first day."""

    name: Array
    female: Bools
    born: Ints
    age: Ints
    home: Ints
    address: Array
    phone: Array
    contact: Array
    died: Ints
    vip: Bools
    minor: Bools
    honey: Bools
    unknown: Bools
    chronic: Bools
    #: Diagnoses that make a record sensitive: bit 1 psychiatric, 2 infectious, 4 reproductive, 8 genetic.
    sensitive: Ints
    #: Per staff: own patient row or -1, home, name, phone, address as the staff table has it.
    staff_patient: Ints
    staff_home: Ints
    staff_name: Array
    staff_phone: Array
    staff_address: Array
    #: Pairs (staff, patient): household members, relatives elsewhere, former partners and friends.
    household: Array
    relatives: Array
    acquaintances: Array

    ALIVE = 1_000_000

    def __len__(self) -> int:
        return len(self.name)


def make_people(p: Parameters, h: House, rng: np.random.Generator) -> People:
    n = p.patients
    sizes = rng.choice([1, 2, 3, 4, 5], size=n, p=[0.22, 0.33, 0.25, 0.14, 0.06])
    cut = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    family = np.repeat(np.arange(cut), sizes[:cut])[:n]
    starts = np.searchsorted(family, np.arange(family[-1] + 1))
    member = np.arange(n) - starts[family]
    home_of_family = rng.permutation(int((family[-1] + 1) * 1.05))[: family[-1] + 1]
    head_old = rng.random(family[-1] + 1) < 0.3
    female = (stable_sex := rng.random(n)) < 0.5
    head_female = female[starts][family]
    female = np.where(member == 1, ~head_female, stable_sex < 0.5)
    adult = np.where(head_old[family], rng.integers(56, 90, n), rng.integers(22, 56, n))
    age = np.select(
        [member <= 1, member == 2, member == 3],
        [adult, np.where(head_old[family], rng.integers(20, 40, n), rng.integers(0, 18, n)), rng.integers(0, 15, n)],
        rng.integers(60, 92, n),
    )
    surname = names.surnames(rng, family[-1] + 1)[family]
    surname = np.where(member == 1, names.surnames(rng, n), surname)
    # Ids are given in the order of registration, not by household.
    order = rng.permutation(n)
    family, member, female, age, surname = family[order], member[order], female[order], age[order], surname[order]
    home = home_of_family[family]
    name = names.people(rng, surname, female)
    own_phone = (age >= 14) & ((member == 0) | (rng.random(n) < 0.7))
    head_row = np.zeros(int(family.max()) + 1, dtype=np.int64)
    head_row[family[member == 0]] = np.flatnonzero(member == 0)
    phone = names.phones(rng.permutation(n))
    phone = np.where(own_phone, phone, phone[head_row[family]])
    other = _other_member(family, rng)
    contact = _contact(rng, name[other], phone[other], other != np.arange(n))
    wrong = rng.random(n) < p.wrong_addresses
    recorded = np.where(wrong, rng.integers(0, int(home.max()) + 1, n), home)
    people = People(
        name=name, female=female, born=-(age * 365.25).astype(np.int64) - rng.integers(0, 365, n), age=age, home=home,
        address=names.addresses(recorded), phone=phone, contact=contact, died=np.full(n, People.ALIVE),
        vip=np.zeros(n, bool), minor=age < 18, honey=np.zeros(n, bool), unknown=np.zeros(n, bool),
        chronic=rng.random(n) < np.where(age > 55, 0.4, 0.12),
        sensitive=(rng.random((4, n)) < np.array([[0.012], [0.015], [0.008], [0.002]])).T @ np.array([1, 2, 4, 8]),
        staff_patient=np.zeros(0, np.int64), staff_home=np.zeros(0, np.int64), staff_name=name[:0], staff_phone=name[:0],
        staff_address=name[:0], household=np.zeros((0, 2), np.int64), relatives=np.zeros((0, 2), np.int64),
        acquaintances=np.zeros((0, 2), np.int64),
    )  # fmt: skip
    _employ(people, family, p, h, rng)
    _mark(people, p, rng)
    return people


def _other_member(family: Ints, rng: np.random.Generator) -> Ints:
    """Somebody else of the household (the same row where it has nobody else)."""
    order = np.lexsort((rng.random(len(family)), family))
    nxt = np.roll(order, -1)
    first = np.r_[True, family[order][1:] != family[order][:-1]]
    first_row = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    last = np.r_[first[1:], True]
    out = np.empty(len(family), dtype=np.int64)
    out[order] = np.where(last, first_row, nxt)
    return out


def _contact(rng: np.random.Generator, name: Array, phone: Array, known: Bools) -> Array:
    """Free text: name and number, one of them, or nothing."""
    u = rng.random(len(name))
    text = np.where(u < 0.7, name + " " + phone, np.where(u < 0.82, phone, np.where(u < 0.92, name, "")))
    return np.where(known, text, "")


def _employ(people: People, family: Ints, p: Parameters, h: House, rng: np.random.Generator) -> None:
    """Choose who of the population works here, and tie families, relatives and friends to them."""
    n, staff = len(people.name), len(h.s_role)
    adults = rng.permutation(np.flatnonzero((people.age >= 24) & (people.age <= 58)))
    _, firsts = np.unique(family[adults], return_index=True)
    chosen = adults[np.sort(firsts)][:staff]
    is_patient = rng.random(staff) < 6 / 7
    people.staff_patient = np.where(is_patient, chosen, -1)
    people.staff_home = people.home[chosen].copy()
    people.staff_name = people.name[chosen].copy()
    people.staff_phone = names.phones(n + rng.permutation(staff))
    people.phone[chosen[is_patient]] = people.staff_phone[is_patient]
    wrong = rng.random(staff) < p.wrong_addresses
    people.staff_address = names.addresses(
        np.where(wrong, rng.integers(0, int(people.home.max()) + 1, staff), people.staff_home)
    )
    # Those who are no patients here keep their family; their own row becomes somebody who moved away.
    moved = chosen[~is_patient]
    people.name[moved] = names.people(rng, names.surnames(rng, len(moved)), people.female[moved])
    people.home[moved] = rng.integers(0, int(people.home.max()) + 1, len(moved))
    people.address[moved] = names.addresses(people.home[moved])
    worker = np.full(int(family.max()) + 1, -1)
    worker[family[chosen]] = np.arange(staff)
    mates = np.flatnonzero((worker[family] >= 0) & ~np.isin(np.arange(n), chosen))
    people.household = np.c_[worker[family[mates]], mates]
    told = mates[rng.random(len(mates)) < 0.45]
    of = worker[family[told]]
    people.contact[told] = people.staff_name[of] + " " + people.staff_phone[of]
    # A parent or sibling elsewhere: known by the employee's number as emergency contact, or as their own phone.
    old = rng.permutation(np.flatnonzero((people.age >= 45) & (worker[family] < 0)))
    count = rng.integers(0, 3, staff)
    rows = old[: count.sum()]
    of = np.repeat(np.arange(staff), count)[: len(rows)]
    same = rng.random(len(rows)) < 0.6
    first = np.array([s[0] for s in people.staff_name[of]], dtype=object)
    rest = np.array([s[1:] for s in people.name[rows]], dtype=object)
    people.name[rows] = np.where(same, first + rest, people.name[rows])
    by_phone = rng.random(len(rows)) < 0.2
    people.phone[rows] = np.where(by_phone, people.staff_phone[of], people.phone[rows])
    people.contact[rows] = np.where(
        by_phone, people.contact[rows], people.staff_name[of] + " " + people.staff_phone[of]
    )
    people.relatives = np.c_[of, rows]
    free = rng.permutation(np.setdiff1d(np.flatnonzero(people.age >= 20), np.r_[chosen, mates, rows]))
    people.acquaintances = np.c_[np.repeat(np.arange(staff), 2), free[: 2 * staff]]


def _mark(people: People, p: Parameters, rng: np.random.Generator) -> None:
    """The well known, the dead, and the decoys (rows that nobody is)."""
    n = len(people.name)
    taken = np.r_[people.staff_patient, people.household[:, 1], people.relatives[:, 1], people.acquaintances[:, 1]]
    free = np.setdiff1d(np.arange(n), taken)
    pool = rng.permutation(free)
    people.honey[pool[:HONEY]] = True
    adults = pool[HONEY:][people.age[pool[HONEY:]] > 30]
    people.vip[adults[: max(6, n // 1600)]] = True
    old = adults[max(6, n // 1600) :]
    old = old[people.age[old] > 60][: max(20, n // 100)]
    people.died[old] = -rng.integers(31, 700, len(old))
    # Some relatives of staff died too: their record stays of interest.
    kin = people.relatives[rng.random(len(people.relatives)) < 0.04]
    people.died[kin[:, 1]] = -rng.integers(31, 300, len(kin))
