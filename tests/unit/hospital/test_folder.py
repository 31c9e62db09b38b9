# SPDX-License-Identifier: Apache-2.0
"""The hospital folder as a whole: which files it needs, which it claims, and what a table becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.unit.hospital.folders import REQUIRED, ZONE, read, reasons, rows, write
from wardkeep.watch.hospital import FolderError, context_files, read_context
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.hospital.tables import TABLES


def us(*at: int) -> int:
    return int(datetime(*at, tzinfo=UTC).timestamp()) * 1_000_000


def test_a_folder_yields_the_tables_that_it_has_and_no_other(tmp_path: Path) -> None:
    write(tmp_path, shifts="staff_id,department,start,end\n")
    contexts = {c.name: c for c in read_context(tmp_path, zone=ZONE)}
    assert set(contexts) == {"staff", "accounts", "patients", "shifts"}
    assert contexts["shifts"].table.num_rows == 0
    assert contexts["shifts"].full


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_a_missing_required_table_is_named(tmp_path: Path, missing: str) -> None:
    (write(tmp_path) / missing).unlink()
    with pytest.raises(FolderError, match=missing) as caught:
        list(read_context(tmp_path, zone=ZONE))
    assert caught.value.exit_status == 2
    assert caught.value.hint


def test_a_required_table_without_its_key_column_stops_before_anything_is_read(tmp_path: Path) -> None:
    write(tmp_path, patients="id,name\nP1,x\n")
    with pytest.raises(FolderError, match=r"patients.csv: header: no column patient_id"):
        next(read_context(tmp_path, zone=ZONE))


def test_events_and_mappings_are_not_claimed(tmp_path: Path) -> None:
    write(tmp_path, events="x\n", **{"events-2": "x\n"})
    (tmp_path / "his.toml").write_text("")
    assert {p.name for p in context_files(tmp_path)} == set(REQUIRED)


def test_columns_come_in_any_order_and_unknown_ones_are_ignored(tmp_path: Path) -> None:
    context = read(tmp_path, "patients", "colour,died_on,honey,patient_id\nred,2026-03-02,1,P7\n")
    [row] = rows(context)
    assert row["patient_id"] == row["src"] == "P7"
    assert row["died_on_day"] == (date(2026, 3, 2) - date(1970, 1, 1)).days
    assert row["honey"] is True
    assert row["name"] is None
    assert row["sensitivity"] == ""
    assert context.table.schema.equals(schema("patients"))


def test_every_table_comes_in_its_normalised_columns(tmp_path: Path) -> None:
    values = {"text": "x", "time": "2026-03-02T08:15:00+08:00", "date": "2026-03-02", "list": "", "flag": "0"}
    for name, table in TABLES.items():
        cells = [(c.values or (values[c.type],))[0] if c.type == "text" else values[c.type] for c in table.columns]
        context = read(tmp_path, name, f"{','.join(c.name for c in table.columns)}\n{','.join(cells)}\n")
        assert context.rejected == ()
        assert context.table.schema.equals(schema(name))
        [row] = rows(context)
        assert {row[c.engine_name] for c in table.columns if c.type == "time"} <= {us(2026, 3, 2, 0, 15)}
        assert row["src"] == (cells[0] if table.id else f"{name}.csv:2")


def test_a_bom_and_crlf_and_quotes_are_read(tmp_path: Path) -> None:
    content = '\ufeffpatient_id,name,address\r\nP1,"Li, ""Mei""","Row 1\r\nYard 2"\r\nP2,王,\r\n'
    context = read(tmp_path, "patients", content)
    assert [(r["name"], r["address"]) for r in rows(context)] == [('Li, "Mei"', "Row 1\r\nYard 2"), ("王", None)]


def test_lines_are_counted_through_quoted_line_feeds(tmp_path: Path) -> None:
    content = 'staff_id,department,start\nS1,"A\n\nB",2026-03-02T08:00Z\n\nS2,C,2026-03-02T08:00Z\nS3,C,now\n'
    context = read(tmp_path, "shifts", content)
    assert [r["src"] for r in rows(context)] == ["shifts.csv:2", "shifts.csv:6"]
    assert reasons(context) == [("7", "time")]
    assert (context.rejected[0].raw, context.rejected[0].head) == (b"S3,C,now", b"staff_id,department,start\n")


@pytest.mark.parametrize(
    "row, full, held",
    [
        ("P2,0", True, []),
        ("P2,yes", True, ["P2"]),  # it is there, whatever it says: what an earlier export said of it stays
        (",0", False, []),  # who knows whose it is
        ("P2", False, []),
        ("P1,1", True, []),  # a conflict: its key is there
    ],
)
def test_a_broken_row_keeps_what_was_known_of_it_from_being_retracted(
    tmp_path: Path, row: str, full: bool, held: list[str]
) -> None:
    context = read(tmp_path, "patients", f"patient_id,honey\nP1,0\n{row}\n")
    assert context.full == full
    assert [k["patient_id"] for k in context.held.to_pylist()] == held if context.held is not None else held == []


@pytest.mark.parametrize(
    "row, full",
    [
        ("S1,D,2026-03-02T08:00:00Z,never", True),
        ("S1,D,now,", False),
        ("S1,,2026-03-02T08:00:00Z,", False),
        (",D,2026-03-02T08:00:00Z,", False),
    ],
)
def test_a_key_of_several_columns_is_read_whole_or_not_at_all(tmp_path: Path, row: str, full: bool) -> None:
    context = read(tmp_path, "shifts", f"staff_id,department,start,end\n{row}\n")
    assert context.full == full
    key = {"staff_id": "S1", "department": "D", "start_us": us(2026, 3, 2, 8)}
    assert (context.held.to_pylist() if context.held is not None else []) == ([key] if full else [])
