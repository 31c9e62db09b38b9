# SPDX-License-Identifier: Apache-2.0
"""What the detections say about a hospital made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.unit.explain.world import World
from wardkeep.watch.detect.detect import Event, Found, detect, evidence_of, findings
from wardkeep.watch.detect.looked import Looker
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.explain.explain import explain, stand_ins
from wardkeep.watch.explain.reason import Looked, availability


@dataclass
class Flagged:
    """Every finding, with its events and what was looked for."""

    engine: DuckEngine
    said: dict[str, str | tuple[str, ...]]
    found: list[Found]
    events: dict[int, list[Event]]
    looked: dict[int, tuple[Looked, ...]]

    def of(self, code: str) -> list[Found]:
        return [f for f in self.found if f.detection == code]

    def one(self, code: str) -> Found:
        (found,) = self.of(code)
        return found

    def names(self, code: str) -> list[str]:
        """Names of the events behind the findings of one detection, in order of time."""
        touched = {e.eid: e for f in self.of(code) for e in self.events[f.finding_no]}
        return [e.name for e in sorted(touched.values(), key=lambda e: (e.time_us, e.eid))]

    def states(self, code: str) -> dict[str, str]:
        """reason -> what became of looking for it, for the one finding of a detection."""
        return {one.reason: one.state for one in self.looked[self.one(code).finding_no]}

    @property
    def codes(self) -> set[str]:
        return {f.detection for f in self.found}


def flagged(w: World, *, without: Iterable[str] = (), from_us: int | None = None, to_us: int | None = None) -> Flagged:
    """Explain and detect."""
    engine = w.engine(without=tuple(without))
    given = engine.tables()
    stand_ins(engine)
    numbers = {**w.numbers(from_us=from_us, to_us=to_us), "weekly_self_access": 0}
    explain(engine, numbers)
    said = detect(engine, numbers, tables=given)
    found = findings(engine, "TRUE")
    looker = Looker(engine, availability(given))
    looker.prepare(found)
    return Flagged(
        engine=engine,
        said=said,
        found=found,
        events=evidence_of(engine, numbers, found),
        looked={f.finding_no: looker.looked_for(f) for f in found},
    )
