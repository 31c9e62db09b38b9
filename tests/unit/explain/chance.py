# SPDX-License-Identifier: Apache-2.0
"""Small hospitals drawn by lot, on a coarse grid of time, so that rows and events meet exactly at their boundaries."""

from __future__ import annotations

import random

from tests.unit.explain.world import DAY, HOUR, MINUTE, MONDAY, OFFSET, World, on
from wardkeep.watch.thresholds import Thresholds

DAYS = 12
UNITS = ("MED", "SUR", "LAB", "FRONT")
PATIENTS = tuple(f"P{n}" for n in range(7))
ACCOUNTS = ("ann", "ben", "cyn", "dan", "eve", "ward", "desk", "svc", "ghost")
STAFF = tuple(a.upper() for a in ACCOUNTS[:5])


def hospital(seed: int) -> World:
    """A hospital with a dozen rows a table and some two hundred events, by a seed."""
    r = random.Random(seed)
    w = World(
        Thresholds(
            encounter_before_days=r.choice((0, 1, 2)), completion_days=r.choice((0, 2)), appointment_before_days=1,
            appointment_after_days=r.choice((0, 2)), person_before_days=1, person_after_days=r.choice((1, 3)), result_days=3,
            perform_days=1, perform_planned_days=3, transfer_before_hours=r.choice((4, 24)), transfer_after_days=1,
            shift_early_minutes=60, shift_late_minutes=r.choice((0, 120)), clock_minutes=r.choice((0, 15, 60)),
            move_grace_days=r.choice((0, 1)), service_days=r.choice((1, 3)),
        )
    )  # fmt: skip

    def moment(low: int = -2, high: int = DAYS + 2) -> int:
        return (MONDAY + r.randrange(low, high)) * DAY - OFFSET + r.choice((0, 0, 6, 8, 12, 20, 23)) * HOUR

    def maybe(value: object, chance: float = 0.7) -> object:
        return value if r.random() < chance else None

    def span() -> dict[str, object]:
        start = moment()
        return {"start_us": start, "end_us": maybe(start + r.choice((1, 12, 24, 24, 48, 96)) * HOUR, 0.8)}

    def late(start: object) -> object:
        return maybe(int(str(start)) + r.choice((0, 5, 30)) * HOUR)

    _people(w, r, maybe)
    for _ in range(9):
        s = span()
        w.add("encounters", encounter_id=f"E{len(w.rows.get('encounters', []))}", patient_id=r.choice(PATIENTS),
              kind=r.choice(("inpatient", "outpatient", "emergency", None)), department=maybe(r.choice(UNITS), 0.9),
              attending_id=maybe(r.choice(STAFF), 0.5), recorded_at_us=late(s["start_us"]), **s)  # fmt: skip
        at = moment()
        w.add("transfers", patient_id=r.choice(PATIENTS), from_department=maybe(r.choice(UNITS)), to_department=r.choice(UNITS),
              time_us=at, recorded_at_us=late(at))  # fmt: skip
    for n in range(5):
        w.add("appointments", appointment_id=f"A{n}", patient_id=r.choice(PATIENTS), department=maybe(r.choice(UNITS)),
              staff_id=maybe(r.choice(STAFF), 0.4), time_us=moment())  # fmt: skip
        w.add("orders", order_id=f"O{n}", patient_id=r.choice(PATIENTS), ordered_by=maybe(r.choice(STAFF)), time_us=moment(),
              kind=r.choice(("laboratory", "imaging", "medication", "procedure", "consult", None)),
              performing_department=maybe(r.choice(UNITS)))  # fmt: skip
        w.add("shifts", staff_id=r.choice(STAFF), department=r.choice(UNITS), **span())
        w.add("consents", patient_id=r.choice(PATIENTS), purpose=r.choice(("treatment", "research", "sharing", "operations")),
              recipient=maybe(r.choice((*STAFF, *ACCOUNTS, *UNITS, "T0", "T1")), 0.9),
              decision=r.choice(("permit", "deny")), **span())  # fmt: skip
    for n in range(3):
        w.add("tickets", ticket_id=f"T{n}", account=r.choice(ACCOUNTS), **span(),
              kind=r.choice(("maintenance", "statistics", "research", "export")))  # fmt: skip
        w.add(
            "consents",
            patient_id=r.choice(PATIENTS),
            purpose="research",
            recipient=f"T{n}",
            decision="permit",
            **span(),
        )
        w.add("care_team", patient_id=r.choice(PATIENTS), staff_id=r.choice(STAFF), **span())
        w.add("work_items", patient_id=r.choice(PATIENTS), department=maybe(r.choice(UNITS), 0.5),
              staff_id=maybe(r.choice(STAFF), 0.5), kind="coding", **span())  # fmt: skip
        w.add("assignments", account=r.choice(ACCOUNTS), patient_id=r.choice(PATIENTS), **span())
    w.add("mandates", account=r.choice(ACCOUNTS), **span())
    _events(w, r, moment)
    return w


def _people(w: World, r: random.Random, maybe) -> None:  # type: ignore[no-untyped-def]
    for department in UNITS:
        w.add("departments", department=department, kind="clinical")
    for account in ACCOUNTS[:5]:
        w.person(
            account, role=r.choice(("nurse", "physician", "registrar")), department=maybe(r.choice(UNITS), 0.9),
            patient_id=maybe(r.choice(PATIENTS), 0.2), employed_to_day=maybe(on(r.randrange(DAYS)), 0.2),
            enabled_to_day=maybe(on(r.randrange(DAYS)), 0.2),
        )  # fmt: skip
    w.add(
        "accounts", account="ward", kind="shared", department=r.choice(UNITS), enabled_to_day=maybe(on(DAYS - 3), 0.2)
    )
    w.add("accounts", account="desk", kind="shared", department="FRONT")
    w.add("accounts", account="svc", kind="service")
    for who in STAFF[:3]:
        moved = r.randrange(2, DAYS)
        home = next(s["department"] for s in w.rows["staff"] if s["staff_id"] == who)
        w.add(
            "staff_history",
            staff_id=who,
            department=r.choice(UNITS),
            from_day=maybe(on(0), 0.5),
            to_day=maybe(on(moved), 0.9),
        )
        if home and r.random() < 0.5:
            w.add("staff_history", staff_id=who, department=home, from_day=on(moved + 1), to_day=None)
    for patient in PATIENTS[:-1]:
        w.patient(patient, honey=r.random() < 0.1)


def _events(w: World, r: random.Random, moment) -> None:  # type: ignore[no-untyped-def]
    for _ in range(170):
        shift = r.choice((0, 0, -1, 1, -15 * MINUTE, 15 * MINUTE, 60 * MINUTE))
        w.event(
            r.choice(ACCOUNTS), r.choice(PATIENTS), moment(0, DAYS) + shift,
            r.choice(("read", "read", "read", "update", "export", "print", "search")),
            outcome=r.choice(("success",) * 9 + ("denied",)), workstation=r.choice(("w1", "w2", None)),
        )  # fmt: skip
    for day in range(DAYS):
        w.event("svc", r.choice(PATIENTS), (MONDAY + day) * DAY - OFFSET + 2 * HOUR, workstation="w1")
        w.event(r.choice(ACCOUNTS), None, moment(0, DAYS), r.choice(("query", "export", "login")))
