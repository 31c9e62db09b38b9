# SPDX-License-Identifier: Apache-2.0
"""What a judgement does to cases: the only writers of runs, cases and findings. One run is one act.

A case is the same case in every run by its key (`JudgedCase.case_id`; the judgement is told the known ones). What a
person decided is never changed by a run: the history says what the run found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from wardkeep.seal.act import Act, action
from wardkeep.seal.digest import column_digests
from wardkeep.watch.cases.case import TRANSITIONS, Happening, State
from wardkeep.watch.cases.models import Assignment, Case, CasePatient, Finding, History, Run
from wardkeep.watch.detect.finding import Finding as Found
from wardkeep.watch.judgement import JudgedCase, Judgement, KnownCase

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Patients whose pseudonyms stand in the act of a run; a run with more names none, its rows do.
PATIENTS_IN_ACT = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """What of a run the judgement itself does not know."""

    run_id: UUID
    started_at: datetime
    finished_at: datetime
    trigger: str
    from_us: int | None
    to_us: int | None
    as_of: datetime
    ledger_log: str
    ledger_size: int
    ledger_root: str
    #: Context table -> snapshot's hash or time of loading.
    context: Mapping[str, str] = field(default_factory=dict)
    #: system -> microseconds of its newest event.
    systems: Mapping[str, int] = field(default_factory=dict)


def known_cases() -> list[KnownCase]:
    """Every case so far, for the judgement to find again."""
    rows = Case.objects.values_list("key", "account", "opened_on", "eids", "rank", "random")
    return [
        KnownCase(case_id=key, account=account, opened_on=day, eids=tuple(eids), rank=rank, random=random)
        for key, account, day, eids, rank, random in rows
    ]


def store_run(judgement: Judgement, facts: RunFacts, *, by: Any, at: datetime) -> Run:
    """Keep a run, its cases and findings, with its act; settle and close what is due. Returns the stored run."""
    with action("judgement:run:stored", actor=by, at=at, patients=_patients(judgement)) as act:
        run = _run(judgement, facts)
        run.save()
        stored = {case.key: case for case in Case.objects.select_for_update()}
        work = _Work(run, facts, at)
        for judged in judgement.cases:
            work.upsert(stored.get(judged.case_id), judged)
        found = {judged.case_id for judged in judgement.cases}
        for case in stored.values():
            if case.key not in found and _inside(case, facts):
                work.explain(case, judgement)
        work.write()
        run.cases_opened, run.cases_explained = work.opened, work.explained
        run.save()
        _state_facts(act, run)
    return run


def settle(*, at: datetime) -> int:
    """Open every case whose settling time has passed; returns how many."""
    due = Case.objects.filter(state=State.WAITING, settles_at__lte=at)
    if not due.exists():
        return 0
    with action("case:state:settled", actor="jobs", at=at) as act:
        rows = list(due.select_for_update())
        for case in rows:
            case.state = TRANSITIONS[State.WAITING, Happening.SETTLED]
        Case.objects.bulk_update(rows, ["state"])
        History.objects.bulk_create(History(case=case, happening=Happening.SETTLED, at=at) for case in rows)
        act.fact("cases", len(rows))
    return len(rows)


class _Work:
    """The rows of one run, gathered and written at once."""

    def __init__(self, run: Run, facts: RunFacts, at: datetime) -> None:
        self.run, self.facts, self.at = run, facts, at
        self.opened = self.explained = 0
        self.new_cases: list[Case] = []
        self.changed_cases: list[Case] = []
        self.new_rows: list[CasePatient | Finding | History] = []
        self.changed_findings: list[Finding] = []
        #: Cases that closed themselves while in someone's hands.
        self.closed: list[Case] = []
        self.findings: dict[UUID, dict[str, Finding]] = {}
        self.patients: dict[UUID, set[str]] = {}
        for finding in Finding.objects.all():
            self.findings.setdefault(finding.case_id, {})[finding.finding_id] = finding
        for case_id, patient in CasePatient.objects.values_list("case_id", "patient_id"):
            self.patients.setdefault(case_id, set()).add(patient)

    def upsert(self, case: Case | None, judged: JudgedCase) -> None:
        """A case that this run found: new, known, or come back."""
        is_new = case is None
        if case is None:
            case = Case(key=judged.case_id, first_run=self.run, last_run=self.run, state=State.WAITING)
            self.opened += 1
        decided = case.state == State.DECIDED
        before = {f.finding_id for f in self.findings.get(case.id, {}).values() if f.stands}
        now_found = {f.finding_id for f in judged.findings}
        if not decided:
            _copy(judged, case, whole=is_new or _inside(case, self.facts))
        if case.state == State.WAITING and case.settles_at <= self.at:
            case.state = TRANSITIONS[State.WAITING, Happening.SETTLED]
            self._remember(case, Happening.SETTLED)
        if case.state == State.EXPLAINED:
            case.state, case.explained_by = TRANSITIONS[State.EXPLAINED, Happening.UNEXPLAINED], {}
            case.assigned_to = None
            self._remember(case, Happening.UNEXPLAINED, findings=sorted(now_found - before))
        elif not is_new and before != now_found:
            happening = Happening.UNEXPLAINED if decided and not before else Happening.CHANGED
            self._remember(case, happening, added=sorted(now_found - before), gone=sorted(before - now_found))
        if is_new:
            self.new_cases.append(case)
        elif column_digests(case) != bytes(case.seal_columns):
            case.last_run = self.run
            self.changed_cases.append(case)
        self._findings(case, judged.findings)
        missing = [p for p in judged.patients if p not in self.patients.get(case.id, set())]
        self.new_rows += [CasePatient(case=case, patient_id=patient) for patient in missing]

    def explain(self, case: Case, judgement: Judgement) -> None:
        """A case of the judged interval of which no finding is left."""
        standing = [f for f in self.findings.get(case.id, {}).values() if f.stands]
        if not standing:
            return
        gone = sorted(f.finding_id for f in standing)
        following = TRANSITIONS.get((State(case.state), Happening.EXPLAINED))
        if following is None:
            return
        if following == State.EXPLAINED:
            self.explained += 1
            case.explained_by = {"why": "no_finding_left", "findings": gone, "run": str(self.run.id)}
            if case.assigned_to_id:
                self.closed.append(case)
        case.state, case.last_run = following, self.run
        self.changed_cases.append(case)
        self._remember(case, Happening.EXPLAINED, findings=gone)
        self._findings(case, ())

    def write(self) -> None:
        """All rows, by kind."""
        Case.objects.bulk_create(self.new_cases)
        Case.objects.bulk_update(self.changed_cases, ["state"])
        Finding.objects.bulk_update(self.changed_findings, ["stands"])
        for assignment in Assignment.objects.filter(case__in=[case.pk for case in self.closed], ended_at=None):
            # It explains its holder's own accesses, and must not outlive the case.
            assignment.ended_at = self.at
            assignment.save()
        for kind in (CasePatient, Finding, History):
            kind.objects.bulk_create(row for row in self.new_rows if type(row) is kind)

    def _findings(self, case: Case, found: Iterable[Found]) -> None:
        known = self.findings.get(case.id, {})
        seen = set()
        for one in found:
            seen.add(one.finding_id)
            row = known.get(one.finding_id)
            if row is None:
                row = Finding(case=case, finding_id=one.finding_id, first_run=self.run)
                self.new_rows.append(row)
            _copy_finding(one, row)
            row.stands = True
            if row.seal_columns and column_digests(row) == bytes(row.seal_columns):
                continue  # as it was
            row.last_run = self.run
            if row.seal_columns:
                self.changed_findings.append(row)
        for finding_id, row in known.items():
            if finding_id not in seen and row.stands and _inside(row, self.facts):
                row.stands, row.last_run = False, self.run
                self.changed_findings.append(row)

    def _remember(self, case: Case, happening: Happening, **facts: Any) -> None:
        self.new_rows.append(History(case=case, happening=happening, run=self.run, at=self.at, facts=facts))


def moment(us: int) -> datetime:
    """Microseconds since 1970-01-01 UTC as an aware datetime."""
    return EPOCH + timedelta(microseconds=us)


def _copy(judged: JudgedCase, case: Case, *, whole: bool) -> None:
    """Take over what the run says of a case; nothing is lost where it did not see all of it (`whole` False)."""
    for name in ("account", "person", "opened_on", "rank", "score", "probability", "harm", "random"):
        setattr(case, name, getattr(judged, name))
    case.department = judged.department or ""
    case.terms = [dataclasses.asdict(term) for term in judged.terms]
    case.from_at = moment(judged.from_us) if whole else min(case.from_at, moment(judged.from_us))
    case.to_at = moment(judged.to_us) if whole else max(case.to_at, moment(judged.to_us))
    case.settles_at = moment(judged.settles_at_us)
    for name in ("detections", "patients", "event_ids", "eids", "reasons_missing"):
        before = [] if whole else getattr(case, name)
        setattr(case, name, list(dict.fromkeys([*before, *getattr(judged, name)])))


def _copy_finding(one: Found, row: Finding) -> None:
    for name in ("detection", "account", "person", "patient_id"):
        setattr(row, name, getattr(one, name))
    row.from_at, row.to_at = moment(one.first_us), moment(one.last_us)
    row.event_ids = list(one.event_ids)
    row.observed, row.threshold = dict(one.observed), dict(one.threshold)
    row.looked_for = [
        {
            "reason": looked.reason,
            "state": looked.state,
            "missing": list(looked.missing),
            "source_table": looked.source_table,
            "source_id": looked.source_id,
        }
        for looked in one.looked_for
    ]


def _inside(case: Case | Finding, facts: RunFacts) -> bool:
    """True where the run judged all that the case rests on: only then does silence mean that nothing is left."""
    begins = facts.from_us is None or case.from_at >= moment(facts.from_us)
    ends = facts.to_us is None or case.to_at < moment(facts.to_us)
    return begins and ends


def _run(judgement: Judgement, facts: RunFacts) -> Run:
    days: dict[str, list[int]] = {}
    systems: dict[str, dict[str, int]] = {}
    for (day, system), (events, explained) in judgement.by_day.items():
        name = (date(1970, 1, 1) + timedelta(days=day)).isoformat()
        total = days.setdefault(name, [0, 0])
        total[0] += events
        total[1] += explained
        systems.setdefault(system, {})[name] = events
    return Run(
        id=facts.run_id,
        started_at=facts.started_at,
        finished_at=facts.finished_at,
        trigger=facts.trigger,
        from_at=moment(facts.from_us) if facts.from_us is not None else None,
        to_at=moment(facts.to_us) if facts.to_us is not None else None,
        as_of=facts.as_of,
        hashes=dict(judgement.hashes),
        context=dict(facts.context),
        available={k: v if isinstance(v, str) else list(v) for k, v in judgement.available.items()},
        ledger_log=facts.ledger_log,
        ledger_size=facts.ledger_size,
        ledger_root=facts.ledger_root,
        events=judgement.events,
        explained=judgement.explained,
        summary={
            "days": days,
            "systems": systems,
            "reasons": dict(judgement.reasons),
            "evaluated": {k: v if isinstance(v, str) else list(v) for k, v in judgement.evaluated.items()},
            "unknown_procedures": dict(judgement.unknown),
            "last_event_us": dict(facts.systems),
            "clocks": [dataclasses.asdict(clock) for clock in judgement.clocks],
        },
    )


def _state_facts(act: Act, run: Run) -> None:
    """What of a run stands in the entry itself: enough to make it again and compare."""
    act.fact("run", str(run.id))
    act.fact("hashes", run.hashes)
    act.fact("context", run.context)
    act.fact("ledger", {"log": run.ledger_log, "size": run.ledger_size, "root": run.ledger_root})
    act.fact("events", run.events)
    act.fact("explained", run.explained)
    act.fact("cases_opened", run.cases_opened)
    act.fact("cases_explained", run.cases_explained)


def _patients(judgement: Judgement) -> list[str]:
    patients = {patient for case in judgement.cases for patient in case.patients}
    return sorted(patients) if len(patients) <= PATIENTS_IN_ACT else []
