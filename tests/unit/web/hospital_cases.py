# SPDX-License-Identifier: Apache-2.0
"""The cases of the invented hospital, and the findings of its first one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any


def case_of(run: Any, n: int) -> Any:
    """The case number `n`, not saved yet."""
    from tests.unit.web.hospital import DOCTOR, EPOCH, NOSY, ROWS, SHARED
    from wardkeep.watch.cases.models import Case

    own = [row for row in ROWS if row[4] == NOSY and row[6][0] is None] if n == 0 else [ROWS[n], ROWS[n + 7]]
    people = {NOSY: ("S002", "心血管内科"), DOCTOR: ("S001", "心血管内科")}
    account = (NOSY, SHARED, "registrar-east-outpatient-0007", DOCTOR, "nurse1", "nurse2")[n]
    person, department = people.get(account, (None, "门诊挂号处（东院区）"))
    patients = list(dict.fromkeys(row[5] for row in own))
    return Case(
        key=f"{account}-2026-03-{10 + n}",
        account=account,
        person=person,
        department=department,
        opened_on=date(2026, 3, 21),
        rank=n + 1,
        score=round(3.2 / (n + 1), 3),
        probability=0.6,
        harm=2.5,
        terms=[
            {"name": "no_reason", "value": 1, "weight": 1.6},
            {"name": "household", "value": 1, "weight": 2.1},
            {"name": "records", "value": 2.9, "weight": 0.4},
            {"name": "prior_misses", "value": 1, "weight": -0.7},
        ],
        from_at=EPOCH + timedelta(microseconds=own[0][2]),
        to_at=EPOCH + timedelta(microseconds=own[-1][2]),
        settles_at=run.finished_at,
        detections=["household", "no_reason", "batch", "off_roster", "breakglass"][: 5 - n or 1],
        patients=patients,
        event_ids=[row[1] for row in own],
        eids=[row[0] for row in own],
        reasons_missing=["appointment", "ward"],
        random=n in (3, 4),
        state="explained" if n == 5 else "open",
        explained_by={"why": "no_finding_left", "findings": []} if n == 5 else {},
        first_run=run,
        last_run=run,
    )


def findings_of(case: Any, run: Any, victim: str) -> Iterator[Any]:
    """Not saved yet."""
    from wardkeep.watch.cases.models import Finding

    looked = [
        {"reason": reason, "state": state, "missing": missing, "source_table": table, "source_id": source}
        for reason, state, missing, table, source in (
            ("appointment", "not_found", [], None, None),
            ("ward", "not_found", [], None, None),
            ("order_placed", "not_found", [], None, None),
            ("cover", "found", [], "shifts", "shifts.csv:41"),
            ("care_team", "not_available", ["care_team"], None, None),
            ("research", "not_available", ["tickets", "consents"], None, None),
        )
    ]
    for detection, patient, observed, threshold in (
        ("household", victim, {"accesses": 5, "days": 3}, {}),
        ("batch", None, {"batch_10min": 12, "patients": 13}, {"batch_10min": 10}),
    ):
        yield Finding(
            case=case,
            finding_id=f"{case.key}:{detection}",
            detection=detection,
            account=case.account,
            person=case.person,
            patient_id=patient,
            from_at=case.from_at,
            to_at=case.to_at,
            event_ids=case.event_ids[:5],
            observed=observed,
            threshold=threshold,
            looked_for=looked,
            first_run=run,
            last_run=run,
        )
