# SPDX-License-Identifier: Apache-2.0
"""What is changed in archived records by duty or with leave: codes, corrections, late results, supplements, scans."""

from __future__ import annotations

import numpy as np

from simulate.changes.archive import Archive
from simulate.changes.journal import DIAGNOSIS, DOCUMENT, REPORT, STAY, Item, Journal
from simulate.changes.rates import (
    ADDENDUM,
    BEFORE_ARCHIVE,
    COMPLAINT,
    COPIES,
    CORRECTION,
    LATE_REPORT,
    LATE_RESULT,
    RETURNED_CODES,
    SCANNING,
)
from simulate.house import ROLE
from simulate.openings import CREATE, EMR, HIS, LIS, PACS, PRINT, READ
from simulate.parameters import DAY, HOUR, MINUTE
from simulate.work import IMAGING, LABORATORY

#: After archiving; a month is followed.
MONTH = 30 * DAY


def run(j: Journal, a: Archive) -> None:
    """Add all of it, to records whatever day they were archived."""
    returned_codes(j, a)
    corrections(j, a)
    late_results(j, a)
    late_reports(j, a)
    addenda(j, a)
    scans(j, a)


def recorded(j: Journal, t: int) -> int:
    """When a row was entered: at once, or hours later."""
    return t + (int(j.rng.integers(HOUR, 30 * HOUR)) if j.rng.random() < j.p.late else int(j.rng.integers(0, 600)))


def returned_codes(j: Journal, a: Archive) -> None:
    """The insurer sends a bill back: a coder codes the stay again, by a task of the records office."""
    for i in j.some(np.arange(len(a.stay)), RETURNED_CODES):
        start = int(a.moment[i]) + int(j.rng.integers(2 * DAY, 20 * DAY))
        who = int(a.clerk[i])
        t = j.at_work(who, start, start + 3 * DAY) if who >= 0 else -1
        if t < 0:
            continue
        patient = int(j.care.e_patient[a.stay[i]])
        j.items.append(Item(patient=patient, dept=int(j.h.of("RECO")[0]), kind="coding", staff=who, start=start,
                            end=start + 3 * DAY, recorded=recorded(j, start)))  # fmt: skip
        j.touch(t, who, patient, "returned_codes", resource=DIAGNOSIS, reason="work_item", table="work_items", documented=True,
                system=HIS if j.rng.random() < 0.3 else EMR)  # fmt: skip


def corrections(j: Journal, a: Archive) -> None:
    """A physician asks, the medical office agrees, the records office opens the record for two days. Some leave is on paper."""
    for i in j.some(np.arange(len(a.stay)), CORRECTION):
        e = a.stay[i]
        who = int(j.care.e_attending[e])
        start = int(a.moment[i]) + int(j.rng.integers(4 * HOUR, 15 * DAY))
        t = j.at_work(who, start, start + 2 * DAY) if who >= 0 and j.there(who) else -1
        if t < 0:
            continue
        patient, written = int(j.care.e_patient[e]), j.rng.random() >= j.p.undocumented
        if written:
            j.items.append(Item(patient=patient, dept=int(j.h.of("RECO")[0]), kind="records", staff=who, start=start,
                                end=start + 2 * DAY, recorded=recorded(j, start)))  # fmt: skip
        form = "correction" if written else "correction_on_paper"
        j.touch(
            t, who, patient, form, reason="work_item", table="work_items" if written else "", documented=bool(written)
        )


def late_results(j: Journal, a: Archive) -> None:
    """Cultures and tests sent out come back by the interface."""
    account, dept = j.h.account("svc-lis"), int(j.h.of("INFO")[0])
    for i in j.some(np.arange(len(a.stay)), LATE_RESULT):
        t = int(a.moment[i]) + int(j.rng.integers(HOUR, 7 * DAY))
        emr = j.rng.random() < 0.5
        if 0 <= t < j.last - HOUR:
            j.touch(t, -1, int(j.care.e_patient[a.stay[i]]), "late_result", account=account, dept=dept, reason="service",
                    system=EMR if emr else LIS, resource=REPORT if emr else 0)  # fmt: skip


