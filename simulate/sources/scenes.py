# SPDX-License-Identifier: Apache-2.0
"""Two scenes that every hospital with these sources has: a pull by night beside a lawful report, and a record changed after the
family had asked for copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from simulate.care import INPATIENT, Care
from simulate.draw import Ints
from simulate.house import ROLE, House
from simulate.openings import EMR, HIS, QUERY, REASON, TABLE, UPDATE
from simulate.parameters import CASES, DAY, HOUR, MINUTE, Parameters
from simulate.scene import EXPLAINED, HARD, Case
from simulate.sources import bastion, doors
from simulate.sources.bastion import Visit
from simulate.sources.identities import HIS_APP, Identities
from simulate.sources.statements import PULL, REPORT_MENU
from simulate.sources.trace import Trace
from simulate.tables import times
from simulate.usual import Usual
from simulate.work import WORK, Work

PULL_AT = 2 * HOUR + 13 * MINUTE
#: The record that is changed is one of a stay that ended in the last so many days, if there is one.
RECENT = 7
#: Reports from the menu under one ticket.
MOST_REPORTS = 3


@dataclass
class Scenes:
    """What was staged; a number is -1 where the hospital is too small or too short for it, or has no misuse."""

    #: The ticket under which the lawful report is made, and the night before it.
    ticket: int = -1
    pull_case: int = -1
    pull: Visit | None = None
    edit_case: int = -1
    #: Encounter, and the moments at which copies were asked for and the record was changed.
    encounter: int = -1
    asked: int = -1
    edited: int = -1
    reports: list[tuple[int, int]] = field(default_factory=list)


def stage(p: Parameters, h: House, care: Care, work: Work, rng: np.random.Generator) -> Scenes:
    """Choose the record of which copies are asked for, and enter the request. Changes `work`."""
    out = Scenes()
    clerks = np.flatnonzero((h.s_role == ROLE["coder"]) & (h.s_to >= p.days) & (h.s_from < 0))
    left = (care.e_kind == INPATIENT) & (care.e_end > 0) & (care.e_end < (p.days - 2.2) * DAY) & care.e_exported
    stays = h.s_rotates[care.e_attending] >= p.days
    able = np.flatnonzero(left & stays & (care.e_attending >= 0) & (h.s_to[care.e_attending] >= p.days))
    if not len(able) or not len(clerks):
        return out
    late = able[care.e_end[able] > (p.days - RECENT) * DAY]
    able = late if len(late) else able
    # Families ask after a death above all.
    died = able[care.e_death[able]]
    pool = died if len(died) else able
    out.encounter = int(pool[rng.integers(0, len(pool))])
    day = int(care.e_end[out.encounter]) // DAY + 1
    out.asked = day * DAY + 10 * HOUR + int(rng.integers(0, HOUR))
    out.edited = day * DAY + 22 * HOUR + 47 * MINUTE + int(rng.integers(0, 60))
    clerk = int(clerks[rng.integers(0, len(clerks))])
    row = {
        "w_patient": care.e_patient[out.encounter], "w_dept": h.of("RECO")[0], "w_kind": WORK["copy_request"],
        "w_staff": clerk, "w_start": out.asked, "w_end": out.asked + 3 * DAY, "w_recorded": out.asked + 4 * MINUTE,
        "w_exported": True,
    }  # fmt: skip
    for name, value in row.items():
        setattr(work, name, np.append(getattr(work, name), value))
    return out


def act(out: Scenes, usual: Usual, cases: list[Case], rng: np.random.Generator) -> None:
    """Add the lawful reports of every statistics ticket, and the misuse of the scenes, to the openings."""
    h, work, care, p = usual.h, usual.work, usual.care, usual.p
    menu = usual.out.say(REPORT_MENU)
    lawful = np.flatnonzero((work.k_kind == "statistics") & (work.k_account < len(h.s_role)))
    for k in lawful.tolist():
        who, n = int(work.k_account[k]), int(rng.integers(1, MOST_REPORTS + 1))
        t = int(work.k_start[k]) + np.sort(rng.integers(HOUR, 7 * HOUR, n))
        usual.out.add(
            t=t, actor=who, account=who, dept=int(h.s_dept[who]), reason=REASON["ticket"], table=TABLE["tickets"], row=k,
            documented=True, system=HIS, action=QUERY, text=menu, events=1.0, own=True, count=rng.integers(200, 900, n),
        )  # fmt: skip
        out.reports += [(k, int(x)) for x in t]
    if not CASES[p.setting]:
        return
    if len(lawful):
        # The last of them on a working day, if there is one.
        weekend = np.array([p.weekday(int(t) // DAY) >= 5 for t in work.k_start[lawful]])
        out.ticket = int(lawful[np.lexsort((work.k_start[lawful], ~weekend))[-1]])
        _pull(out, usual, cases, rng)
    if out.encounter >= 0:
        doctor = int(care.e_attending[out.encounter])
        out.edit_case = len(cases)
        cases.append(Case("edited", EXPLAINED, doctor))
        usual.out.add(
            t=np.array([out.edited]), actor=doctor, account=doctor, patient=int(care.e_patient[out.encounter]),
            dept=int(care.e_dept[out.encounter]), reason=REASON["misuse"], system=EMR, action=UPDATE, events=1.0, own=True,
            case=out.edit_case,
        )  # fmt: skip


def _pull(out: Scenes, usual: Usual, cases: list[Case], rng: np.random.Generator) -> None:
    h, p = usual.h, usual.p
    able = np.flatnonzero((h.s_role == ROLE["it"]) & (h.s_to >= p.days) & (h.s_from < 0))
    if not len(able):
        return
    who = int(able[rng.integers(0, len(able))])
    day = max(int(usual.work.k_start[out.ticket]) // DAY, 0)
    start = day * DAY + PULL_AT - int(rng.integers(170, 260))
    today = p.first_day.toordinal() + day
    day_of = p.first_day.fromordinal
    days = {"a": day_of(today - 31), "b": day_of(today - 1), "n": int(rng.integers(10, 99))}
    first = day * DAY + PULL_AT + int(rng.integers(2, 50)) - start
    said = [(first + gap, text.format(**days)) for gap, text in zip((0, 149, 381, 452), PULL, strict=True)]
    out.pull_case = len(cases)
    cases.append(Case("statistics", HARD, who))
    out.pull = Visit(
        who, start, start + 19 * MINUTE, bastion.HIS_DATABASE, HIS_APP, case=out.pull_case, statements=said
    )


def badge(out: Scenes, trace: Trace, h: House, i: Identities) -> None:
    """The door on the way in and out, the night of the pull: the reader works."""
    if out.pull is None:
        return
    who, dept = out.pull.person, int(h.s_dept_end[out.pull.person])
    t: Ints = np.array([out.pull.start - 9 * MINUTE, out.pull.end + 6 * MINUTE])
    trace.add(
        t=t, system="badge", person=who, account=i.card[who], how="own", action="other", resource=doors.door(h, dept),
        site=h.d_site[dept], direction=np.array([doors.IN, doors.OUT], dtype=object),
    )  # fmt: skip


def told(out: Scenes, misuse: pa.Table, p: Parameters) -> dict[str, dict[str, Any]]:
    """What the scenes are, for whoever shows them: names of the events, when the first was, and whose they were."""
    rows = misuse.to_pylist()

    def case(number: int, moment: int) -> dict[str, Any]:
        mine = [row for row in rows if row["case_id"] == f"M{number + 1:04d}"]
        when = times(p, np.array([moment])).to_pylist()[0]
        names = [row["event_id"] for row in mine]
        return {"staff_id": mine[0]["staff_id"], "time": when, "event_ids": names} if mine else {}

    found: dict[str, dict[str, Any]] = {}
    if out.pull is not None and (pull := case(out.pull_case, out.pull.start + out.pull.statements[0][0])):
        found["pull"] = {**pull, "lawful_ticket": f"T{out.ticket + 1:05d}"}
    if edit := case(out.edit_case, out.edited):
        found["edit"] = {**edit, "encounter_id": f"V{out.encounter + 1:07d}"}
    return found
