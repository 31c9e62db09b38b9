# SPDX-License-Identifier: Apache-2.0
"""How the simulated hospital compares with published rates.

They come from other hospitals with other definitions: they bound the simulator, they do not fit it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.draw import Array, Bools
from simulate.hospital import Hospital
from simulate.house import ROLES
from simulate.openings import ACTIONS, LOGIN, LOGOUT
from simulate.parameters import SNOOPING

#: Hits per million of the rules in Boxwala 2011, table 3 (PMC3128412).
BOXWALA = {"co-worker": "93", "VIP": "142", "family": "876", "neighbour": "5,538"}
#: The five simple reasons: one row names this person and this patient (attending and care team count as one).
SIMPLE = (
    ("appointments", "staff_id"),
    ("encounters", "attending_id"),
    ("care_team", "staff_id"),
    ("orders", "ordered_by"),
    ("work_items", "staff_id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """One measured rate beside the published one (empty where none was found)."""

    measure: str
    here: str
    published: str = ""
    source: str = ""


def flags(hospital: Hospital, account: Array, patient: Array) -> dict[str, Bools]:
    """For pairs of account and patient rows: which attribute ties them in the exported tables."""
    h, people = hospital.house, hospital.people
    a_staff = np.array(h.a_staff)
    staff = np.where(account >= 0, a_staff[account], -1)
    pairs, inverse = np.unique(staff * (len(people) + 1) + patient, return_inverse=True)
    s, q = np.divmod(pairs, len(people) + 1)
    known = (s >= 0) & (q < len(people))
    s, q = np.maximum(s, 0), np.minimum(q, len(people) - 1)
    house_of = np.array([x.split("号")[0] for x in people.staff_address], dtype=object)
    worker_of = np.full(len(people), -1)
    has = people.staff_patient >= 0
    worker_of[people.staff_patient[has]] = np.flatnonzero(has)
    mate = worker_of[q]
    same_home = people.staff_address[s] == people.address[q]
    number = people.staff_phone[s]
    calls = (number == people.phone[q]) | np.array(
        [a in b for a, b in zip(number, people.contact[q], strict=True)], dtype=bool
    )
    own = people.staff_patient[s] == q
    same_house = house_of[s] == np.array([x.split("号")[0] for x in people.address[q]], dtype=object)
    out = {
        "co-worker": (mate >= 0) & (h.s_dept_end[np.maximum(mate, 0)] == h.s_dept_end[s]) & ~own,
        "VIP": people.vip[q],
        "family": (same_home | calls) & ~own,
        "neighbour": same_house & ~same_home & ~own,
        "self": own,
    }
    return {name: np.asarray(mask & known, dtype=bool)[inverse] for name, mask in out.items()}


def named_together(hospital: Hospital, account: Array, patient: Array) -> Bools:
    """For pairs of account and patient rows: does a row of a simple table name both, at any time of the period?"""
    width = len(hospital.people) + 1
    known = [np.zeros(0, dtype=np.int64)]
    for table, column in SIMPLE:
        pairs = zip(
            hospital.tables[table][column].to_pylist(), hospital.tables[table]["patient_id"].to_pylist(), strict=True
        )
        known.append(np.array([(int(s[1:]) - 1) * width + int(q[1:]) - 1 for s, q in pairs if s], dtype=np.int64))
    staff = np.where(account >= 0, np.array(hospital.house.a_staff)[account], -1)
    return np.asarray(np.isin(staff * width + patient, np.concatenate(known)) & (staff >= 0))


def calibration(hospital: Hospital) -> list[Rate]:
    """The rates, in the order in which they are printed."""
    ev, p = hospital.lines, hospital.parameters
    touch = (ev["patient"] >= 0) & (ev["actor"] >= 0)
    account, patient = ev["account"][touch], ev["patient"][touch]
    n = int(touch.sum())
    legal = ev["case"][touch] < 0
    documented = ev["documented"][touch]
    borrowed = ev["actor"][touch] != account
    rows = [
        Rate(measure="events", here=f"{len(ev['t']):,}"),
        Rate(measure="accesses to patients by people", here=f"{n:,}"),
        Rate(measure="accesses a person and day", here=f"{n / p.staff / p.days:.1f}"),
        Rate(measure="under a shared or borrowed account", here=_share(borrowed.mean()), published="common, no rate found"),
        Rate(
            measure="legitimate accesses with a documented reason", here=_share(documented[legal].mean()),
            published="85 to 94 %",
            source="Fabbri 2011 explained over 94 % with learned groups; DMMH'11 over 90 %",
        ),
    ]  # fmt: skip
    found = flags(hospital, account, patient)
    for name, rate in BOXWALA.items():
        rows.append(
            Rate(
                measure=f"flagged {name}, per million",
                here=f"{found[name].sum() / n * 1e6:,.0f}",
                published=rate,
                source="Boxwala 2011",
            )
        )
    flagged = found["co-worker"] | found["VIP"] | found["family"] | found["neighbour"]
    simple = named_together(hospital, account, patient)
    rows.append(
        Rate(
            measure="flagged accesses that five simple reasons explain", here=_share(simple[flagged].mean()),
            published="16 to 43 %", source="Hedda 2017",
        )
    )  # fmt: skip
    rows.append(Rate(measure="flagged accesses with any documented reason", here=_share(documented[flagged].mean())))
    rows.append(Rate(measure="all accesses that five simple reasons explain", here=_share(simple.mean())))
    rows += _misuse(hospital, n)
    rows += _roles(hospital, touch)
    return rows


def _misuse(hospital: Hospital, touches: int) -> list[Rate]:
    cases = hospital.misuse.group_by(["case_id", "kind", "difficulty"]).aggregate([]).to_pylist()
    if not cases:
        return [Rate(measure="cases of misuse", here="0")]
    by = {d: sum(c["difficulty"] == d for c in cases) for d in ("easy", "hard", "no_attribute", "explained")}
    snoop = [c for c in cases if c["kind"] in SNOOPING]
    family = sum(c["kind"] == "family" for c in snoop) / max(len(snoop), 1)
    return [
        Rate(measure="cases of misuse", here=f"{len(cases)} ({', '.join(f'{n} {d}' for d, n in by.items())})",
             published="25 to 100 a month", source="FairWarning 2010, unmonitored"),
        Rate(measure="events of misuse per million accesses", here=f"{hospital.misuse.num_rows / touches * 1e6:,.0f}"),
        Rate(measure="family among snooping cases", here=_share(family), published="77 %", source="Protenus 2018"),
    ]  # fmt: skip


def _roles(hospital: Hospital, touch: Bools) -> list[Rate]:
    ev, h = hospital.lines, hospital.house
    role = h.s_role[ev["actor"][touch]]
    day = ev["t"][touch] // 86_400
    out = []
    for i, name in enumerate(ROLES):
        mine = role == i
        if mine.any():
            worked = len(np.unique(ev["actor"][touch][mine] * 1000 + day[mine]))
            out.append(Rate(measure=f"accesses a working day, {name}", here=f"{mine.sum() / worked:.0f}"))
    sessions = np.isin(ev["action"], [LOGIN, LOGOUT]).mean()
    out.append(Rate(measure=f"{ACTIONS[LOGIN]}s and {ACTIONS[LOGOUT]}s among events", here=_share(sessions)))
    return out


def _share(value: float) -> str:
    return f"{100 * float(value):.1f} %"


def as_markdown(rates: list[Rate]) -> str:
    lines = ["| measure | here | published | source |", "|---|--:|--:|---|"]
    lines += [f"| {r.measure} | {r.here} | {r.published} | {r.source} |" for r in rates]
    return "\n".join(lines)
