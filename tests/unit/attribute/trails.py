# SPDX-License-Identifier: Apache-2.0
"""What attribution says about the uses of a hospital made by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.unit.explain.world import World, at
from wardkeep.watch.attribute.attribute import Clock, attribute, clocks
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.explain.explain import stand_ins


@dataclass
class Trails:
    """Every use with a trace, by its name."""

    engine: DuckEngine
    #: name -> (state, person, confidence)
    found: dict[str, tuple[str, str | None, float]]
    #: name -> person -> confidence
    claims: dict[str, dict[str, float]]
    #: (name, person) -> {(kind, row)}
    evidence: dict[tuple[str, str], set[tuple[str, str]]]
    clocks: list[Clock]

    def named(self, name: str) -> str | None:
        return self.found[name][1] if name in self.found else None

    def state(self, name: str) -> str:
        return self.found[name][0] if name in self.found else "nothing"


def trails(w: World, details: dict[str, dict[str, str]] | None = None) -> Trails:
    """Attribute, and read what was said. `details`: by the name of an event, what its source says beyond the columns."""
    engine = w.engine()
    stand_ins(engine)
    if details:
        eids = {e["name"]: e["eid"] for e in w.events}
        rows = [(eids[name], json.dumps(told)) for name, told in details.items()]
        engine.put("event_detail", (("eid", "BIGINT"), ("extra", "VARCHAR")), rows)
    attribute(engine, w.numbers())
    names = {e["eid"]: e["name"] for e in w.events}
    claims: dict[str, dict[str, float]] = {}
    for eid, person, confidence in engine.rows("SELECT eid, person, confidence FROM claim"):
        claims.setdefault(names[eid], {})[person] = confidence
    evidence: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for eid, person, kind, row in engine.rows("SELECT eid, person, kind, source_id FROM evidence_for"):
        evidence.setdefault((names[eid], person), set()).add((kind, row))
    return Trails(
        engine=engine,
        found={
            names[eid]: (state, person, confidence)
            for eid, state, person, confidence in engine.rows("SELECT eid, state, person, confidence FROM attribution")
        },
        claims=claims,
        evidence=evidence,
        clocks=clocks(engine),
    )


def ward() -> World:
    """A ward with a shared account and an application with one account for all, three nurses and a doctor elsewhere."""
    w = World()
    w.add("departments", department="MED", name="内科", site="main", kind="clinical")
    w.add("departments", department="SUR", name="外科", site="north", kind="clinical")
    for name in ("ann", "ben", "cyn"):
        w.person(name)
    w.person("dan", role="physician", department="SUR")
    w.add("accounts", account="med", kind="shared", department="MED")
    w.add("accounts", account="HIS_APP", kind="service")
    w.patient("P1")
    # The application itself is one in which people work.
    w.event("ann", "P1", at(-3), system="his", name="before")
    return w


def session(w: World, account: str, begins: int, ends: int | None, **where: Any) -> None:
    """Signing in, and out where `ends` says when."""
    where = {"system": "ad", "workstation": "ws1", "ip": "10.0.0.1", **where}
    w.event(account, None, begins, "login", name=f"in-{account}-{len(w.events)}", **where)
    if ends is not None:
        w.event(account, None, ends, "logout", **where)


def same_clocks(w: World, *systems: str, offsets: dict[str, int] | None = None, days: int = 1) -> None:
    """Enough sessions that all these systems saw begin, by the same number; `offsets`: seconds by which each is ahead."""
    for day in range(days):
        for n in range(25):
            moment = at(-9 - day, "06:00") + n * 60_000_000
            for system in systems:
                ahead = (offsets or {}).get(system, 0) * 1_000_000
                w.event(
                    "cyn", None, moment + ahead, "login", system=system, session_id=f"number-{day}-{n}", ip="10.9.9.9"
                )
                w.event(
                    "cyn",
                    None,
                    moment + ahead + 30_000_000,
                    "logout",
                    system=system,
                    session_id=f"number-{day}-{n}",
                    ip="10.9.9.9",
                )
