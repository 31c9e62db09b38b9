# SPDX-License-Identifier: Apache-2.0
"""The documented reasons in plain Python, event by event, as docs/reference/reasons.md states them: slow, and plain to read.

Shares nothing with the SQL but the hospital's rows and the thresholds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.unit.explain.world import DAY, HOUR, MINUTE, OFFSET, World
from wardkeep.watch.explain.reason import PREFERENCE, Reason

EVER, NEVER = 9_000_000_000_000_000, -9_000_000_000_000_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Interval:
    """A row of the hospital that speaks for a person (`who`), a department (`unit`) or the front desk."""

    reason: Reason
    patient: str
    start: int
    end: int
    row: str
    who: str | None = None
    unit: str | None = None


class Oracle:
    def __init__(self, world: World) -> None:
        self.t = world.thresholds
        self.rows = {name: world.rows.get(name, []) for name in (
            "staff", "staff_history", "accounts", "shifts", "patients", "encounters", "appointments", "orders", "transfers",
            "care_team", "work_items", "consents", "tickets", "assignments", "mandates",
        )}  # fmt: skip
        self.events = world.events
        self.accounts = {row["account"]: row for row in self.rows["accounts"]}
        self.staff = {row["staff_id"]: row for row in self.rows["staff"]}
        self.patients = {row["patient_id"]: row for row in self.rows["patients"]}
        self.touches = [
            e for e in self.events
            if e["account"] and e["patient_id"] and e["outcome"] == "success" and e["action"] not in ("login", "logout")
        ]  # fmt: skip
        self.visits: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
        for e in self.touches:
            self.visits[e["account"], e["patient_id"], e["day"]].append(e)
        self.intervals = list(self._intervals())

    def documented(self) -> dict[str, set[tuple[Reason, str]]]:
        """Of every event the best documented reason, with each row that may be named for it; those without are left out."""
        found: dict[str, set[tuple[Reason, str]]] = {}
        residue = []
        for (account, patient, day), events in self.visits.items():
            bar = self.barred(account, patient, day)
            whole = set() if bar else best(self._of_the_day(account, patient, day))
            for e in events:
                if whole:
                    found[e["name"]] = whole
                else:
                    residue.append((e, bar))
        usual = self._usual_hours([e for e, _ in residue])
        for e, bar in residue:
            if whole := best(self._of_the_moment(e, bar, usual)):
                found[e["name"]] = whole
        for e in self.events:
            if e["account"] and not e["patient_id"] and e["action"] in ("query", "export", "print"):
                tickets = [k for k in self._tickets(e) if e["outcome"] == "success"]
                if tickets:
                    found[e["name"]] = {(Reason.TICKET, min(k["ticket_id"] for k in tickets))}
        return found

    # -- people -------------------------------------------------------------------------------------------------------
    def person(self, account: str) -> str | None:
        row = self.accounts.get(account, {})
        return row.get("staff_id") if row.get("kind") == "person" and row.get("staff_id") in self.staff else None

    def last_day(self, account: str) -> int:
        """The last local day on which the account may be used."""
        who = self.person(account)
        ends = [
            self.accounts.get(account, {}).get("enabled_to_day"),
            self.staff[who].get("employed_to_day") if who else None,
        ]
        return min((d for d in ends if d is not None), default=9_999_999)

    def home(self, account: str) -> str | None:
        who = self.person(account)
        if who:
            return self.staff[who].get("department")
        row = self.accounts.get(account, {})
        return row.get("department") if row.get("kind") == "shared" else None

    def units(self, account: str, day: int) -> set[str]:
        """Departments of the account on a day."""
        if day > self.last_day(account):
            return set()
        home, who = self.home(account), self.person(account)
        history = [h for h in self.rows["staff_history"] if who and h["staff_id"] == who]
        found = set()
        if home:
            here = [h for h in history if h["department"] == home]
            left = [h["to_day"] for h in history if h["department"] != home and h.get("to_day") is not None]
            joined = [h["from_day"] for h in here if h.get("from_day") is not None]
            since = min(joined, default=None) if here else (max(left) + 1 if left else None)
            if since is None or day >= since:
                found.add(home)
        for h in history:
            until = 9_999_999 if h.get("to_day") is None else h["to_day"] + self.t.move_grace_days
            if (h.get("from_day") is None or h["from_day"] <= day) and day <= until:
                found.add(h["department"])
        return found

    def at_desk(self, account: str) -> bool:
        who = self.person(account)
        if who:
            return self.staff[who].get("role") == "registrar"
        roles = [s.get("role") for s in self.staff.values() if s.get("department") == self.home(account)]
        return self.home(account) is not None and bool(roles) and 2 * roles.count("registrar") >= len(roles)

    # -- what bars ----------------------------------------------------------------------------------------------------
    def barred(self, account: str, patient: str, day: int) -> str | None:
        who = self.person(account)
        if who and self.staff[who].get("patient_id") == patient:
            return "own"
        if self.patients.get(patient, {}).get("honey"):
            return "honey"
        times = [e["time_us"] for e in self.visits[account, patient, day]]
        for c in self.rows["consents"]:
            named = {who, account, *self.units(account, day)} - {None}
            denied = (
                c["patient_id"] == patient and c["decision"] == "deny" and c["purpose"] in ("treatment", "operations")
            )
            meets = c["start_us"] <= max(times) and ever(c.get("end_us")) > min(times)
            if denied and meets and c.get("recipient") in named:
                return "denied"
        return "ended" if day > self.last_day(account) else None

    # -- reasons of a day ---------------------------------------------------------------------------------------------
    def _of_the_day(self, account: str, patient: str, day: int) -> Iterator[tuple[Reason, str]]:
        who, units, desk = self.person(account), self.units(account, day), self.at_desk(account)
        for i in self._on(patient, day):
            if (i.who and i.who == who) or (i.unit and i.unit in units) or (i.reason is Reason.FRONT_DESK and desk):
                yield i.reason, i.row

    def _on(self, patient: str, day: int) -> Iterator[Interval]:
        opens = day * DAY - OFFSET
        return (i for i in self.intervals if i.patient == patient and i.start < opens + DAY and i.end >= opens)

    def _intervals(self) -> Iterator[Interval]:
        t = self.t

        def of(
            reason: Reason, row: Row, start: int, end: int, *, who: Any = None, unit: Any = None
        ) -> Iterator[Interval]:
            if who or unit or reason is Reason.FRONT_DESK:
                yield Interval(reason, row["patient_id"], start, end, row["src"], who, unit)

        for r in self.rows["appointments"]:
            at, who, unit = r["time_us"], r.get("staff_id"), r.get("department")
            yield from of(
                Reason.APPOINTMENT, r, at - t.person_before_days * DAY, at + t.person_after_days * DAY, who=who
            )
            yield from of(
                Reason.CLINIC, r, at - t.appointment_before_days * DAY, at + t.appointment_after_days * DAY, unit=unit
            )
            yield from of(Reason.FRONT_DESK, r, at, at)
        for r in self.rows["encounters"]:
            start, end, unit = r["start_us"], r.get("end_us"), r.get("department")
            before = 0 if r.get("kind") == "emergency" else t.encounter_before_days * DAY
            yield from of(Reason.FRONT_DESK, r, start, ever(end))
            yield from of(Reason.ENCOUNTER, r, start - before, ever(end), unit=unit)
            after = EVER if end is None else end + t.person_after_days * DAY
            yield from of(Reason.ATTENDING, r, start - t.person_before_days * DAY, after, who=r.get("attending_id"))
            if end is not None:
                yield from of(Reason.COMPLETION, r, end, end + t.completion_days * DAY, unit=unit)
        for r in self.rows["care_team"]:
            end = r.get("end_us")
            after = EVER if end is None else end + t.person_after_days * DAY
            yield from of(Reason.CARE_TEAM, r, r["start_us"] - t.person_before_days * DAY, after, who=r["staff_id"])
        for r in self.rows["orders"]:
            at, who, unit, kind = r["time_us"], r.get("ordered_by"), r.get("performing_department"), r.get("kind")
            around = t.order_before_days * DAY
            yield from of(Reason.ORDER_PLACED, r, at - around, at + around, who=who)
            yield from of(Reason.RESULT, r, at, at + t.result_days * DAY, who=who)
            days = t.perform_planned_days if kind in ("imaging", "procedure", "consult") else t.perform_days
            yield from of(
                Reason.CONSULT if kind == "consult" else Reason.ORDER_PERFORMED, r, at, at + days * DAY, unit=unit
            )
        for r in self.rows["work_items"]:
            end = r.get("end_us")
            start, after = (
                r["start_us"] - t.work_before_days * DAY,
                EVER if end is None else end + t.work_after_days * DAY,
            )
            yield from of(Reason.WORK_ITEM, r, start, after, who=r.get("staff_id"))
            yield from of(Reason.WORK_ITEM, r, start, after, unit=r.get("department"))
        yield from self._stays(of)

    def _stays(self, of: Any) -> Iterator[Interval]:
        t = self.t
        for r in self.rows["transfers"]:
            at, came, went = r["time_us"], r["to_department"], r.get("from_department")
            mine = sorted(x["time_us"] for x in self.rows["transfers"] if x["patient_id"] == r["patient_id"])
            earlier, later = [x for x in mine if x < at], [x for x in mine if x > at]
            around = [
                e for e in self.rows["encounters"]
                if e["patient_id"] == r["patient_id"] and e.get("kind") in (None, "inpatient", "emergency")
                and e["start_us"] <= at + DAY and ever(e.get("end_us")) >= at - DAY
            ]  # fmt: skip
            end = max((ever(e.get("end_us")) for e in around), default=at + 14 * DAY)
            end = min([end, *later[:1]])
            begin = max([min((e["start_us"] for e in around), default=at - DAY), *earlier[-1:]])
            yield from of(Reason.WARD, r, at, end, unit=came)
            yield from of(Reason.WARD, r, begin, at, unit=went)
            yield from of(Reason.TRANSFER, r, at - t.transfer_before_hours * HOUR, at, unit=came)
            yield from of(Reason.TRANSFER, r, at, at + t.transfer_after_days * DAY, unit=went)
            if end < EVER:
                yield from of(Reason.COMPLETION, r, end, end + t.completion_days * DAY, unit=came)

    # -- reasons of a moment ------------------------------------------------------------------------------------------
    def _of_the_moment(self, e: Row, bar: str | None, usual: set[str]) -> Iterator[tuple[Reason, str]]:
        account, patient, at, who = e["account"], e["patient_id"], e["time_us"], self.person(e["account"])
        clock = self.t.clock_minutes * MINUTE
        if bar in (None, "ended") and e["day"] <= self.last_day(account) + 1:
            for s in self.rows["shifts"]:
                end = s["start_us"] + 12 * HOUR if s.get("end_us") is None else s["end_us"]
                early, late = self.t.shift_early_minutes * MINUTE, self.t.shift_late_minutes * MINUTE
                if who and s["staff_id"] == who and s["start_us"] - early <= at < end + late:
                    there = best((i.reason, i.row) for i in self._on(patient, e["day"]) if i.unit == s["department"])
                    yield from ((Reason.COVER, row) for _, row in there)
        if bar is None and e["day"] <= self.last_day(account):
            for c in self.rows["consents"]:
                named = {who, account, self.home(account)} - {None}
                permits = c["patient_id"] == patient and c["decision"] == "permit" and c["purpose"] != "research"
                if permits and c.get("recipient") in named and during(c, at, clock):
                    yield Reason.CONSENT, c["src"]
            tickets = [k for k in self._tickets(e) if self._covers(k, e)]
            if tickets:
                first = min(tickets, key=lambda k: str(k["ticket_id"]))
                yield Reason.RESEARCH if first["kind"] == "research" else Reason.TICKET, first["ticket_id"]
        if e["name"] in usual:
            yield Reason.SERVICE, account
        for a in self.rows["assignments"]:
            mine = a["account"] == account and a["patient_id"] == patient
            if mine and bar in (None, "denied", "honey") and during(a, at):
                yield Reason.ASSIGNED_CASE, a["src"]
        for m in self.rows["mandates"]:
            if m["account"] == account and bar in (None, "denied") and during(m, at):
                yield Reason.AUDIT_MANDATE, m["src"]

    def _tickets(self, e: Row) -> list[Row]:
        clock = self.t.clock_minutes * MINUTE
        return [
            k for k in self.rows["tickets"]
            if k["account"] == e["account"] and e["day"] <= self.last_day(e["account"])
            and k["start_us"] - clock <= e["time_us"] < ever(k.get("end_us")) + clock
        ]  # fmt: skip

    def _covers(self, ticket: Row, e: Row) -> bool:
        """Whether a ticket covers this patient."""
        clock, at, kind = self.t.clock_minutes * MINUTE, e["time_us"], ticket["kind"]
        mine = [c for c in self.rows["consents"] if c["patient_id"] == e["patient_id"]]
        if kind not in ("research", "export"):
            return True
        purpose = "sharing" if kind == "export" else "research"
        named = {None, ticket["ticket_id"], self.home(e["account"]), e["account"], self.person(e["account"])}
        for c in mine:
            denies = c["decision"] == "deny" and c["purpose"] == purpose and c.get("recipient") in named
            if denies and during(c, at):
                return False
        return kind == "export" or any(
            c["decision"] == "permit" and c["purpose"] == "research" and c.get("recipient") == ticket["ticket_id"]
            and c["start_us"] - clock <= at < ever(c.get("end_us")) + clock
            for c in mine
        )  # fmt: skip

    def _usual_hours(self, residue: list[Row]) -> set[str]:
        """Names of events of service accounts in an hour, from a host, as on enough other days."""
        mine = [
            e for e in residue
            if self.accounts.get(e["account"], {}).get("kind") == "service" and e["action"] not in ("print", "export")
            and e["day"] <= self.last_day(e["account"])
        ]  # fmt: skip
        slots, days = defaultdict(set), defaultdict(set)
        for e in mine:
            slots[_slot(e)].add(e["day"])
            days[e["account"]].add(e["day"])
        return {
            e["name"] for e in mine
            if len(slots[_slot(e)]) - 1 >= max(1, min(self.t.service_days, len(days[e["account"]]) - 1))
        }  # fmt: skip


def _slot(e: Row) -> tuple[str, str, int]:
    return e["account"], e.get("workstation") or e.get("ip") or "", (e["time_us"] + OFFSET) % DAY // HOUR


def ever(moment: int | None) -> int:
    return EVER if moment is None else moment


def during(row: Row, moment: int, margin: int = 0) -> bool:
    """[start, end), both moved outwards by a margin."""
    return bool(row["start_us"] - margin <= moment < ever(row.get("end_us")) + margin)


def best(found: Any) -> set[tuple[Reason, str]]:
    """Those of the most preferred reason."""
    every = set(found)
    first = min((PREFERENCE[reason] for reason, _ in every), default=None)
    return {(reason, row) for reason, row in every if PREFERENCE[reason] == first}
