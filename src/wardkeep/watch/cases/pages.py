# SPDX-License-Identifier: Apache-2.0
"""What the console's pages show, as frozen values: the queries fill them, templates only lay them out.

Times are aware datetimes in UTC; a template shows them in the hospital's zone. Codes (`reason`, `detection`, `state`)
are the engine's own words; the page has the sentences for them. Patients appear by number; names are a separate,
sealed act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from wardkeep.watch.cases.who import Who


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemCover:
    """One system whose logs we should see."""

    system: str
    #: `covered`: events within its usual pause; `silent`: none for longer; `never`: expected, never connected.
    state: Literal["covered", "silent", "never"]
    last_event_at: datetime | None
    events_yesterday: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Precision:
    """The share of misuse among random cases that were reviewed, with its 95 % Wilson interval."""

    reviewed: int
    hits: int
    #: None where nothing was reviewed.
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLine:
    """A case in a list."""

    key: str
    account: str
    person: str | None
    department: str
    opened_on: date
    rank: int
    score: float
    state: str
    detections: Sequence[str]
    patient_count: int
    event_count: int
    from_at: datetime
    to_at: datetime
    assigned_to: str | None
    outcome: str
    #: None as long as the case is not decided: nobody shall know which cases are random.
    random: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseList:
    lines: Sequence[CaseLine]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Today:
    """The first page."""

    systems: Sequence[SystemCover]
    #: The local day before the newest judged event (or before today), and its numbers from the last run.
    day: date | None
    accesses: int
    explained: int
    #: 0..1, None where there were no accesses.
    explained_share: float | None
    #: Of this day's slots, in reading order.
    cases: Sequence[CaseLine]
    open_cases: int
    waiting_cases: int
    mine: int
    #: Drawn by lot among what the ranking passed over, and among days on which nothing was found; and of the others.
    precision: Precision
    missed: Precision
    listed: Precision
    #: The last stored run, None before the first one.
    run: RunLine | None
    #: When the newest event of all systems happened; long ago means that nothing arrives any more.
    newest_event_at: datetime | None
    #: Reasons that cannot be looked for, with the tables that they miss.
    unavailable: Mapping[str, Sequence[str]]
    #: Detections that could not be evaluated, with the tables that they miss.
    unevaluated: Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLine:
    """One stored run, and where its act lies in the ledger."""

    id: str
    finished_at: datetime
    from_at: datetime | None
    to_at: datetime | None
    events: int
    explained: int
    ledger_log: str
    ledger_size: int
    ledger_root: str
    hashes: Mapping[str, str]
    #: `2026:123`, None while the act waits for the drainer.
    entry: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonShown:
    """The documented reason of one access, and the hospital's own row that documents it."""

    reason: str
    source_table: str | None
    source_id: str | None
    #: Entered after the access.
    late: bool
    #: What a learned reason rests on: {"n", "share", ...}; empty for the others.
    support: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLine:
    """One access, explained or not, and its place in the ledger."""

    #: The store's number of it: one patient of one event.
    eid: int
    #: The source's own name of the event.
    event_id: str
    time: datetime
    system: str
    #: As the hospital's table has it, and how the source wrote it where that is otherwise.
    account: str | None
    written: str | None
    person: str | None
    role: str | None
    department: str | None
    patient_id: str | None
    action: str
    resource: str | None
    count: int
    outcome: str
    breakglass: bool
    workstation: str | None
    ip: str | None
    session_id: str | None
    query: str | None
    #: `2026:123`
    entry: str
    #: None: no reason was found, or none was looked for yet (`judged` tells which).
    reason: ReasonShown | None
    judged: bool
    #: False: it reached no record (a sign-in, something denied), and nobody asks for its reason.
    asked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftShown:
    """A working shift of the person behind an account."""

    start: datetime
    end: datetime
    department: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedFor:
    """One reason that was looked for in a finding."""

    reason: str
    state: Literal["found", "not_found", "not_available"]
    missing: Sequence[str]
    source_table: str | None
    source_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingShown:
    finding_id: str
    detection: str
    patient_id: str | None
    from_at: datetime
    to_at: datetime
    event_ids: Sequence[str]
    observed: Mapping[str, Any]
    threshold: Mapping[str, Any]
    looked_for: Sequence[LookedFor]
    #: False: a later run no longer made it.
    stands: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One entry of a case's history: what happened, who did it, what was written."""

    #: The row's, to ask for the proof of its act.
    key: str
    happening: str
    at: datetime
    by: str | None
    #: The note's text or the decision's reason.
    text: str
    outcome: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePage:
    line: CaseLine
    #: [{"name", "value", "weight"}, ...], strongest first.
    terms: Sequence[Mapping[str, Any]]
    harm: float
    settles_at: datetime
    explained_by: Mapping[str, Any]
    reasons_missing: Sequence[str]
    findings: Sequence[FindingShown]
    #: The accesses of the case and of its account around it, by time (the drawn line); at most `EVENTS_SHOWN`.
    accesses: Sequence[AccessLine]
    #: The accesses of the case itself, to set them off on the line.
    eids: frozenset[int]
    shifts: Sequence[ShiftShown]
    patients: Sequence[str]
    history: Sequence[Said]
    run: RunLine
    #: Who was behind an account of several people, None for one person's own.
    who: Who | None
    #: (pk, shown name) of the people to whom it can be assigned.
    reviewers: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientPage:
    """Who opened this record, and why."""

    patient_id: str
    accesses: Sequence[AccessLine]
    total: int
    #: Those that reached the record, and of these the explained ones.
    asked: int
    explained: int
    people: int
    cases: Sequence[CaseLine]
    #: What the tables say of care: [{"table", "kind", "from_at", "to_at", "department", "source_id"}, ...], by time.
    care: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCount:
    """One day of an account beside its peers (same role and department)."""

    day: date
    patients: int
    unexplained: int
    peer_median: float
    peer_high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountPage:
    account: str
    kind: str | None
    person: str | None
    name: str | None
    role: str | None
    department: str | None
    days: Sequence[DayCount]
    peers: int
    accesses: Sequence[AccessLine]
    #: Of the person, in the time of the accesses shown.
    shifts: Sequence[ShiftShown]
    total: int
    #: Those that reached a record or took data out, and of these the explained ones.
    asked: int
    explained: int
    cases: Sequence[CaseLine]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessPage:
    """One access on its own: as readable when explained as when flagged."""

    access: AccessLine
    #: Who was behind an account of several people, None for one person's own.
    who: Who | None
    looked_for: Sequence[LookedFor]
    #: The hospital's row that explains it, as stored: column -> value; empty where none.
    source_row: Mapping[str, Any]
    cases: Sequence[CaseLine]
    source: str
    position: str
    format: str
