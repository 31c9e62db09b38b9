# SPDX-License-Identifier: Apache-2.0
"""True explanations pass the independent check; bent ones do not."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import simulate
from bench.outcome import wilson
from bench.recheck import recheck
from bench.relations import connect

COLUMNS = ["event_id", "reason", "source_table", "source_id"]


@pytest.fixture(scope="module")
def hospital() -> simulate.Hospital:
    return simulate.build(seed=4, setting="none", staff=100, patients=3000, days=8)


@pytest.fixture(scope="module")
def con(hospital: simulate.Hospital) -> Iterator[duckdb.DuckDBPyConnection]:
    found = connect(hospital, threads=1)
    yield found
    found.close()


@pytest.fixture(scope="module")
def true(hospital: simulate.Hospital) -> pa.Table:
    """Reasons as the simulator knows them, where the table has ids; desks open encounters of any department."""
    rows = hospital.legitimate
    return rows.filter(pc.and_(rows["documented"], pc.is_valid(rows["source_id"]))).select(COLUMNS)


def test_reasons_that_hold_are_confirmed(
    con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital, true: pa.Table
) -> None:
    # An order that was not exported is documented by its encounter: the row named is then missing, rightly.
    exported = set(hospital.tables["orders"]["order_id"].to_pylist())
    rows = [row for row in true.to_pylist() if row["source_table"] != "orders" or row["source_id"] in exported]
    shown = set(hospital.tables["encounters"]["encounter_id"].to_pylist())
    rows = [row for row in rows if row["source_table"] != "encounters" or row["source_id"] in shown]
    out = recheck(con, hospital, pa.Table.from_pylist(rows))
    assert out.named > 5_000
    assert out.share > 0.995, out.false_by_reason


def test_a_row_about_another_patient_is_no_reason(
    con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital, true: pa.Table
) -> None:
    encounters = true.filter(pc.equal(true["source_table"], "encounters"))
    moved = pa.chunked_array([pa.concat_arrays([c for c in encounters["source_id"].chunks])[1000:]])
    bent = encounters.slice(0, len(moved)).set_column(3, "source_id", moved)
    assert recheck(con, hospital, bent).share < 0.05


def test_a_row_that_does_not_exist_is_no_reason(
    con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital, true: pa.Table
) -> None:
    gone = true.slice(0, 100).set_column(3, "source_id", pa.array(["Z9999999"] * 100))
    assert recheck(con, hospital, gone).true == 0


def test_somebody_elses_department_is_no_reason(con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital) -> None:
    """A coder has no business with an appointment, whoever the patient is."""
    coders = [row["staff_id"] for row in hospital.tables["staff"].to_pylist() if row["role"] == "coder"]
    accounts = {row["account"] for row in hospital.tables["accounts"].to_pylist() if row["staff_id"] in coders}
    booked = {row["patient_id"]: row["appointment_id"] for row in hospital.tables["appointments"].to_pylist()}
    rows = [
        {
            "event_id": e["event_id"],
            "reason": "appointment",
            "source_table": "appointments",
            "source_id": booked[e["patient_id"]],
        }
        for e in hospital.events.to_pylist()
        if e["account"] in accounts and e["patient_id"] in booked
    ]
    assert rows
    assert recheck(con, hospital, pa.Table.from_pylist(rows)).true == 0


def test_a_line_number_names_a_row(con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital) -> None:
    team = hospital.tables["care_team"].to_pylist()
    accounts = {row["staff_id"]: row["account"] for row in hospital.tables["accounts"].to_pylist()}
    lines = {(accounts[row["staff_id"]], row["patient_id"]): i + 2 for i, row in enumerate(team)}
    rows = [
        {
            "event_id": e["event_id"],
            "reason": "care_team",
            "source_table": "care_team",
            "source_id": f"care_team.csv:{line}",
        }
        for e in hospital.events.to_pylist()
        if (line := lines.get((e["account"], e["patient_id"]))) is not None
    ]
    assert rows
    assert recheck(con, hospital, pa.Table.from_pylist(rows)).share > 0.9


def test_a_table_that_the_check_does_not_know_is_reported(
    con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital
) -> None:
    event = hospital.legitimate["event_id"][0].as_py()
    row = {"event_id": event, "reason": "x", "source_table": "dreams", "source_id": "1"}
    assert recheck(con, hospital, pa.Table.from_pylist([row])).unknown == ("dreams",)


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763), (0, 0, 0.0, 1.0)],
)
def test_the_interval_of_a_share_is_wilsons(found: int, of: int, low: float, high: float) -> None:
    assert wilson(found, of) == pytest.approx((low, high), abs=0.001)
