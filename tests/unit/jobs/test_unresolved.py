# SPDX-License-Identifier: Apache-2.0
"""Whom events name and no table knows is counted, however many batches they come in."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from wardkeep.jobs import unresolved
from wardkeep.jobs.unresolved import Named


class Tables:
    """A store that knows a few people."""

    def known_table(self, name: str) -> pa.Table:
        known = {
            "accounts": {"account": ["u1", "u2", "u3"], "staff_id": ["s1", "s2", "s2"], "kind": ["person"] * 3},
            "patients": {"patient_id": ["p1"]},
            "staff": {"staff_id": ["s1", "s2"]},
        }
        return pa.table({column: pa.array(values, pa.string()) for column, values in known[name].items()})


def batch(*rows: tuple[int, str | None, str | None]) -> Any:
    """(part, account, patient) rows."""
    part, account, patient = zip(*rows, strict=True)
    return pa.record_batch(
        {
            "part": pa.array(part, pa.int32()),
            "account": pa.array(account, pa.string()),
            "patient_id": pa.array(patient, pa.string()),
        }
    )


def test_names_that_no_table_knows_are_counted_with_their_events() -> None:
    named = Named()
    named.add(batch((0, "u1", "p1"), (0, "ghost", "p9"), (0, "ghost", None), (0, None, "p8")))
    assert named.unresolved(Tables()) == {  # type: ignore[arg-type]
        "accounts": 1, "events_of_accounts": 2, "patients": 2, "events_of_patients": 2,
    }  # fmt: skip


def test_an_event_with_several_patients_is_one_event_of_its_account() -> None:
    named = Named()
    named.add(batch((0, "ghost", "p1"), (1, "ghost", "p9"), (2, "ghost", "p9")))
    assert named.unresolved(Tables()) == {  # type: ignore[arg-type]
        "accounts": 1, "events_of_accounts": 1, "patients": 1, "events_of_patients": 2,
    }  # fmt: skip


def test_an_account_that_is_written_otherwise_than_in_the_table_is_in_it() -> None:
    named = Named()
    named.add(batch((0, "U1", "p1"), (0, "HOSP\\u1", "p1"), (0, "s1", "p1"), (0, "s2", "p1"), (0, "U9", "p1")))
    found = named.unresolved(Tables())  # type: ignore[arg-type]
    assert (found["accounts"], found["events_of_accounts"]) == (2, 2)  # whose number it is has two accounts; nobody


def test_many_batches_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unresolved, "PIECES", 3)
    named = Named()
    for number in range(20):
        named.add(batch((0, f"ghost{number % 4}", "p1")))
    assert named.unresolved(Tables())["accounts"] == 4  # type: ignore[arg-type]
    assert named.unresolved(Tables())["events_of_accounts"] == 20  # type: ignore[arg-type]


def test_nothing_read_is_nothing_unresolved() -> None:
    assert set(Named().unresolved(Tables()).values()) == {0}  # type: ignore[arg-type]