def late_reports(j: Journal, a: Archive) -> None:
    """Whoever performed an order of the stay finishes or amends the report: pathology, microbiology, imaging."""
    w, r = j.work, j.roster
    for i in j.some(np.arange(len(a.stay)), LATE_REPORT):
        orders = np.flatnonzero((w.o_encounter == a.stay[i]) & np.isin(w.o_kind, [LABORATORY, IMAGING]))
        if not len(orders):
            continue
        o = j.one(orders)
        start = int(a.moment[i]) + int(j.rng.integers(HOUR, 8 * DAY))
        noon = np.array([start // DAY * DAY + 10 * HOUR + DAY])
        shift = -1
        # A report is signed by a physician, where the department has one.
        for group in (1, 2):
            found = int(r.on_duty(w.o_performer[[o]], noon, group, j.rng.random(1))[0])
            shift = shift if shift >= 0 else found
        if shift < 0:
            continue
        who = int(r.staff[shift])
        t = j.at_work(who, int(r.start[shift]), int(r.end[shift]))
        if not a.moment[i] < t < j.last:
            continue
        fresh = bool(w.o_exported[o]) and t < w.o_time[o] + 3 * DAY
        j.touch(t, who, int(w.o_patient[o]), "late_report", dept=int(w.o_performer[o]), reason="order_performed",
                table="orders", row=o, documented=fresh, resource=0,
                system=LIS if w.o_kind[o] == LABORATORY else PACS)  # fmt: skip


def addenda(j: Journal, a: Archive) -> None:
    """A signed supplement beside the archived documents; nothing that was there is changed."""
    for i in j.some(np.arange(len(a.stay)), ADDENDUM):
        e = a.stay[i]
        who, low = int(j.care.e_attending[e]), int(a.moment[i]) + HOUR
        t = j.at_work(who, low, low + 10 * DAY) if who >= 0 and j.there(who) else -1
        if t < 0:
            continue
        same = int(j.h.dept_on(np.array([who]), t // DAY)[0]) == j.care.e_dept[e]
        fresh = bool(j.care.e_exported[e]) and t < j.care.e_end[e] + 7 * DAY and same
        j.touch(t, who, int(j.care.e_patient[e]), "addendum", action=CREATE, reason="completion", table="encounters",
                row=int(e), documented=fresh)  # fmt: skip


def scans(j: Journal, a: Archive) -> None:
    """Consent forms and letters on paper: the records office opens the record again and puts pictures in."""
    for i in j.some(np.arange(len(a.stay)), SCANNING):
        start, who = int(a.moment[i]) + int(j.rng.integers(HOUR, 20 * DAY)), int(a.clerk[i])
        t = j.at_work(who, start, start + 2 * DAY) if who >= 0 else -1
        if t < 0:
            continue
        patient, anybody = int(j.care.e_patient[a.stay[i]]), j.rng.random() < 0.5
        j.items.append(Item(patient=patient, dept=int(j.h.of("RECO")[0]), kind="records", staff=-1 if anybody else who,
                            start=start, end=start + 2 * DAY, recorded=recorded(j, start)))  # fmt: skip
        why = {"reason": "work_item", "table": "work_items", "documented": True}
        j.touch(t, who, patient, "scanning", resource=STAY, **why)  # type: ignore[arg-type]
        later = t + int(j.rng.integers(1, 9)) * MINUTE
        j.touch(later, who, patient, "scanning", action=CREATE, resource=DOCUMENT, **why)  # type: ignore[arg-type]


def requests(j: Journal, a: Archive) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Copies asked for, and complaints: (place in the archive, moment) of each. The office prints what was asked for."""
    copies, complaints = [], []
    office, desk = int(j.h.of("RECO")[0]), int(j.h.of("MEDA")[0])
    for i in j.some(np.arange(len(a.stay)), COPIES):
        archived, ended = int(a.moment[i]), int(j.care.e_end[a.stay[i]])
        early = j.rng.random() < BEFORE_ARCHIVE
        t = int(j.rng.integers(ended, archived)) if early else archived + int(j.rng.integers(HOUR, 20 * DAY))
        t = t // DAY * DAY + 9 * HOUR + int(j.rng.integers(0, 7 * HOUR))
        patient, who = int(j.care.e_patient[a.stay[i]]), int(a.clerk[i])
        if not 0 <= t < j.last - DAY or who < 0:
            continue
        copies.append((i, t))
        j.items.append(Item(patient=patient, dept=office, kind="copy_request", staff=who, start=t, end=t + 3 * DAY,
                            recorded=t + 4 * MINUTE))  # fmt: skip
        if (printed := j.at_work(who, t, t + 3 * DAY)) >= 0:
            j.touch(printed, who, patient, "", action=PRINT, reason="work_item", table="work_items", documented=True)
    staff = j.crew("MEDA")
    for i in j.some(np.arange(len(a.stay)), COMPLAINT):
        t = int(a.moment[i]) + int(j.rng.integers(0, 15 * DAY))
        t = t // DAY * DAY + 9 * HOUR + int(j.rng.integers(0, 8 * HOUR))
        patient = int(j.care.e_patient[a.stay[i]])
        if not 0 <= t < j.last - DAY or not len(staff):
            continue
        who = j.one(staff)
        complaints.append((i, t))
        j.items.append(Item(patient=patient, dept=desk, kind="complaint", staff=who, start=t, end=t + 15 * DAY,
                            recorded=t + 20 * MINUTE))  # fmt: skip
        if (seen := j.at_work(who, t, t + 5 * DAY)) >= 0:
            j.touch(seen, who, patient, "", action=READ, reason="work_item", table="work_items", documented=True)
    return copies, complaints


def carers(j: Journal, e: int) -> np.ndarray:
    """Physicians and nurses of the department of a stay."""
    h = j.h
    here = (h.s_dept == j.care.e_dept[e]) & (h.s_dept_end == j.care.e_dept[e])
    return np.flatnonzero(
        here & np.isin(h.s_role, [ROLE["physician"], ROLE["nurse"]]) & (h.s_from <= 0) & (h.s_to >= j.p.days)
    )
