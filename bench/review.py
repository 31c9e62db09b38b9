# SPDX-License-Identifier: Apache-2.0
"""What a reviewer with a budget finds: precision and recall at k cases a day, beside the ceiling, by kind and difficulty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: Nobody who reads these tables can tell it: counted, and left out of the recall that a method is measured by.
HOPELESS = "explained"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A case as a method puts it before a reviewer."""

    account: str
    #: Local day, counted from any fixed day; and the place within it (1 is read first).
    day: int
    rank: int
    events: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """One case of misuse as the simulator committed it."""

    case_id: str
    kind: str
    difficulty: str
    account: str
    first_day: int
    events: frozenset[str]


@dataclass
class Review:
    """The outcome at one budget. Recall leaves the hopeless out; `found` says for each case on which day it was shown."""

    k: int
    shown: int = 0
    true_shown: int = 0
    days: int = 0
    found: dict[str, int] = field(default_factory=dict)
    truth: list[Truth] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """True cases among those read."""
        return self.true_shown / self.shown if self.shown else 0.0

    @property
    def ceiling(self) -> float:
        """The precision of a method that shows every true case once and fills the k slots a day with others."""
        return min(1.0, len(self.truth) / (self.k * self.days)) if self.days else 0.0

    @property
    def hits_a_slot(self) -> float:
        """Different true cases found over all slots of the period: what `ceiling` is the ceiling of."""
        return len(self.found) / (self.k * self.days) if self.days else 0.0

    def recall(self, *, kind: str | None = None, difficulty: str | None = None) -> float | None:
        """Share found of the cases asked for; None where there are none."""
        asked = [
            t for t in self.truth
            if (kind is None or t.kind == kind)
            and (t.difficulty == difficulty if difficulty else t.difficulty != HOPELESS or kind == "gossip")
        ]  # fmt: skip
        return sum(t.case_id in self.found for t in asked) / len(asked) if asked else None

    def days_to_detect(self) -> list[int]:
        """For each case found: from its first act to the day on which it was shown."""
        first = {t.case_id: t.first_day for t in self.truth}
        return [max(0, day - first[case]) for case, day in self.found.items()]


def review(cases: Iterable[Shown], truth: list[Truth], *, k: int, days: int) -> Review:
    """Read the first k cases of each day, as they are ranked. A case is true if it names an event of misuse."""
    out = Review(k=k, days=days, truth=truth)
    by_event: dict[str, list[str]] = {}
    for t in truth:
        for event in t.events:
            by_event.setdefault(event, []).append(t.case_id)
    read: dict[int, int] = {}
    for case in sorted(cases, key=lambda c: (c.day, c.rank)):
        if read.get(case.day, 0) >= k:
            continue
        read[case.day] = read.get(case.day, 0) + 1
        out.shown += 1
        hits = {name for event in case.events for name in by_event.get(event, ())}
        out.true_shown += bool(hits)
        for name in hits:
            out.found.setdefault(name, case.day)
    return out


def truths(rows: Iterable[Mapping[str, object]], day_of: Mapping[str, int]) -> list[Truth]:
    """Cases from the rows of misuse.csv, with the local day of each event."""
    grouped: dict[str, list[Mapping[str, object]]] = {}
    for row in rows:
        grouped.setdefault(str(row["case_id"]), []).append(row)
    return [
        Truth(
            case_id=name, kind=str(of[0]["kind"]), difficulty=str(of[0]["difficulty"]), account=str(of[0]["account"]),
            first_day=min(day_of[str(r["event_id"])] for r in of), events=frozenset(str(r["event_id"]) for r in of),
        )
        for name, of in grouped.items()
    ]  # fmt: skip
