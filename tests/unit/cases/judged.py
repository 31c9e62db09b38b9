# SPDX-License-Identifier: Apache-2.0
"""What a judgement hands over, small: one case with one finding, and the facts of the run that found it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.conftest import NOON
from wardkeep.watch.detect.finding import Finding
from wardkeep.watch.explain.reason import Looked
from wardkeep.watch.judgement import JudgedCase, Judgement, Term

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
NOON_US = (NOON - EPOCH) // timedelta(microseconds=1)
DAY_NUMBER = (date(2026, 3, 2) - date(1970, 1, 1)).days


def found(finding_id: str = "f1", **more: Any) -> Finding:
    values: dict[str, Any] = {
        "finding_id": finding_id,
        "detection": "household",
        "account": "nurse7",
        "person": "S007",
        "patient_id": "P-0001",
        "first_us": NOON_US,
        "last_us": NOON_US + HOUR,
        "first_day": DAY_NUMBER,
        "evidence_day": DAY_NUMBER,
        "eids": (1, 2),
        "event_ids": ("e1", "e2"),
        "observed": {"accesses": 2},
        "threshold": {"accesses": 1},
        "looked_for": (
            Looked(reason="appointment", state="not_found"),
            Looked(reason="care_team", state="not_available", missing=("care_team",)),
        ),
        **more,
    }
    return Finding(**values)


def judged(case_id: str = "c1", *findings: Finding, settled: bool = True, **more: Any) -> JudgedCase:
    """A case whose settling time has passed at NOON, or not yet."""
    values: dict[str, Any] = {
        "case_id": case_id,
        "account": "nurse7",
        "person": "S007",
        "department": "icu",
        "opened_on": date(2026, 3, 2),
        "rank": 1,
        "from_us": NOON_US,
        "to_us": NOON_US + HOUR,
        "score": 0.5,
        "probability": 0.25,
        "harm": 2.0,
        "terms": (Term(name="no_reason", value=1.0, weight=0.5),),
        "detections": ("household",),
        "patients": ("P-0001",),
        "eids": (1, 2),
        "event_ids": ("e1", "e2"),
        "reasons_missing": ("appointment",),
        "random": False,
        "settles_at_us": NOON_US + (0 if settled else 48 * HOUR),
        "findings": findings or (found(f"{case_id}-f1"),),
        **more,
    }
    return JudgedCase(**values)


def judgement(*cases: JudgedCase, **more: Any) -> Judgement:
    values: dict[str, Any] = {
        "cases": cases,
        "available": {"appointment": "available", "care_team": ("care_team",)},
        "hashes": {"code": "ab" * 32, "sql": "cd" * 32, "settings": "ef" * 32},
        "events": 10,
        "explained": 8,
        "reasons": {"appointment": 8},
        "by_day": {(DAY_NUMBER, "HIS"): (10, 8)},
        **more,
    }
    return Judgement(**values)


def store(*cases: JudgedCase, at: datetime = NOON, from_us: int | None = None, to_us: int | None = None) -> Any:
    """Store a run that found `cases`."""
    from wardkeep.watch.cases.run_actions import RunFacts, store_run

    facts = RunFacts(
        run_id=uuid.uuid4(),
        started_at=at,
        finished_at=at,
        trigger="command",
        from_us=from_us,
        to_us=to_us,
        as_of=at,
        ledger_log="2026",
        ledger_size=10,
        ledger_root="00" * 32,
        systems={"HIS": NOON_US + HOUR},
    )
    return store_run(judgement(*cases), facts, by="cli", at=at)


def case(key: str = "c1") -> Any:
    from wardkeep.watch.cases.models import Case

    return Case.objects.get(key=key)


def happenings(key: str = "c1") -> list[str]:
    from wardkeep.watch.cases.models import History

    return list(History.objects.filter(case__key=key).order_by("at", "id").values_list("happening", flat=True))
