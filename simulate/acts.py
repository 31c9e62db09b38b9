# SPDX-License-Identifier: Apache-2.0
"""Misuse of people one knows, or is curious about: each function adds `count` cases of a kind to the scene."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulate.draw import Array, Ints
from simulate.house import ROLE
from simulate.openings import HIS
from simulate.parameters import DAY, HOUR, MINUTE
from simulate.scene import EASY, EXPLAINED, HARD, NO_ATTRIBUTE, Scene

Act = Callable[[Scene, str, int, float], None]
TRIES = 60


def snoop(scene: Scene, kind: str, staff: int, patient: int, t: int, difficulty: str) -> None:
    """Look at one person: one to four openings on one to three days."""
    case = scene.open_case(kind, difficulty, staff)
    looks = int(scene.rng.integers(1, 5)) + (1 if kind == "acquaintance" else 0)
    days = int(scene.rng.integers(1, 4))
    times = [t]
    for _ in range(looks - 1):
        low = t + int(scene.rng.integers(0, days)) * DAY
        again = scene.moment(staff, low, low + DAY) if low > t else t + int(scene.rng.integers(3, 50)) * MINUTE
        times.append(again if 0 <= again < scene.last else t + 4 * MINUTE)
    times = [min(x, scene.last - 1) for x in times]
    scene.look(
        case, staff, patient, np.sort(np.array(times)), system=np.where(scene.rng.random(len(times)) < 0.2, HIS, 0)
    )


def choose_pair(scene: Scene, pairs: Array, hard: float) -> tuple[int, int, int, str] | None:
    """A pair (staff, patient), a moment, and what it turns out to be; hard ones in the share asked for."""
    want = HARD if scene.rng.random() < hard else EASY
    care, best = scene.care, None
    able = np.isin(pairs[:, 0], scene.staff) & ~scene.people.honey[pairs[:, 1]]
    pairs = pairs[able]
    if not len(pairs):
        return None
    for attempt in range(TRIES):
        # Some are never in the house: the dead, most of the well known.
        if attempt == TRIES // 2 and best is None:
            want = EASY
        staff, patient = (int(x) for x in pairs[scene.rng.integers(0, len(pairs))])
        if want == HARD:
            e = care.of_patient.rows(patient)
            e = e[(care.e_end[e] > 0) & (care.e_start[e] < scene.last - HOUR)]
            if not len(e):
                continue
            row = scene.someone(e)
            t = scene.moment(staff, int(care.e_start[row]) + HOUR, int(care.e_end[row]) + DAY)
        else:
            t = scene.moment(staff, 0, scene.last)
        if t < 0:
            continue
        found = scene.difficulty(staff, patient, t)
        best = best or (staff, patient, t, found)
        if found == want:
            return staff, patient, t, found
    return best


def _tied(scene: Scene, kind: str, count: int, hard: float) -> None:
    pairs = _pairs(scene, kind)
    for _ in range(count):
        chosen = choose_pair(scene, pairs, hard)
        if chosen is None:
            continue
        staff, patient, t, found = chosen
        if found != EXPLAINED and not recorded_tie(scene, kind, staff, patient):
            found = NO_ATTRIBUTE
        snoop(scene, kind, staff, patient, t, found)
        pairs = pairs[(pairs[:, 0] != staff) | (pairs[:, 1] != patient)]
        if not len(pairs):
            pairs = _pairs(scene, kind)


def recorded_tie(scene: Scene, kind: str, staff: int, patient: int) -> bool:
    """Does any table show what ties the two? Addresses may be old, numbers may be missing."""
    people = scene.people
    if kind == "family":
        same_home = people.staff_address[staff] == people.address[patient]
        number = people.staff_phone[staff]
        return bool(same_home or number == people.phone[patient] or number in people.contact[patient])
    if kind == "neighbour":
        return bool(people.staff_address[staff].split("号")[0] == people.address[patient].split("号")[0])
    return kind != "acquaintance"


def _pairs(scene: Scene, kind: str) -> Array:  # noqa: PLR0911
    h, people = scene.h, scene.people
    own = people.staff_patient
    living = people.died > scene.p.days
    if kind == "family":
        pairs = np.concatenate([people.household, people.relatives])
        return np.asarray(pairs[living[pairs[:, 1]]])
    if kind == "acquaintance":
        return people.acquaintances
    if kind == "self":
        rows = np.flatnonzero(own >= 0)
        return np.asarray(np.c_[rows, own[rows]])
    if kind == "manager":
        rows = np.flatnonzero((own >= 0) & (h.s_manager >= 0))
        return np.asarray(np.c_[h.s_manager[rows], own[rows]])
    if kind == "coworker":
        out = []
        for d in range(len(h.d_code)):
            here = np.flatnonzero(h.s_dept_end == d)
            shown = here[own[here] >= 0]
            a, b = np.repeat(here, len(shown)), np.tile(shown, len(here))
            out.append(np.c_[a, own[b]][a != b])
        return np.concatenate(out)
    if kind == "neighbour":
        order = np.argsort(people.home // 30, kind="stable")
        houses = (people.home // 30)[order]
        out = []
        for staff in scene.staff.tolist():
            house = people.staff_home[staff] // 30
            a, b = np.searchsorted(houses, [house, house + 1])
            rows = order[a:b]
            rows = rows[(people.home[rows] != people.staff_home[staff]) & living[rows] & (people.age[rows] > 10)]
            out.append(np.c_[np.full(len(rows), staff), rows])
        return np.concatenate(out)
    if kind == "vip":
        known = np.flatnonzero(people.vip)
        return np.asarray(np.c_[np.repeat(scene.staff, len(known)), np.tile(known, len(scene.staff))])
    dead = np.flatnonzero(people.died < -30)
    kin = people.relatives[people.died[people.relatives[:, 1]] < -30]
    some = np.c_[scene.rng.choice(scene.staff, 4 * len(dead)), np.repeat(dead, 4)]
    return np.concatenate([kin, some])


def _crowd(scene: Scene, kind: str, count: int, hard: float) -> None:
    """Everybody looks at a well-known patient who has just come in; each account is a case."""
    care, people = scene.care, scene.people
    stays = np.flatnonzero(
        (care.e_kind == 1) & (care.e_start > DAY) & (care.e_start < scene.last - DAY) & (care.e_really == 0)
    )
    groups = max(1, count // 12)
    for _ in range(groups):
        known = stays[people.vip[care.e_patient[stays]]]
        stay = scene.someone(known if len(known) else stays)
        celebrity = int(care.e_patient[stay])
        people.vip[celebrity] = True
        start = int(care.e_start[stay]) + 2 * HOUR
        for staff in scene.rng.permutation(scene.staff)[: max(3, count // groups)].tolist():
            t = scene.moment(int(staff), start, start + 2 * DAY)
            if t < 0:
                continue
            found = scene.difficulty(int(staff), celebrity, t)
            case = scene.open_case(kind, EXPLAINED if found == EXPLAINED else HARD, int(staff))
            scene.look(case, int(staff), celebrity, t, events=2.0)


def _curiosity(scene: Scene, kind: str, count: int, hard: float) -> None:
    """In-house patients of other wards, a few within a day or two."""
    clinical = scene.staff[np.isin(scene.h.s_role[scene.staff], [ROLE["nurse"], ROLE["physician"], ROLE["student"]])]
    for _ in range(count):
        staff = scene.someone(clinical)
        t = scene.moment(staff, 0, scene.last)
        pool = scene.in_house(t, away_from=scene.dept(staff, t))
        pool = np.array(
            [x for x in scene.rng.permutation(pool)[:20].tolist() if not scene.has_reason(staff, x, t)], dtype=np.int64
        )
        targets = pool[: int(scene.rng.integers(1, 7))]
        if not len(targets):
            continue
        times = t + np.cumsum(scene.rng.integers(2, 40, len(targets))) * MINUTE
        case = scene.open_case(kind, HARD, staff)
        scene.look(case, staff, targets, np.minimum(times, scene.last - 1))


def _gossip(scene: Scene, kind: str, count: int, hard: float) -> None:
    """A patient of the own ward, without a task: no table can tell."""
    clinical = scene.staff[np.isin(scene.h.s_role[scene.staff], [ROLE["nurse"], ROLE["physician"]])]
    for _ in range(count):
        for _ in range(TRIES):
            staff = scene.someone(clinical)
            t = scene.moment(staff, 0, scene.last)
            here = (scene.care.p_from <= t) & (t < scene.care.p_to) & (scene.care.p_dept == scene.dept(staff, t))
            if here.any():
                patient = int(scene.care.e_patient[scene.care.p_encounter[scene.someone(np.flatnonzero(here))]])
                snoop(scene, kind, staff, patient, t, EXPLAINED)
                break


def _honey(scene: Scene, kind: str, count: int, hard: float) -> None:
    decoys = np.flatnonzero(scene.people.honey)
    for _ in range(count):
        staff = scene.anybody()
        t = scene.moment(staff, 0, scene.last - HOUR)
        targets = scene.rng.choice(decoys, int(scene.rng.integers(1, 3)), replace=False)
        case = scene.open_case(kind, EASY, staff)
        scene.look(case, staff, targets, t + np.arange(len(targets)) * 3 * MINUTE)


def _breakglass(scene: Scene, kind: str, count: int, hard: float) -> None:
    clinical = scene.staff[np.isin(scene.h.s_role[scene.staff], [ROLE["nurse"], ROLE["physician"]])]
    for _ in range(count):
        staff = scene.someone(clinical)
        t = scene.moment(staff, 0, scene.last - HOUR)
        targets, found = targets_for(scene, staff, t, int(scene.rng.integers(1, 5)), hard)
        case = scene.open_case(kind, found, staff)
        scene.look(case, staff, targets, t + np.arange(len(targets)) * 5 * MINUTE, breakglass=True)


def unrelated(scene: Scene, staff: int, t: int, patients: Ints) -> Ints:
    """Those of the patients for whom the actor's department does nothing around the moment."""
    return np.array([x for x in patients.tolist() if not scene.has_reason(staff, x, t)], dtype=np.int64)


def targets_for(scene: Scene, staff: int, t: int, n: int, hard: float) -> tuple[Ints, str]:
    """Strangers: in the house elsewhere (hard) or without contact (easy)."""
    if scene.rng.random() < hard:
        pool = scene.in_house(t, away_from=scene.dept(staff, t))
        pool = np.array(
            [x for x in scene.rng.permutation(pool)[: 3 * n].tolist() if not scene.has_reason(staff, x, t)],
            dtype=np.int64,
        )
        if len(pool):
            return pool[:n], HARD
    return scene.absent(t, n), EASY


ACTS: dict[str, Act] = dict.fromkeys(
    ("family", "coworker", "neighbour", "vip", "acquaintance", "self", "manager", "deceased"), _tied
)
ACTS |= {"crowd": _crowd, "curiosity": _curiosity, "gossip": _gossip, "honey": _honey, "breakglass": _breakglass}
