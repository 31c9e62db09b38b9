# SPDX-License-Identifier: Apache-2.0
"""The findings of the invented hospital's first case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


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
