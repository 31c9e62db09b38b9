# SPDX-License-Identifier: Apache-2.0
"""From items to cases: which are opened and when, what each names, in which order they are read."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil

from wardkeep.watch.detect.described import DETECTIONS
from wardkeep.watch.detect.detect import Event, Found, day_events, evidence_of, findings
from wardkeep.watch.detect.finding import Detection, Finding
from wardkeep.watch.detect.looked import Looker
from wardkeep.watch.engine import Engine
from wardkeep.watch.explain.reason import Reason
from wardkeep.watch.rank.budget import Budget, Draw, open_cases
from wardkeep.watch.rank.case import JudgedCase, KnownCase, Term
from wardkeep.watch.rank.collect import FLOOR, collect
from wardkeep.watch.rank.item import Item, Opened, Score, score_of
from wardkeep.watch.rank.lot import case_id, drawn, finding_id, lot_id, place
from wardkeep.watch.rank.people import People
from wardkeep.watch.rank.score import probability
from wardkeep.watch.thresholds import Thresholds

EPOCH = date(1970, 1, 1)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
Events = Mapping[int, Sequence[Event]]
#: Local day -> place (0 = first) and account of what was drawn on it.
Lots = Mapping[int, Sequence[tuple[int, str]]]


class Assembler:
    """Puts cases together from what was found."""

    def __init__(
        self,
        engine: Engine,
        numbers: Mapping[str, int | float],
        *,
        thresholds: Thresholds,
        priors: Mapping[str, tuple[int, int]],
        available: Mapping[str, str | tuple[str, ...]],
        weights: Mapping[str, float],
        seed: str,
    ) -> None:
        self.engine, self.numbers, self.thresholds = engine, numbers, thresholds
        self.priors, self.weights, self.seed = priors, weights, seed
        self.budget = Budget(
            cases_a_day=thresholds.cases_a_day,
            random_share=thresholds.random_share,
            family_share=thresholds.family_share,
            backlog_days=thresholds.backlog_days,
            case_gap_days=thresholds.case_gap_days,
            settling_days=ceil(thresholds.settling_hours / 24),
            floor=FLOOR,
        )
        self.looker = Looker(engine, available)
        self.accounts: dict[str, tuple[int, str | None, str | None]] = {}
        #: The name in the events, by judged account.
        self.login: dict[str, str] = {}
        for account, login, a, person, home in engine.rows(
            "SELECT account, login, a, person, home FROM account_dim ORDER BY account"
        ):
            self.accounts[account] = (a, person, home)
            self.login[account] = login
        self.people = People(engine, numbers)

    def cases(self, history: Sequence[KnownCase], *, whole_days_until: int) -> list[JudgedCase]:
        """Every case. whole_days_until: the first local day that was not over yet: no lot is drawn on it or later."""
        lots = [k for k in history if k.case_id == lot_id(k.account, k.opened_on)]
        found = [k for k in history if k.case_id != lot_id(k.account, k.opened_on)]
        items = collect(self.engine, self.numbers, self.weights)
        known, rest = self._recognised(items, found)
        opened = open_cases(
            rest,
            budget=self.budget,
            score=self._score,
            known=known,
            taken=Counter((k.opened_on - EPOCH).days for k in found if not k.random),
            draw=self._picker(Counter((k.opened_on - EPOCH).days for k in found if k.random), whole_days_until),
        )
        picked = Counter(case.day for case in opened if case.picked)
        return self._ranked(opened, self._drawn(lots, picked, whole_days_until))

    def _picker(self, earlier: Mapping[int, int], until: int) -> Draw:
        """Draws what the budget leaves to the lot among the passed over; `earlier`: drawn by earlier runs, by day."""

        def pick(day: int, accounts: Sequence[str]) -> list[str]:
            n = self.budget.picks(day) - earlier.get(day, 0)
            return drawn(accounts, day=day, n=n, seed=self.seed) if day < until and n > 0 else []

        return pick

    def _score(self, items: Sequence[Item]) -> Score:
        prior = self.priors.get(self.login[items[0].account], (0, 0))
        return score_of(items, prior=prior, weights=self.weights)

    def _recognised(self, items: Sequence[Item], history: Sequence[KnownCase]) -> tuple[list[Opened], list[Item]]:
        """Known cases with the items that share events with them, most events first; and the items that do not."""
        by_account: dict[str, list[KnownCase]] = {}
        picked = {one.case_id for one in history if one.random}
        for one in history:
            by_account.setdefault(one.account, []).append(one)
        asked = [item for item in items if self.login[item.account] in by_account]
        events = self._events(no for item in asked for no in item.finding_nos)[1]
        opened: dict[str, Opened] = {}
        rest = []
        for item in items:
            eids = {e.eid for no in item.finding_nos for e in events.get(no, ())}
            shared = [
                (-len(eids.intersection(k.eids)), k.opened_on, k.case_id)
                for k in by_account.get(self.login[item.account], ())
            ]
            best = min(shared, default=(0, EPOCH, ""))
            if best[0] == 0:
                rest.append(item)
                continue
            case = opened.setdefault(
                best[2],
                Opened(
                    account=item.account,
                    a=item.a,
                    day=(best[1] - EPOCH).days,
                    known=best[2],
                    picked=best[2] in picked,
                ),
            )
            case.items.append(item)
        return list(opened.values()), rest

    def _events(self, numbers: Iterable[int]) -> tuple[dict[int, Found], dict[int, list[Event]]]:
        """Findings by number, and the events of each."""
        listed = ", ".join(map(str, sorted(set(numbers))))
        if not listed:
            return {}, {}
        found = {f.finding_no: f for f in findings(self.engine, f"f.finding_no IN ({listed})")}
        return found, evidence_of(self.engine, self.numbers, list(found.values()))

    def _drawn(self, known: Sequence[KnownCase], picked: Mapping[int, int], until: int) -> Lots:
        """Quiet days that were drawn by lot, earlier (which keep their place) or now, in the lots that are left."""
        out: dict[int, list[tuple[int, str]]] = {}
        for one in sorted(known, key=lambda k: k.rank):
            if one.account in self.accounts:
                out.setdefault((one.opened_on - EPOCH).days, []).append((one.rank - 1, one.account))
        free: dict[int, list[str]] = {}
        for account, day in self.engine.rows("SELECT account, day FROM quiet_day"):
            free.setdefault(day, []).append(account)
        earlier = Counter((k.opened_on - EPOCH).days for k in known)
        for day, accounts in free.items():
            n = self.budget.lots(day) - picked.get(day, 0) - earlier[day]
            if day < until and n > 0:
                out.setdefault(day, []).extend(
                    (place(day, of=self.budget.cases_a_day, seed=self.seed, account=account), account)
                    for account in drawn(accounts, day=day, n=n, seed=self.seed)
                )
        return out

    def _ranked(self, opened: Iterable[Opened], lots: Lots) -> list[JudgedCase]:
        every = list(opened)
        found, events = self._events(no for case in every for item in case.items for no in item.finding_nos)
        self.looker.prepare(found.values())
        touched = day_events(self.engine, {(self.accounts[a][0], day) for day, of in lots.items() for _, a in of})
        self.people.prepare({e.eid for of in (*events.values(), *touched.values()) for e in of})
        by_day: dict[int, list[Opened]] = {}
        for case in every:
            if not any(events[no] for item in case.items for no in item.finding_nos):
                continue  # nothing of it lies in the judged time
            settled = [i for i in case.items if i.day <= case.day + self.budget.settling_days]
            case.score = self._score(settled or case.items)
            by_day.setdefault(case.day, []).append(case)
        out = []
        for day in sorted({*by_day, *lots}):
            of_day = sorted(by_day.get(day, ()), key=lambda c: (-(c.score.score if c.score else 0.0), c.account))
            judged = [self._judged(case, found, events) for case in of_day]
            for wanted, account in lots.get(day, ()):
                if seen := touched.get((self.accounts[account][0], day)):
                    at = min(wanted, len(judged))
                    judged.insert(at, self._lot(account, day, seen, _between(judged, at)))
            out += [_with_rank(case, rank) for rank, case in enumerate(judged, 1)]
        return out

    def _judged(self, case: Opened, found: Mapping[int, Found], events: Events) -> JudgedCase:
        rows = [found[no] for no in sorted({no for i in case.items for no in i.finding_nos}) if events[no]]
        touched = {e.eid: e for f in rows for e in events[f.finding_no]}
        ordered = sorted(touched.values(), key=lambda e: (e.time_us, e.eid))
        name = case.known or case_id(self.login[case.account], ordered[0].name)
        made = sorted(
            (self._finding(name, f, events[f.finding_no]) for f in rows), key=lambda f: (f.first_us, f.detection)
        )
        score = case.score or self._score(case.items)
        return self._case(name, case.account, case.day, ordered, made, score.score, score=score, random=case.picked)

    def _finding(self, case: str, found: Found, events: Sequence[Event]) -> Finding:
        described = DETECTIONS[Detection(found.detection)]
        kept = events[: self.thresholds.case_events]
        return Finding(
            finding_id=finding_id(case, found.detection, found.patient_id, events[0].name),
            detection=found.detection,
            account=found.login,
            person=found.person,
            patient_id=found.patient_id,
            first_us=events[0].time_us,
            last_us=events[-1].time_us,
            first_day=found.first_day,
            evidence_day=found.evidence_day,
            eids=tuple(e.eid for e in kept),
            event_ids=tuple(dict.fromkeys(e.name for e in kept)),
            observed=found.observed,
            threshold={name: getattr(self.thresholds, name) for name in described.thresholds},
            looked_for=self.looker.looked_for(found),
        )

    def _lot(self, account: str, day: int, events: Sequence[Event], score: float) -> JudgedCase:
        """A drawn account-day, in the form of every other case. It carries the score of its place, not one of its own."""
        name = lot_id(account, EPOCH + timedelta(days=day))
        finding = Finding(
            finding_id=finding_id(name, Detection.RANDOM.value, None, events[0].name),
            detection=Detection.RANDOM.value,
            account=account,
            person=self.accounts[account][1] or self.people.alone(e.eid for e in events),
            patient_id=None,
            first_us=events[0].time_us,
            last_us=events[-1].time_us,
            first_day=day,
            evidence_day=day,
            eids=tuple(e.eid for e in events[: self.thresholds.case_events]),
            event_ids=tuple(dict.fromkeys(e.name for e in events[: self.thresholds.case_events])),
            observed={"accesses": len(events), "patients": len({e.patient_id for e in events})},
            threshold={},
        )
        return self._case(name, account, day, events, [finding], score, random=True)

    def _case(
        self,
        name: str,
        account: str,
        day: int,
        events: Sequence[Event],
        made: Sequence[Finding],
        value: float,
        *,
        score: Score | None = None,
        random: bool = False,
    ) -> JudgedCase:
        _, person, home = self.accounts[account]
        if random and score is None:
            person = made[0].person
        elif len({f.person for f in made}) > 1:
            person = None  # as an earlier run put it together, before it was known who it was
        confidence, behind, others = self.people.behind(person, [e.eid for e in events])
        named = events[: self.thresholds.case_events]
        missing = {one.reason for f in made for one in f.looked_for if one.state == "not_found"}
        terms = score.terms if score else {"base": 1.0}
        return JudgedCase(
            case_id=name,
            account=self.login[account],
            person=person,
            department=home,
            opened_on=EPOCH + timedelta(days=day),
            rank=0,
            from_us=events[0].time_us,
            to_us=events[-1].time_us,
            score=value,
            probability=score.probability if score else probability(self.weights["base"]),
            harm=score.harm if score else 1.0,
            terms=tuple(Term(name=n, value=v, weight=self.weights[n]) for n, v in terms.items()),
            detections=tuple(dict.fromkeys(f.detection for f in made)),
            patients=tuple(dict.fromkeys(e.patient_id for e in named if e.patient_id)),
            eids=tuple(e.eid for e in named),
            event_ids=tuple(dict.fromkeys(e.name for e in named)),
            reasons_missing=tuple(r.value for r in Reason if r.value in missing),
            random=random,
            settles_at_us=events[-1].time_us + self.thresholds.settling_hours * HOUR_US,
            findings=tuple(made),
            confidence=confidence,
            behind=behind,
            candidates=others,
        )


def _between(judged: Sequence[JudgedCase], at: int) -> float:
    """A score that fits the place `at` in a list of falling scores."""
    above = judged[at - 1].score if at > 0 else None
    below = judged[at].score if at < len(judged) else None
    if above is not None and below is not None:
        return (above + below) / 2
    if above is not None:
        return above * 0.9
    return min(1.0, below * 1.1) if below is not None and below < 1 else (below or 0.05)


def _with_rank(case: JudgedCase, rank: int) -> JudgedCase:
    return dataclasses.replace(case, rank=rank)
