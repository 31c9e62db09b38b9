# SPDX-License-Identifier: Apache-2.0
"""A whole export retracts what it lacks, but not the rows that it had and that could not be read."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from wardkeep.watch.store.context import change, normalised


def rows(*given: dict[str, Any]) -> pa.Table:
    return normalised("work_items", pa.Table.from_pylist(list(given)))


def item(patient: str, start: int, department: str | None = None) -> dict[str, Any]:
    return {"patient_id": patient, "department": department, "kind": "coding", "staff_id": "S1", "start_us": start}


KNOWN = rows(item("P1", 1), item("P2", 2), item("P3", 3, "D"))


@pytest.mark.parametrize(
    "held, full, retracted",
    [
        (None, True, ["P2", "P3"]),
        ([], True, ["P2", "P3"]),
        ([item("P2", 2)], True, ["P3"]),
        ([item("P2", 9), item("P3", 3)], True, ["P2", "P3"]),  # other keys
        ([item("P2", 2), item("P3", 3, "D")], True, []),
        ([item("P2", 2)], False, []),
    ],
)
def test_rows_that_are_held_are_not_retracted(
    held: list[dict[str, Any]] | None, full: bool, retracted: list[str]
) -> None:
    keys = None if held is None else rows(*held).select(["patient_id", "department", "kind", "staff_id", "start_us"])
    changed = change("work_items", KNOWN, rows(item("P1", 1)), full=full, held=keys)
    assert sorted(r["patient_id"] for r in changed.to_pylist()) == retracted
    assert set(changed.column("op").to_pylist()) <= {"retract"}
