# SPDX-License-Identifier: Apache-2.0
"""A hospital made by hand, a row at a time, and what explaining says about each of its events."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.explain.explain import REASON_OF, explain, sql_type, stand_ins
from wardkeep.watch.hospital.tables import TABLES
from wardkeep.watch.thresholds import Thresholds

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
#: Monday 2026-03-02, as a local day; the hospital's clock is eight hours ahead of UTC.
MONDAY = 20_514
OFFSET = 8 * HOUR

_EVENT: dict[str, str] = {
    "eid": "BIGINT", "event_id": "VARCHAR", "name": "VARCHAR", "system": "VARCHAR", "time_us": "BIGINT",
    "local_us": "BIGINT", "day": "INTEGER", "account": "VARCHAR", "patient_id": "VARCHAR", "action": "VARCHAR",
    "resource": "VARCHAR", "count": "BIGINT", "purpose": "VARCHAR", "breakglass": "BOOLEAN", "outcome": "VARCHAR",
    "workstation": "VARCHAR", "ip": "VARCHAR", "site": "VARCHAR", "session_id": "VARCHAR", "query": "VARCHAR",
    "duration_ms": "BIGINT",
}  # fmt: skip
_OURS = {
    "archived": ("patient_id", "system", "archived_us", "src"),
    "assignments": ("account", "patient_id", "start_us", "end_us", "src"),
    "mandates": ("account", "start_us", "end_us", "src"),
    "one_person": ("patient_id", "other_id"),
}


def at(day: int, clock: str = "12:00", *, plus: int = 0) -> int:
    """UTC microseconds of a local day (0 is MONDAY) and time of day, and some microseconds more."""
    hours, minutes = clock.split(":")
    return (MONDAY + day) * DAY + int(hours) * HOUR + int(minutes) * MINUTE - OFFSET + plus


def on(day: int) -> int:
    """A local day as tables hold it; 0 is MONDAY."""
    return MONDAY + day


@dataclass(frozen=True)
class Why:
    """The reason of one event, as `reason_of` has it."""

    reason: str
    table: str
    row: str
    late: bool
    support: str | None


@dataclass
class World:
    """Rows by table, in the normalised form of the engines; what is not given is empty."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, **cells: Any) -> str:
        """Add a row; its `src`, as the hospital finds it again."""
        rows = self.rows.setdefault(table, [])
        shape = TABLES.get(table)
        src = cells.get(shape.id) if shape and shape.id else f"{table}.csv:{len(rows) + 2}"
        rows.append({**cells, "src": src})
        return str(src)

    def person(self, account: str, role: str = "nurse", department: str | None = "MED", **cells: Any) -> str:
        """An account of one person, whose staff number is the account in capitals."""
        enabled = {k: cells.pop(k) for k in ("enabled_from_day", "enabled_to_day") if k in cells}
        self.add("accounts", account=account, staff_id=account.upper(), kind="person", **enabled)
        self.add("staff", staff_id=account.upper(), role=role, department=department, **cells)
        return account

    def patient(self, patient_id: str, **cells: Any) -> str:
        self.add("patients", patient_id=patient_id, **{"honey": False, "sensitivity": "", **cells})
        return patient_id

    def event(
        self, account: str | None, patient_id: str | None, time_us: int, action: str = "read", **cells: Any
    ) -> str:
        """One event; its name, which a test may give."""
        n = len(self.events) + 1
        cells.setdefault("name", f"e{n}")
        self.events.append({
            "eid": n, "event_id": f"e{n}", "system": "emr", "time_us": time_us,
            "local_us": time_us + OFFSET, "day": (time_us + OFFSET) // DAY, "account": account, "patient_id": patient_id,
            "action": action, "count": 1, "breakglass": False, "outcome": "success", **cells,
        })  # fmt: skip
        return str(cells["name"])

    def engine(self, *, without: tuple[str, ...] = ()) -> DuckEngine:
        """The hospital in a database; `without` names tables that it does not hand over."""
        engine = DuckEngine(duckdb.connect(config={"threads": 1}))
        for name, shape in TABLES.items():
            if name not in without:
                columns = {c.engine_name: sql_type(c.type) for c in shape.columns} | {"src": "VARCHAR"}
                _put(engine, name, columns, self.rows.get(name, []))
        for name, ours in _OURS.items():
            _put(engine, name, {c: "BIGINT" if c.endswith("_us") else "VARCHAR" for c in ours}, self.rows.get(name, []))
        _put(engine, "events", _EVENT, self.events)
        return engine

    def numbers(self, *, from_us: int | None = None, to_us: int | None = None) -> dict[str, int | float]:
        times = [e["time_us"] for e in self.events]
        given = dataclasses.asdict(self.thresholds)
        return {
            **{k: v for k, v in given.items() if isinstance(v, int | float)},
            "from_us": min(times) if from_us is None else from_us,
            "to_us": max(times) + 1 if to_us is None else to_us,
        }

    def explained(
        self, *, without: tuple[str, ...] = (), from_us: int | None = None, to_us: int | None = None
    ) -> dict[str, Why]:
        """The reason of every explained event, by its name."""
        engine = self.engine(without=without)
        stand_ins(engine)
        numbers = self.numbers(from_us=from_us, to_us=to_us)
        explain(engine, numbers)
        return reasons(engine, numbers)

    def codes(self, **how: Any) -> dict[str, str | None]:
        """The reason code of every event, None where it has none."""
        found = self.explained(**how)
        return {e["name"]: found[e["name"]].reason if e["name"] in found else None for e in self.events}


def reasons(engine: DuckEngine, numbers: Mapping[str, int | float]) -> dict[str, Why]:
    """What `reason_of` says, by the event's name. No event has two reasons."""
    inside = REASON_OF.replace(":from_us", str(numbers["from_us"]))
    found = engine.rows(
        "SELECT e.name, r.reason, r.source_table, r.source_id, r.late, r.support "
        f"FROM ({inside}) AS r JOIN events AS e ON e.eid = r.eid ORDER BY e.eid"
    )
    assert len(found) == len({row[0] for row in found}), "an event has two reasons"
    return {name: Why(*rest) for name, *rest in found}


def _put(engine: DuckEngine, name: str, columns: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
    unknown = {key for row in rows for key in row} - set(columns)
    assert not unknown, f"{name} has no column {unknown}"
    quoted = [(f'"{c}"', kind) for c, kind in columns.items()]
    engine.put(name, quoted, [[row.get(c) for c in columns] for row in rows])
