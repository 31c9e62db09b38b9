# SPDX-License-Identifier: Apache-2.0
"""Values of cases: what a judgement hands to reviewers, and what it is told of earlier ones. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from wardkeep.watch.detect.finding import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One visible term of a score: its value times its weight is added to the log-odds."""

    name: str
    value: float
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownCase:
    """A case that an earlier run opened: found again, it keeps its name and its day."""

    case_id: str
    account: str
    opened_on: date
    eids: tuple[int, ...]
    #: Its place in the latest run; a drawn case keeps it.
    rank: int
    #: Drawn by lot: it stays so.
    random: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A person who may have been behind the uses of a case, with the highest confidence that any of them gives."""

    person: str
    confidence: float
    #: What says so: kinds of evidence in order (`session`, `badge`, `site`, `shift`).
    by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedCase:
    """Findings about one account over a window: the fields of `wardkeep judge --json`, and what they rest on."""

    case_id: str
    account: str
    #: Whose account it is, or who is named behind an account of several people; None where nobody can be named.
    person: str | None
    department: str | None
    opened_on: date
    #: Place among the cases of that day; 1 is read first.
    rank: int
    from_us: int
    to_us: int
    #: Probability times harm; higher is more suspicious.
    score: float
    probability: float
    harm: float
    terms: tuple[Term, ...]
    detections: tuple[str, ...]
    patients: tuple[str, ...]
    #: The suspicious events only, in order of time.
    eids: tuple[int, ...]
    event_ids: tuple[str, ...]
    #: Codes of the reasons that were looked for and not found.
    reasons_missing: tuple[str, ...]
    #: Drawn by lot. Never shown before the case is decided.
    random: bool
    settles_at_us: int
    findings: tuple[Finding, ...]
    #: That it was `person`: 1 for the own account, else the lowest of its uses; None where nobody is named.
    confidence: float | None = None
    #: What says so, where the account is of several people.
    behind: tuple[str, ...] = ()
    #: Who else, or who at all, it may have been: most likely first.
    candidates: tuple[Candidate, ...] = ()
