# SPDX-License-Identifier: Apache-2.0
"""The hospital folder's tables and events as Arrow columns of text, in the words of the folder contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulate.care import ENCOUNTER_KINDS, Care
from simulate.draw import Array
from simulate.house import ROLES, House
from simulate.openings import ACTIONS, SYSTEMS
from simulate.parameters import DAY, UTC_OFFSET_S, Parameters
from simulate.people import People
from simulate.roster import Roster
from simulate.seats import SEATS
from simulate.sessions import OUTCOMES, PREFIX, PURPOSES, RESOURCES
from simulate.work import ORDER_KINDS, WORK_KINDS, Work

Strings = list[str] | tuple[str, ...]
#: Addresses that the VPN has to give.
LEASES = 4096


def take(names: Strings | Array, rows: Array) -> pa.Array:
    """The name of each row number; null where it is negative."""
    rows = np.asarray(rows)
    values = pa.array(list(names), pa.string()) if len(names) else pa.array([""], pa.string())
    return values.take(pa.array(np.maximum(rows, 0), mask=rows < 0))


def ids(prefix: str, rows: Array, width: int) -> pa.Array:
    """`prefix` and the row number from one; null where it is negative."""
    return pa.array([f"{prefix}{r + 1:0{width}d}" if r >= 0 else None for r in np.asarray(rows).tolist()], pa.string())


def patient_ids(rows: Array) -> pa.Array:
    return ids("P", rows, 7)


def staff_ids(rows: Array) -> pa.Array:
    return ids("S", rows, 5)


def times(p: Parameters, t: Array, *, none: Array | None = None) -> pa.Array:
    """Seconds of the simulator as ISO 8601 with offset."""
    t = np.asarray(t, dtype=np.int64)
    local = (t + p.first_second + UTC_OFFSET_S).astype("datetime64[s]")
    text = np.char.add(np.datetime_as_string(local), "+08:00") if len(t) else np.zeros(0, "U1")
    return pa.array(text.astype(object), pa.string(), mask=none)


def dates(p: Parameters, day: Array, *, none: Array | None = None) -> pa.Array:
    local = (np.asarray(day, dtype=np.int64) + (p.first_second + UTC_OFFSET_S) // DAY).astype("datetime64[D]")
    return pa.array(np.datetime_as_string(local).astype(object), pa.string(), mask=none)


def text(values: Array) -> pa.Array:
    """Strings; the empty one is null."""
    values = np.asarray(values, dtype=object)
    return pa.array(values, pa.string(), mask=np.array([not v for v in values], dtype=bool))


def order_ids(rows: Array) -> pa.Array:
    return ids("O", rows, 7)


def encounter_ids(rows: Array) -> pa.Array:
    return ids("V", rows, 7)


def hospital_tables(
    p: Parameters, h: House, people: People, roster: Roster, care: Care, work: Work
) -> dict[str, pa.Table]:
    """Every table of the folder contract, with only the rows that a real export would hold."""
    last = p.days * DAY
    out: dict[str, dict[str, pa.Array]] = {}
    code = h.d_code
    out["departments"] = {
        "department": pa.array(code), "name": pa.array(h.d_name), "kind": pa.array(h.d_kind), "site": pa.array(h.d_site),
        "parent": pa.array([None] * len(code), pa.string()),
    }  # fmt: skip
    n = len(h.s_role)
    rows = np.arange(n)
    out["staff"] = {
        "staff_id": staff_ids(rows), "name": text(people.staff_name), "role": take(ROLES, h.s_role),
        "department": take(code, h.s_dept_end), "manager_id": staff_ids(h.s_manager), "employed_from": dates(p, h.s_from),
        "employed_to": dates(p, np.minimum(h.s_to, 9999), none=h.s_to >= p.days), "address": text(people.staff_address),
        "phone": text(people.staff_phone), "patient_id": patient_ids(people.staff_patient),
    }  # fmt: skip
    moved = np.flatnonzero((h.s_rotates < p.days) & ~h.history_missing)
    k = len(moved)
    out["staff_history"] = {
        "staff_id": staff_ids(np.r_[moved, moved]), "department": take(code, np.r_[h.s_dept[moved], h.s_dept_end[moved]]),
        "from": dates(p, np.r_[h.s_from[moved], h.s_rotates[moved]]),
        "to": dates(p, np.r_[h.s_rotates[moved] - 1, np.zeros(k, int)], none=np.r_[np.zeros(k, bool), np.ones(k, bool)]),
    }  # fmt: skip
    a_staff = np.array(h.a_staff)
    since = np.where(a_staff >= 0, h.s_from[np.maximum(a_staff, 0)], -900)
    out["accounts"] = {
        "account": pa.array(h.a_name), "staff_id": staff_ids(a_staff), "kind": pa.array(h.a_kind),
        "enabled_from": dates(p, since),
        "enabled_to": pa.array([None] * len(a_staff), pa.string()), "department": take(code, np.array(h.a_dept)),
    }  # fmt: skip
    s = np.flatnonzero(roster.exported)
    out["shifts"] = {
        "staff_id": staff_ids(roster.staff[s]), "department": take(code, roster.dept[s]), "start": times(p, roster.start[s]),
        "end": times(p, roster.end[s]),
    }  # fmt: skip
    out["patients"] = _patients(p, people, h, care)
    e = np.flatnonzero(care.e_exported & (care.e_start < last))
    seen = np.minimum(care.e_recorded, last - 1)
    out["encounters"] = {
        "encounter_id": encounter_ids(e), "patient_id": patient_ids(care.e_patient[e]),
        "kind": take(ENCOUNTER_KINDS, care.e_kind[e]),
        "department": take(code, care.e_dept[e]), "start": times(p, care.e_start[e]),
        "end": times(p, care.e_end[e], none=care.e_end[e] >= last), "attending_id": staff_ids(care.e_attending[e]),
        "recorded_at": times(p, seen[e]),
    }  # fmt: skip
    a = np.flatnonzero(care.ap_exported)
    out["appointments"] = {
        "appointment_id": ids("A", a, 7), "patient_id": patient_ids(care.ap_patient[a]),
        "department": take(code, care.ap_dept[a]),
        "staff_id": staff_ids(care.ap_staff[a]), "time": times(p, care.ap_time[a]),
    }  # fmt: skip
    o = np.flatnonzero(work.o_exported)
    encounter = np.where(care.e_exported[work.o_encounter[o]], work.o_encounter[o], -1)
    out["orders"] = {
        "order_id": order_ids(o), "patient_id": patient_ids(work.o_patient[o]), "encounter_id": encounter_ids(encounter),
        "kind": take(ORDER_KINDS, work.o_kind[o]), "ordered_by": staff_ids(work.o_by[o]),
        "performing_department": take(code, work.o_performer[o]), "time": times(p, work.o_time[o]),
        "recorded_at": times(p, np.minimum(work.o_recorded[o], last - 1)),
    }  # fmt: skip
    m = np.flatnonzero(care.t_time < last)
    out["transfers"] = {
        "patient_id": patient_ids(care.t_patient[m]), "from_department": take(code, care.t_from[m]),
        "to_department": take(code, care.t_to[m]), "time": times(p, care.t_time[m]),
        "recorded_at": times(p, np.minimum(care.t_recorded[m], last - 1)),
    }  # fmt: skip
    m = np.flatnonzero(care.ct_start < last)
    out["care_team"] = {
        "patient_id": patient_ids(care.ct_patient[m]), "staff_id": staff_ids(care.ct_staff[m]), "role": text(care.ct_role[m]),
        "start": times(p, care.ct_start[m]), "end": times(p, care.ct_end[m], none=care.ct_end[m] >= last),
        "recorded_at": times(p, np.minimum(care.ct_recorded[m], last - 1)),
    }  # fmt: skip
    m = np.flatnonzero(work.w_exported & (work.w_start < last))
    out["work_items"] = {
        "patient_id": patient_ids(work.w_patient[m]), "department": take(code, work.w_dept[m]),
        "kind": take(WORK_KINDS, work.w_kind[m]), "staff_id": staff_ids(work.w_staff[m]), "start": times(p, work.w_start[m]),
        "end": times(p, work.w_end[m], none=work.w_end[m] >= last),
        "recorded_at": times(p, np.minimum(work.w_recorded[m], last - 1)),
    }  # fmt: skip
    out["tickets"] = {
        "ticket_id": ticket_ids(np.arange(len(work.k_kind))), "account": take(h.a_name, work.k_account),
        "kind": text(work.k_kind),
        "scope": text(work.k_scope), "start": times(p, work.k_start), "end": times(p, work.k_end),
        "approved_by": staff_ids(work.k_by),
    }  # fmt: skip
    out["consents"] = {
        "patient_id": patient_ids(work.c_patient), "purpose": pa.array(["research"] * len(work.c_patient)),
        "recipient": ticket_ids(work.c_ticket), "decision": take(("deny", "permit"), work.c_permit.astype(int)),
        "start": times(p, work.c_start), "end": times(p, work.c_end),
    }  # fmt: skip
    return {name: pa.table(columns) for name, columns in out.items()}


def ticket_ids(rows: Array) -> pa.Array:
    return ids("T", rows, 5)


def _patients(p: Parameters, people: People, h: House, care: Care) -> dict[str, pa.Array]:
    n = len(people)
    special = np.array(h.d_special, dtype=object)
    sensitive = people.sensitive.copy()
    for places, bit in ((("PSYC",), 1), (("INFE",), 2), (("GYNE", "OBST"), 4)):
        there = np.isin(special[care.e_dept], places)
        sensitive[care.e_patient[there]] |= bit
    worker = np.zeros(n, dtype=bool)
    worker[people.staff_patient[people.staff_patient >= 0]] = True
    marks = [[] for _ in range(n)]  # type: list[list[str]]
    for mask, word in (
        (people.vip, "vip"), (people.minor, "minor"), ((sensitive & 1) > 0, "psychiatric"), ((sensitive & 2) > 0, "infectious"),
        ((sensitive & 4) > 0, "reproductive"), ((sensitive & 8) > 0, "genetic"), (worker, "staff"),
    ):  # fmt: skip
        for row in np.flatnonzero(mask).tolist():
            marks[row].append(word)
    name, blank = people.name.copy(), people.unknown
    name[blank] = np.array([f"无名氏{i + 1:03d}" for i in range(int(blank.sum()))], dtype=object)
    return {
        "patient_id": patient_ids(np.arange(n)), "name": text(name), "sex": take(("M", "F"), people.female.astype(int)),
        "birth_date": dates(p, people.born, none=blank), "address": text(np.where(blank, "", people.address)),
        "phone": text(np.where(blank, "", people.phone)), "emergency_contact": text(np.where(blank, "", people.contact)),
        "died_on": dates(p, np.minimum(people.died, 9999), none=people.died >= p.days),
        "sensitivity": text(np.array([";".join(m) for m in marks], dtype=object)),
        "honey": take(("1",), np.where(people.honey, 0, -1)),
    }  # fmt: skip


def event_ids(ev: dict[str, Array]) -> pa.Array:
    pairs = zip(ev["system"].tolist(), ev["number"].tolist(), strict=True)
    return pa.array([f"{PREFIX[s]}{n:09d}" for s, n in pairs], pa.string())


def workplaces(h: House) -> tuple[list[str], list[str]]:
    """Names and addresses: `SEATS` workstations of each department, then those who come through the VPN."""
    station = [f"WS-{c}-{i + 1:02d}" for c in h.d_code for i in range(SEATS)]
    sites = sorted(set(h.d_site))
    site_of = [sites.index(s) for s in h.d_site]
    address = [f"10.{10 + site_of[d]}.{d + 1}.{20 + i}" for d in range(len(h.d_code)) for i in range(SEATS)]
    station += [f"VPN-{i:04d}" for i in range(LEASES)]
    return station, address + [f"172.16.{i // 250}.{i % 250 + 2}" for i in range(LEASES)]


def event_table(p: Parameters, h: House, ev: dict[str, Array], texts: list[str]) -> pa.Table:
    """The events with the columns of the folder contract."""
    account_dept = ev["dept"]
    remote = ev["remote"]
    station, address = workplaces(h)
    vpn = SEATS * len(h.d_code) + ev.get("lease", ev["account"]) % LEASES
    at = np.where(remote, vpn, account_dept * SEATS + ev["station"])
    sites = sorted(set(h.d_site))
    site_of = np.array([sites.index(s) for s in h.d_site])
    words: list[str] = []
    offset: dict[int, tuple[int, int]] = {}
    for system, names in RESOURCES.items():
        offset[system] = (len(words), len(names))
        words += list(names)
    start = np.array([offset[s][0] for s in range(len(SYSTEMS))])
    size = np.array([offset[s][1] for s in range(len(SYSTEMS))])
    resource = np.where(ev["resource"] >= 0, start[ev["system"]] + ev["resource"] % size[ev["system"]], -1)
    duration = ev["duration"]
    return pa.table({
        "event_id": event_ids(ev), "time": times(p, ev["t"]), "account": take(h.a_name, ev["account"]),
        "patient_id": patient_ids(ev["patient"]), "action": take(ACTIONS, ev["action"]), "resource": take(words, resource),
        "count": pa.array(ev["count"]), "purpose": take(PURPOSES[1:], ev["purpose"] - 1),
        "breakglass": take(("1",), np.where(ev["breakglass"], 0, -1)), "outcome": take(OUTCOMES, ev["outcome"]),
        "system": take(SYSTEMS, ev["system"]), "workstation": take(station, at), "ip": take(address, at),
        "site": take([*sites, "remote"], np.where(remote, len(sites), site_of[account_dept])),
        "session_id": ids("N", ev["session"], 8), "query": take(texts, ev["text"]),
        "duration_s": pa.array(duration, mask=duration < 0),
    })  # fmt: skip
