# SPDX-License-Identifier: Apache-2.0
"""Who was behind the uses of a case: as attribution said of each of them, put together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from wardkeep.watch.attribute.attribute import rostered
from wardkeep.watch.engine import Engine
from wardkeep.watch.rank.case import Candidate

#: Candidates that one case lists: the most likely.
LISTED = 20


class People:
    """Says for the events of a case who it was. Only events of accounts of several people have an answer here."""

    def __init__(self, engine: Engine, numbers: Mapping[str, int | float]) -> None:
        self.engine, self.numbers = engine, numbers
        self.claims: dict[int, list[tuple[str, float]]] = {}
        self.kinds: dict[tuple[int, str], set[str]] = {}

    def prepare(self, eids: Collection[int]) -> None:
        """Look at these events: those who left a trace, and for the others who had a shift."""
        self.engine.put("asked_eid", (("eid", "BIGINT"),), [(eid,) for eid in sorted(eids)])
        for eid, person, confidence in self.engine.rows(
            "SELECT c.eid, c.person, c.confidence FROM claim AS c JOIN asked_eid AS k ON k.eid = c.eid"
        ):
            self.claims.setdefault(eid, []).append((person, confidence))
        for eid, person, kind in self.engine.rows(
            "SELECT DISTINCT e.eid, e.person, e.kind FROM evidence_for AS e JOIN asked_eid AS k ON k.eid = e.eid"
        ):
            self.kinds.setdefault((eid, person), set()).add(kind)
        for eid, person, confidence in rostered(self.engine, self.numbers):
            self.claims.setdefault(eid, []).append((person, confidence))
            self.kinds.setdefault((eid, person), set()).add("shift")

    def alone(self, eids: Iterable[int]) -> str | None:
        """The one person who is named for each of these uses; None where one of them is anybody's or another's."""
        enough = self.numbers["attribute_confidence"]
        found = {
            max(((confidence, one) for one, confidence in self.claims.get(eid, ())), default=(0.0, "")) for eid in eids
        }
        people = {one if confidence >= enough else "" for confidence, one in found}
        return (people.pop() or None) if len(people) == 1 else None

    def behind(
        self, person: str | None, eids: Iterable[int]
    ) -> tuple[float | None, tuple[str, ...], tuple[Candidate, ...]]:
        """The confidence that it was `person` (1 where no other could use the account), what says so, and all others."""
        lowest = None if person is None else 1.0
        best: dict[str, float] = {}
        by: dict[str, set[str]] = {}
        for eid in eids:
            for one, confidence in self.claims.get(eid, ()):
                by.setdefault(one, set()).update(self.kinds.get((eid, one), ()))
                if one == person:
                    lowest = min(lowest or 1.0, confidence)
                else:
                    best[one] = max(confidence, best.get(one, 0.0))
        ranked = sorted(best.items(), key=lambda found: (-found[1], found[0]))[:LISTED]
        others = tuple(Candidate(person=one, confidence=round(c, 4), by=tuple(sorted(by[one]))) for one, c in ranked)
        said = tuple(sorted(by.get(person or "", ())))
        return None if lowest is None else round(lowest, 4), said, others
