# SPDX-License-Identifier: Apache-2.0
"""From the state of an object to the rows of the hospital's tables that it makes, in their normalised columns.

A cell that no message ever spoke of is not there (what other exports say of it stays); one that a message emptied is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from wardkeep.watch.hl7 import Clock
from wardkeep.watch.hospital.messages.said import FIRST, Object, State, named, value

#: Table and cells.
Row: TypeAlias = tuple[str, dict[str, Any]]
#: Sensitivities that messages do not speak of stay; see load.py.
VIP = "vip"


def rows_of(object: Object, state: State, clock: Clock) -> list[Row]:
    """The rows; none where the object was cancelled, or what a row needs is not known yet."""
    kind, _, number = object.partition("|")
    if value(state, "there") is False:
        return []
    return list(_MAKERS[kind](number, state, clock))


def _patient(number: str, state: State, clock: Clock) -> Iterator[Row]:
    cells: dict[str, Any] = {"patient_id": number, "src": number}
    for name, column in _PATIENT.items():
        if (said := value(state, name)) is not None:
            cells[column] = None if said == "" else said
    if (vip := value(state, "vip")) is not None:
        cells[VIP] = vip == VIP
    yield "patients", cells


_PATIENT = {
    "name": "name", "sex": "sex", "birth_date": "birth_date_day", "address": "address", "phone": "phone",
    "emergency_contact": "emergency_contact", "died_on": "died_on_day",
}  # fmt: skip


def _encounter(number: str, state: State, clock: Clock) -> Iterator[Row]:
    patient, start = value(state, "patient"), value(state, "start")
    start = value(state, f"{FIRST}seen") if start in (None, "") else start
    if not patient or start is None:
        return
    kind, end = value(state, "kind") or None, value(state, "end")
    if end is None and kind == "outpatient":  # nobody discharges an outpatient: the visit ends with its day
        end = clock.next_day(start)
    end = None if end in (None, "") else max(end, start)
    recorded = value(state, f"{FIRST}recorded")
    moves = _moves(state)
    departments, ward = _departments(state, moves, kind)
    cells = {
        "patient_id": patient, "kind": kind, "start_us": start, "end_us": end, "recorded_at_us": recorded,
    }  # fmt: skip
    if (attending := value(state, "attending")) is not None:
        cells["attending_id"] = attending or None
    for n, department in enumerate(departments or [None], 1):
        its = number if n == 1 else f"{number}:{n}"
        held = cells | ({} if department is None else {"department": department})
        yield "encounters", held | {"encounter_id": its, "src": its}
    src = f"PV1:{number}"
    if ward and departments and ward != departments[0]:
        yield _transfer(patient, None, ward, start, recorded, src)
    yield from (_transfer(patient, before or None, to, at, told, by or src) for at, to, before, told, by in moves)
    for person, since in named(state, f"{FIRST}team:").items():
        if person != attending:
            until = value(state, f"until:{person}")
            yield "care_team", {
                "patient_id": patient, "staff_id": person, "role": value(state, f"role:{person}") or None,
                "start_us": max(start, since), "end_us": _ends(max(start, since), until or end),
                "recorded_at_us": recorded, "src": src,
            }  # fmt: skip


def _transfer(patient: str, before: str | None, to: str, at: int, recorded: int, src: str) -> Row:
    return "transfers", {
        "patient_id": patient, "from_department": before, "to_department": to, "time_us": at, "recorded_at_us": recorded,
        "src": src,
    }  # fmt: skip


def _ends(start: int, end: int | None) -> int | None:
    return None if end is None else max(start, end)


def _moves(state: State) -> list[tuple[int, str, str, int, str]]:
    """The transfers that were not cancelled, by time: (time, to, from, recorded, message).

    A cancellation takes back the transfer whose time it names, else the last one that was recorded before it.
    """
    moves = [(int(at), *said) for at, said in named(state, "move:").items()]
    for recorded, occurred in sorted((int(r), o) for r, o in named(state, "unmove:").items()):
        before = [m for m in moves if m[3] <= recorded]
        exact = [m for m in before if m[0] == occurred]
        if before:
            moves.remove(exact[0] if exact else max(before, key=lambda m: (m[3], m[0])))
    return sorted(m for m in moves if m[1] != m[2])


def _departments(
    state: State, moves: list[tuple[int, str, str, int, str]], kind: str | None
) -> tuple[list[str], str | None]:
    """Who is responsible, in their order (services where messages name them, else the ward), and the first ward.

    The ward of the begin is the last one named before the first transfer; a later one is where the patient was moved to.
    """
    services = sorted(named(state, f"{FIRST}service:"), key=lambda s: (value(state, f"{FIRST}service:{s}"), s))
    wards = sorted((told, ward) for ward, told in named(state, f"{FIRST}ward:").items())
    if moves:
        first = min(moves, key=lambda m: m[3])
        before = [ward for told, ward in wards if told < first[3]]
        ward = before[-1] if before else first[2] or None
    else:
        ward = wards[-1][1] if wards else None
    if not services:
        return ([ward] if ward else []), ward
    if kind == "outpatient" and ward and ward not in services:
        return [*services, ward], services[0]
    return services, ward


def _order(number: str, state: State, clock: Clock) -> Iterator[Row]:
    patient, time = value(state, "patient"), value(state, "time")
    if not patient or not time:
        return
    recorded = value(state, f"{FIRST}recorded")
    cells = {"order_id": number, "patient_id": patient, "time_us": time, "recorded_at_us": recorded, "src": number}
    for name, column in _ORDER.items():
        if (said := value(state, name)) is not None:
            cells[column] = said or None
    yield "orders", cells
    for person, at in named(state, f"{FIRST}reader:").items():
        yield _work(patient, "result", person, at, at, recorded, f"OBR:{number}")


_ORDER = {"encounter": "encounter_id", "kind": "kind", "by": "ordered_by", "performer": "performing_department"}


def _appointment(number: str, state: State, clock: Clock) -> Iterator[Row]:
    time, department = value(state, "time"), value(state, "department")
    n = 0
    for patient in value(state, "patients") or () if time else ():
        for person in value(state, "staff") or [None]:
            n += 1
            its = number if n == 1 else f"{number}:{n}"
            cells = {"appointment_id": its, "patient_id": patient, "staff_id": person, "time_us": time, "src": its}
            yield "appointments", cells | ({} if department is None else {"department": department or None})


def _document(number: str, state: State, clock: Clock) -> Iterator[Row]:
    patient = value(state, "patient")
    recorded = value(state, f"{FIRST}recorded")
    for person, at in named(state, f"{FIRST}writer:").items() if patient else ():
        until = max(at, value(state, f"until:{person}") or at)
        yield _work(patient, "records", person, at, until, recorded, f"TXA:{number}")


def _work(patient: str, kind: str, person: str, start: int, end: int, recorded: int, src: str) -> Row:
    return "work_items", {
        "patient_id": patient, "department": None, "kind": kind, "staff_id": person, "start_us": start, "end_us": end,
        "recorded_at_us": recorded, "src": src,
    }  # fmt: skip


def _merge(number: str, state: State, clock: Clock) -> Iterator[Row]:
    if into := value(state, "into"):
        src = value(state, "source") or f"MRG:{number}"
        yield "merges", {"retired_id": number, "patient_id": into, "time_us": value(state, "time"), "src": src}


def _record(number: str, state: State, clock: Clock) -> Iterator[Row]:
    system, _, record = number.partition("|")
    told = sorted((state[name][1], name) for name in state if name.startswith("version:"))
    for _, name in told:  # the earlier told first
        digest = name.removeprefix("version:")
        kind, patient, stage, time, by, src = value(state, name)
        yield "record_versions", {
            "system": system, "record": record, "digest": digest, "kind": kind, "patient_id": patient, "stage": stage,
            "time_us": time, "by": by, "src": src,
        }  # fmt: skip


_MAKERS: dict[str, Callable[[str, State, Clock], Iterator[Row]]] = {
    "patient": _patient, "encounter": _encounter, "order": _order, "appointment": _appointment, "document": _document,
    "merge": _merge, "record": _record,
}  # fmt: skip
