# SPDX-License-Identifier: Apache-2.0
"""Who it was, as a run said: of one access, and of the accesses of a case together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from wardkeep.watch.rank.case import JudgedCase
from wardkeep.watch.store import NotStored

#: Under which names a run keeps it.
ARTIFACT, OF_CASES = "attribution", "case_people"
_CASES = pa.schema(
    [
        ("case_id", pa.string()),
        ("person", pa.string()),
        ("confidence", pa.float64()),
        ("named", pa.bool_()),
        ("by", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One row that says that it was this person, or speaks against it."""

    #: `session`, `badge`, `site`, `shift`; against: `elsewhere`, `off_duty`,
    #: `two_places`, `unseen`.
    kind: str
    source_table: str
    source_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A person who may have done it."""

    person: str
    confidence: float
    #: This one is named.
    named: bool
    #: Kinds of evidence; for one access with the rows.
    by: Sequence[str]
    evidence: Sequence[Evidence] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Everybody who may have done it, most likely first."""

    state: Literal["named", "several", "traced"]
    candidates: Sequence[Candidate]

    @property
    def named(self) -> Candidate | None:
        """The one who is named, None where nobody is."""
        return next((one for one in self.candidates if one.named), None)


def of_cases(cases: Iterable[JudgedCase]) -> pa.Table:
    """What a run keeps of its cases: whom each names behind an account of several people, and who else it may have been."""
    rows: list[dict[str, Any]] = []
    for case in cases:
        if case.person is not None and case.confidence is not None and case.behind:
            rows.append(_row(case.case_id, case.person, case.confidence, case.behind, named=True))
        rows += [_row(case.case_id, one.person, one.confidence, one.by, named=False) for one in case.candidates]
    return pa.Table.from_pylist(rows, schema=_CASES)


def _row(case_id: str, person: str, confidence: float, by: Sequence[str], *, named: bool) -> dict[str, Any]:
    return {"case_id": case_id, "person": person, "confidence": confidence, "named": named, "by": list(by)}


def who_of_access(run_id: str, eid: int) -> Who | None:
    """Who may have made one access, None where its account is one person's or nobody left a trace."""
    table = _kept(run_id, ARTIFACT)
    if table is None:
        return None
    rows = table.filter(pc.equal(table.column("eid"), eid)).to_pylist()
    if not rows:
        return None
    by_person: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_person.setdefault(row["person"], []).append(row)
    state = rows[0]["state"]
    candidates = [
        Candidate(
            person=person,
            confidence=of[0]["confidence"],
            named=state == "named" and person == rows[0]["person"],
            by=[row["kind"] for row in of],
            evidence=[
                Evidence(kind=row["kind"], source_table=row["source_table"], source_id=row["source_id"]) for row in of
            ],
        )
        for person, of in by_person.items()
    ]
    return Who(state=state, candidates=candidates)


def who_of_case(run_id: str, case_id: str) -> Who | None:
    """Who may have been behind a case, None where its account is one person's or nothing is known."""
    table = _kept(run_id, OF_CASES)
    if table is None:
        return None
    rows = table.filter(pc.equal(table.column("case_id"), case_id)).to_pylist()
    if not rows:
        return None
    candidates = [Candidate(**{name: row[name] for name in ("person", "confidence", "named", "by")}) for row in rows]
    return Who(state="named" if rows[0]["named"] else "traced", candidates=candidates)


@lru_cache(maxsize=4)
def _kept(run_id: str, name: str) -> pa.Table | None:
    try:
        return settings.WARDKEEP_HOME.store().load_run(run_id, name)
    except NotStored:
        return None
