# SPDX-License-Identifier: Apache-2.0
"""The hospital's tables over time: what was known when, changes only, retraction instead of deletion."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stored import NOON, NOON_US, Kept, Load, Set
from wardkeep.watch.store import StoreError
from wardkeep.watch.store.context import schema_of

HOUR = timedelta(hours=1)
HOUR_US = 3_600_000_000


def patient(identity: str, name: str, **changes: Any) -> dict[str, Any]:
    return {"patient_id": identity, "name": name, "sensitivity": "", "src": identity, **changes}


def test_each_moment_is_answered_with_what_was_known_then(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    loads = [
        [patient("1", "Li"), patient("2", "Wu")],
        [patient("1", "Li Na"), patient("2", "Wu")],
        [patient("1", "Li Na")],  # 2 is absent from a full export
        [patient("1", "Li Na"), patient("2", "Wu"), patient("3", "He")],
    ]
    for number, rows in enumerate(loads):
        assert kept.load("patients", rows, at=NOON + number * HOUR).tables == {"patients": len(rows)}
    sql = "SELECT patient_id, name FROM patients ORDER BY 1"
    for number, rows in enumerate(loads):
        known = [(row["patient_id"], row["name"]) for row in rows]
        assert kept.ask(sql, as_of_us=NOON_US + number * HOUR_US) == known
    assert kept.ask(sql) == [("1", "Li Na"), ("2", "Wu"), ("3", "He")]
    assert kept.ask(sql, as_of_us=NOON_US - 1) == []


def test_a_load_that_changes_nothing_is_not_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    rows = [patient("1", "Li"), patient("2", "Wu", died_on_day=20000)]
    kept.load("patients", rows)
    before = sorted((tmp_path / "store").rglob("*"))
    assert kept.load("patients", rows, at=NOON + HOUR).tables == {"patients": 2}
    assert sorted((tmp_path / "store").rglob("*")) == before


def test_a_partial_load_retracts_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.load("patients", [patient("1", "Li"), patient("2", "Wu")])
    kept.load("patients", [patient("3", "He")], full=False)
    assert kept.store.tables() == {"patients": 3}


def test_of_rows_with_one_key_the_last_of_a_load_counts(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.load("patients", [patient("1", "Li"), patient("1", "Li Na")])
    assert kept.ask("SELECT name FROM patients") == [("Li Na",)]


def test_a_key_with_an_empty_part_is_a_key(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    item = {"patient_id": "1", "department": None, "kind": "coding", "staff_id": None, "start_us": NOON_US}
    kept.load("work_items", [{**item, "src": "work_items.csv:2"}])
    kept.load("work_items", [{**item, "end_us": NOON_US + 1, "src": "work_items.csv:2"}], at=NOON + HOUR)
    assert kept.ask("SELECT end_us FROM work_items") == [(NOON_US + 1,)]
    kept.load("work_items", [], at=NOON + 2 * HOUR)
    assert kept.store.tables() == {"work_items": 0}


def test_another_line_of_the_file_is_no_change_where_src_is_only_a_place(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    shift = {"staff_id": "s", "department": "d", "start_us": NOON_US, "end_us": None}
    kept.load("shifts", [{**shift, "src": "shifts.csv:2"}])
    kept.load("shifts", [{**shift, "src": "shifts.csv:9"}], at=NOON + HOUR)
    assert kept.ask("SELECT src FROM shifts") == [("shifts.csv:2",)]
    assert len(kept.store.manifest.files("context")) == 1


def test_a_table_that_was_never_loaded_has_no_view_and_an_empty_one_has(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.load("patients", [patient("1", "Li")])
    kept.load("patients", [], at=NOON + HOUR)
    views = kept.ask("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1")
    assert views == [("all_events",), ("events",), ("patients",)]
    assert kept.ask("SELECT count(*) FROM patients") == [(0,)]


def test_rows_that_break_a_rule_are_set_aside_beside_the_others(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    import pyarrow as pa

    load = Load(
        name="patients",
        table=pa.Table.from_pylist([patient("1", "Li")], schema=schema_of("patients")),
        rejected=(Set(raw=b",no id", source="patients.csv", position="3"),),
    )
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.context(load)
        report = session.report()
    assert (report.read, report.quarantined, report.tables) == (1, 1, {"patients": 1})
    assert [piece.position for piece in kept.pieces()] == ["3"]
    assert kept.problems() == []


def test_a_row_that_could_not_be_read_this_time_is_not_taken_for_absent(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.load("patients", [patient("1", "Li"), patient("2", "Wu"), patient("3", "He")])
    import pyarrow as pa

    table = pa.Table.from_pylist([patient("1", "Li")], schema=schema_of("patients"))
    load = Load(name="patients", table=table, held=pa.table({"patient_id": ["2"]}))
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON + HOUR) as session:
        session.context(load)
    assert kept.ask("SELECT patient_id FROM patients ORDER BY 1") == [("1",), ("2",)]


def test_a_table_that_the_hospital_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'visitors' is no table"):
        Kept(tmp_path).load("visitors", [])


LOAD = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("XYZ"), max_size=4)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(LOAD, st.booleans()), min_size=1, max_size=4))
def test_any_sequence_of_loads_is_folded_as_a_dictionary_is(
    tmp_path_factory: pytest.TempPathFactory, loads: list[tuple[dict[str, str], bool]]
) -> None:
    kept = Kept(tmp_path_factory.mktemp("kept"))
    states: list[dict[str, str]] = []
    known: dict[str, str] = {}
    for number, (load, full) in enumerate(loads):
        known = dict(load) if full else {**known, **load}
        states.append(known)
        kept.load("patients", [patient(k, v) for k, v in load.items()], at=NOON + number * HOUR, full=full)
    for number, state in enumerate(states):
        if any(states[: number + 1]):
            found = kept.ask("SELECT patient_id, name FROM patients", as_of_us=NOON_US + number * HOUR_US)
            assert dict(found) == state
