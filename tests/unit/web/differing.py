# SPDX-License-Identifier: Apache-2.0
"""Checks of signed records and what they found, kept by the action that keeps them in earnest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tests.conftest import NOON
from tests.unit.web import hospital
from wardkeep.watch.integrity import Difference, Problem

AT_US = int(NOON.timestamp() * 1e6)


def difference(problem: Problem = Problem.CHANGED, **more: Any) -> Difference:
    values: dict[str, Any] = {
        "system": "EMR", "record": f"N-{problem}", "kind": "病程记录", "patient": hospital.VICTIM,
        "sealed_us": None if problem is Problem.BACK_DATED else AT_US,
        "found_us": None if problem is Problem.MISSING else AT_US,
        "digest": None if problem is Problem.MISSING else "d" * 64,
    }  # fmt: skip
    return Difference(problem=problem, **{**values, **more})


def kept(*differences: Difference, at: datetime = NOON, intact: Collection[str] = (), source: str = "emr-notes") -> Any:
    """A check that found these."""
    from wardkeep.govern.records.actions import keep
    from wardkeep.govern.records.models import RecordCheck
    from wardkeep.govern.records.standing import Outcome

    check = RecordCheck(
        source=source, system="EMR", kind="note", at=at, outcome=Outcome.CHECKED, compared=200,
        intact=200 - len(differences),
    )  # fmt: skip
    return keep(check, differences, intact=intact, by="jobs")


def difference_row() -> Any:
    """The key of one that is open."""
    from wardkeep.govern.records.models import RecordDifference

    kept(difference())
    return RecordDifference.objects.first().pk
