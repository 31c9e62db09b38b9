# SPDX-License-Identifier: Apache-2.0
"""From items to cases: which are opened and when, what each names, in which order they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil

from wardkeep.watch.detect.described import DETECTIONS
from wardkeep.watch.detect.detect import Event, Found, evidence_of, findings
from wardkeep.watch.detect.finding import Detection, Finding
from wardkeep.watch.detect.looked import looked_for
from wardkeep.watch.engine import Engine
from wardkeep.watch.explain.reason import Looked, Reason
from wardkeep.watch.rank.budget import Budget, open_cases
from wardkeep.watch.rank.case import JudgedCase, KnownCase, Term
from wardkeep.watch.rank.collect import collect
from wardkeep.watch.rank.item import Item, Opened, Score, score_of
from wardkeep.watch.rank.lot import case_id, finding_id
from wardkeep.watch.rank.score import WEIGHTS
from wardkeep.watch.thresholds import Thresholds

EPOCH = date(1970, 1, 1)
HOUR_US = 3_600_000_000


class Assembler:
    """Puts cases together from what was found."""

    def __init__(
        self, engine: Engine, numbers: Mapping[str, int | float], *, thresholds: Thresholds,
        priors: Mapping[str, tuple[int, int]], available: Mapping[str, str | tuple[str, ...]], seed: str,
    ) -> None:  # fmt: skip
        self.engine, self.numbers, self.thresholds = engine, numbers, thresholds
        self.priors, self.available, self.seed = priors, available, seed
        self.budget = Budget(
            cases_a_day=thresholds.cases_a_day, random_share=thresholds.random_share, family_share=thresholds.family_share,
            backlog_days=thresholds.backlog_days, case_gap_days=thresholds.case_gap_days,
            settling_days=ceil(thresholds.settling_hours / 24),
        )  # fmt: skip
        self.accounts = {
            account: (kind, role, person, home) for account, kind, role, person, home in
            engine.rows("SELECT account, kind, role, person, home FROM account_dim ORDER BY account")
        }  # fmt: skip

    def cases(self, history: Sequence[KnownCase], as_of_us: int) -> list[JudgedCase]:
        items = collect(self.engine, self.numbers)
        opened = open_cases(items, budget=self.budget, score=self._score)
        return self._ranked(opened)

    def _score(self, items: Sequence[Item]) -> Score:
        return score_of(items, prior=self.priors.get(items[0].account, (0, 0)))

    def _ranked(self, opened: Iterable[Opened]) -> list[JudgedCase]:
        every = list(opened)
        numbers = {no for case in every for item in case.items for no in item.finding_nos}
        listed = ", ".join(map(str, sorted(numbers))) or "NULL"
        found = {f.finding_no: f for f in findings(self.engine, f"f.finding_no IN ({listed})")}
        events = evidence_of(self.engine, self.numbers, list(found.values()))
        by_day: dict[int, list[Opened]] = {}
        for case in every:
            settled = [i for i in case.items if i.day <= case.day + self.budget.settling_days]
            case.score = self._score(settled or case.items)
            by_day.setdefault(case.day, []).append(case)
        out = []
        for _, of_day in sorted(by_day.items()):
            of_day.sort(key=lambda c: (-(c.score.score if c.score else 0), c.account))
            out += [self._judged(case, rank, found, events) for rank, case in enumerate(of_day, 1)]
        return out

    def _judged(
        self, case: Opened, rank: int, found: Mapping[int, Found], events: Mapping[int, list[Event]]
    ) -> JudgedCase:
        kind, role, person, home = self.accounts[case.account]
        numbers = sorted({no for item in case.items for no in item.finding_nos})
        rows = [found[no] for no in numbers if events[no]]
        touched = {e.eid: e for f in rows for e in events[f.finding_no]}
        ordered = sorted(touched.values(), key=lambda e: (e.time_us, e.eid))[: self.thresholds.case_events]
        name = case.known or case_id(case.account, ordered[0].name)
        looked = looked_for(self.available, kind=kind, role=role, reviewer=False, weak=True)
        made = [self._finding(name, f, events[f.finding_no], looked) for f in rows]
        made.sort(key=lambda f: (f.first_us, f.detection))
        score = case.score or self._score(case.items)
        missing = {one.reason for f in made for one in f.looked_for if one.state == "not_found"}
        return JudgedCase(
            case_id=name, account=case.account, person=person, department=home,
            opened_on=EPOCH + timedelta(days=case.day), rank=rank, from_us=ordered[0].time_us, to_us=ordered[-1].time_us,
            score=score.score, probability=score.probability, harm=score.harm,
            terms=tuple(Term(name=n, value=v, weight=WEIGHTS[n]) for n, v in score.terms.items()),
            detections=tuple(dict.fromkeys(f.detection for f in made)),
            patients=tuple(dict.fromkeys(e.patient_id for e in ordered if e.patient_id)),
            eids=tuple(e.eid for e in ordered), event_ids=tuple(dict.fromkeys(e.name for e in ordered)),
            reasons_missing=tuple(r.value for r in Reason if r.value in missing), random=False,
            settles_at_us=ordered[-1].time_us + self.thresholds.settling_hours * HOUR_US, findings=tuple(made),
        )  # fmt: skip

    def _finding(self, case: str, found: Found, events: Sequence[Event], looked: tuple[Looked, ...]) -> Finding:
        described = DETECTIONS[Detection(found.detection)]
        kept = events[: self.thresholds.case_events]
        return Finding(
            finding_id=finding_id(case, found.detection, found.patient_id, events[0].name), detection=found.detection,
            account=found.account, person=found.person, patient_id=found.patient_id, first_us=events[0].time_us,
            last_us=events[-1].time_us, first_day=found.first_day, evidence_day=found.evidence_day,
            eids=tuple(e.eid for e in kept), event_ids=tuple(dict.fromkeys(e.name for e in kept)), observed=found.observed,
            threshold={name: getattr(self.thresholds, name) for name in described.thresholds}, looked_for=looked,
        )  # fmt: skip
