# SPDX-License-Identifier: Apache-2.0
"""When the record of each stay was archived: some working days after discharge, and not before its ward had done with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulate.care import INPATIENT
from simulate.changes.journal import Journal
from simulate.changes.rates import ARCHIVED
from simulate.draw import Array, Ints
from simulate.house import ROLE
from simulate.openings import CREATE, EMR, REASON, UPDATE
from simulate.parameters import DAY, HOUR, Parameters
from simulate.tables import encounter_ids, ids, patient_ids, staff_ids, times

#: A ward writes in a record for so long after the stay, if nobody comes back.
WRITING = 12 * DAY
CARERS = ("physician", "nurse", "therapist", "technician", "pharmacist", "student")


@dataclass
class Archive:
    """Stays (rows of the encounters) with the moment at which the record was archived, and by whom."""

    stay: Ints
    moment: Ints
    clerk: Ints

    def within(self, low: int, high: int) -> Ints:
        """Places of the records that were archived in an interval."""
        return np.flatnonzero((self.moment >= low) & (self.moment < high))


def archive(j: Journal, lines: dict[str, Array]) -> Archive:
    """Archive the record of every stay that has ended. Some of the latest are not archived by the end of the period."""
    care, rng = j.care, j.rng
    stay = np.flatnonzero((care.e_kind == INPATIENT) & (care.e_end < j.last))
    u, within = rng.random(len(stay)), rng.random(len(stay))
    first, second, _ = np.cumsum(ARCHIVED)
    days = np.select([u < first, u < second], [0.3 + 1.7 * within, 2 + 3 * within], 5 + 7 * within)
    drawn = np.array([working(j.p, int(t), float(d)) for t, d in zip(care.e_end[stay], days, strict=True)])
    written = _last_written(j, lines, stay)
    late = written > drawn
    after = written + (rng.uniform(1, 20, len(stay)) * HOUR).astype(np.int64)
    moment = np.where(late, after, drawn).astype(np.int64)
    clerks = j.crew("RECO")
    clerk = clerks[rng.integers(0, len(clerks), len(stay))] if len(clerks) else np.full(len(stay), -1)
    done = moment < j.last
    return Archive(stay[done], moment[done], clerk[done])


def working(p: Parameters, t: int, days: float) -> int:
    """So many working days after a moment, at an hour at which offices are open."""
    day, whole = t // DAY, int(days)
    while whole > 0 or p.weekday(day) >= 5:
        day += 1
        whole -= p.weekday(day) < 5
    hour = day * DAY + int((8.5 + 8.5 * (days % 1)) * HOUR)
    return hour if hour > t + HOUR else working(p, (day + 1) * DAY, days % 1)


def _last_written(j: Journal, lines: dict[str, Array], stay: Ints) -> Ints:
    """When somebody who treats patients last wrote in the record after each stay, before the patient came again; or -1."""
    care, h = j.care, j.h
    carer = np.append(np.isin(h.s_role, [ROLE[r] for r in CARERS]), False)
    wrote = (lines["system"] == EMR) & np.isin(lines["action"], [CREATE, UPDATE]) & (lines["patient"] >= 0)
    rows = np.flatnonzero(wrote & carer[lines["actor"]] & (lines["case"] < 0))
    rows = rows[np.argsort(lines["patient"][rows], kind="stable")]
    patients = lines["patient"][rows]
    out = np.full(len(stay), -1)
    completed = lines["reason"][rows] == REASON["completion"]
    for i, e in enumerate(stay.tolist()):
        patient, end = int(care.e_patient[e]), int(care.e_end[e])
        limit = min(end + WRITING, back(j, patient, end))
        a, b = np.searchsorted(patients, [patient, patient + 1])
        t = lines["t"][rows[a:b]]
        t = t[(t > end) & ((t < limit) | (completed[a:b] & (t < end + WRITING)))]
        out[i] = t.max() if len(t) else -1
    return out


def back(j: Journal, patient: int, t: int) -> int:
    """When the patient next comes after a moment; a time beyond the period where they do not."""
    e = j.care.of_patient.rows(patient)
    start = j.care.e_start[e]
    start = start[start > t]
    return int(start.min()) if len(start) else 1 << 40


def as_table(j: Journal, a: Archive) -> pa.Table:
    """What the records office hands over: one row a record, as it stands on its list."""
    e = a.stay
    return pa.table({
        "record_id": ids("R", e, 7), "patient_id": patient_ids(j.care.e_patient[e]), "encounter_id": encounter_ids(e),
        "stage": pa.array(["archived"] * len(e), pa.string()),
        "archived_at": times(j.p, a.moment), "archived_by": staff_ids(a.clerk),
    })  # fmt: skip
