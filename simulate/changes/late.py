# SPDX-License-Identifier: Apache-2.0
"""Misuse: a record is changed that should stay as it is: after it was archived, asked for in copy, or complained about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulate.changes.archive import Archive, back
from simulate.changes.journal import LATE_CHANGE, Journal
from simulate.changes.lawful import carers
from simulate.changes.rates import LATE
from simulate.house import ROLE
from simulate.openings import DELETE, UPDATE
from simulate.parameters import DAY, HOUR
from simulate.scene import EASY, EXPLAINED, HARD

TRIES = 40
#: A place in the archive and the moment of a request or complaint, if there was one.
Asked = list[tuple[int, int]]


def run(j: Journal, a: Archive, copies: Asked, complaints: Asked) -> None:
    """As many cases as the setting has, of every form in turn."""
    for forms in j.in_turn(LATE[j.p.setting], list(EASY_FORMS), list(HARD_FORMS)):
        for form in forms:
            if (EASY_FORMS | HARD_FORMS)[form](j, a, form, copies, complaints):
                break


def _do(j: Journal, form: str, who: int, e: int, t: int, *, found: str | None = None, action: int = UPDATE) -> bool:
    """The change, and how hard it is to tell: whoever has the patient in the house again has a reason to write."""
    patient = int(j.care.e_patient[e])
    if found is None:
        found = _hidden(j, who, patient, int(j.care.e_end[e]), t)
    case = j.open_case(LATE_CHANGE, found, who)
    for moment in sorted({t, *(t + int(x) for x in j.rng.integers(60, 900, int(j.rng.integers(0, 2))))}):
        j.touch(moment, who, patient, form, action=action, case=case)
    return True


def _hidden(j: Journal, who: int, patient: int, ended: int, t: int) -> str:
    """Did the patient come again between the stay and the change, or is about to come?"""
    care = j.care
    e = care.of_patient.rows(patient)
    e = e[(care.e_start[e] > ended) & (care.e_start[e] < t + 2 * DAY)]
    if not len(e):
        return EASY
    mine = care.e_dept[e] == j.h.dept_on(np.array([who]), t // DAY)[0]
    return EXPLAINED if (mine & (care.e_end[e] > t - 8 * DAY)).any() else HARD


def _record(j: Journal, a: Archive, *, after: int, returned: bool = False) -> int:
    """An archived record of a stay with the days after it still within the period; -1 where there is none."""
    places = a.within(-20 * DAY, j.last - after)
    for _ in range(TRIES if len(places) else 0):
        i = j.one(places)
        e = int(a.stay[i])
        came = back(j, int(j.care.e_patient[e]), int(j.care.e_end[e]))
        if returned == (came < j.last - DAY) and len(carers(j, e)):
            return i
    return -1


def _own(j: Journal, a: Archive, form: str, copies: Asked, complaints: Asked) -> bool:
    """Who treated the patient mends the record days later."""
    i = _record(j, a, after=4 * DAY)
    if i < 0:
        return False
    e, low = int(a.stay[i]), int(a.moment[i]) + 30 * HOUR
    who = int(j.care.e_attending[e]) if j.rng.random() < 0.6 else j.one(carers(j, e))
    t = j.at_times(who, low, low + 12 * DAY) if j.there(who) else -1
    return t >= 0 and _do(j, form, who, e, t, action=DELETE if form == "deletion" else UPDATE)


def _stranger(j: Journal, a: Archive, form: str, copies: Asked, complaints: Asked) -> bool:
    """A clinician of another department, who never had to do with the patient."""
    i = _record(j, a, after=3 * DAY)
    others = j.crew(roles=(ROLE["physician"], ROLE["nurse"]))
    if i < 0:
        return False
    e, low = int(a.stay[i]), int(a.moment[i]) + 6 * HOUR
    for _ in range(TRIES):
        who = j.one(others)
        t = j.at_times(who, low, low + 15 * DAY)
        if t >= 0 and not _treated(j, who, int(j.care.e_patient[e])):
            return _do(j, form, who, e, t)
    return False


def _treated(j: Journal, who: int, patient: int) -> bool:
    """Did a department of the person have to do with the patient?"""
    mine = [j.h.s_dept[who], j.h.s_dept_end[who]]
    e = j.care.of_patient.rows(patient)
    places = j.care.p_dept[np.isin(j.care.p_encounter, e)]
    orders = j.work.o_patient == patient
    return bool(
        np.isin(j.care.e_dept[e], mine).any() or np.isin(places, mine).any()
        or np.isin(j.work.o_performer[orders], mine).any() or (j.work.o_by[orders] == who).any()
    )  # fmt: skip


def _asked(j: Journal, a: Archive, form: str, copies: Asked, complaints: Asked) -> bool:
    """The attending physician changes the record once copies are wanted, or somebody complains; an hour later or days."""
    pool = [x for x in (copies if form == "request" else complaints) if x[1] < j.last - 2 * DAY]
    for place in j.rng.permutation(len(pool)).tolist():
        i, asked = pool[place]
        e = int(a.stay[i])
        who = int(j.care.e_attending[e])
        t = j.at_times(who, asked + HOUR, asked + 5 * DAY) if j.there(who) else -1
        if t >= 0 and not _used(j, int(j.care.e_patient[e])):
            return _do(j, form, who, e, t)
    return False


def _used(j: Journal, patient: int) -> bool:
    return any(line.case >= 0 and line.patient == patient for line in j.lines)


def _soon(j: Journal, a: Archive, form: str, copies: Asked, complaints: Asked) -> bool:
    """Within a day of archiving, when the ward's own work has hardly ended."""
    for _ in range(TRIES):
        i = _record(j, a, after=2 * DAY)
        if i < 0:
            return False
        e, low = int(a.stay[i]), int(a.moment[i]) + HOUR
        who = int(j.care.e_attending[e])
        t = j.at_work(who, low, low + 20 * HOUR) if j.there(who) else -1
        if t >= 0:
            return _do(j, form, who, e, t, found=HARD)
    return False


def _returned(j: Journal, a: Archive, form: str, copies: Asked, complaints: Asked) -> bool:
    """The patient has come back, and the old record is changed behind the new care."""
    for _ in range(TRIES):
        i = _record(j, a, after=3 * DAY, returned=True)
        if i < 0:
            return False
        e = int(a.stay[i])
        came = back(j, int(j.care.e_patient[e]), int(j.care.e_end[e]))
        low = max(came, int(a.moment[i])) + HOUR
        who = int(j.care.e_attending[e])
        t = j.at_times(who, low, low + 4 * DAY) if j.there(who) else -1
        if t >= 0:
            return _do(j, form, who, e, t)
    return False


def _clerk(j: Journal, a: Archive, form: str, copies: Asked, complaints: Asked) -> bool:
    """Somebody of the records office changes what a physician wrote: their work is in archived records."""
    i = _record(j, a, after=3 * DAY)
    clerks = j.crew("RECO")
    if i < 0 or not len(clerks):
        return False
    low = int(a.moment[i]) + 2 * HOUR
    who = j.one(clerks)
    t = j.at_times(who, low, low + 12 * DAY)
    return t >= 0 and _do(j, form, who, int(a.stay[i]), t, found=HARD)


Form = Callable[[Journal, Archive, str, Asked, Asked], bool]
EASY_FORMS: dict[str, Form] = {
    "own": _own, "stranger": _stranger, "request": _asked, "complaint": _asked, "deletion": _own,
}  # fmt: skip
HARD_FORMS: dict[str, Form] = {"soon": _soon, "returned": _returned, "clerk": _clerk}
