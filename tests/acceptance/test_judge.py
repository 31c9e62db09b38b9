# SPDX-License-Identifier: Apache-2.0
"""`wardkeep judge`: the lines that others script against, and what it leaves behind."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.acceptance.hospitals import hospital
from tests.acceptance.program import Program

FIELDS = {
    "case_id", "account", "opened_on", "rank", "from", "to", "score", "detections", "patients", "event_ids",
    "reasons_missing", "random",
}  # fmt: skip


@pytest.fixture
def filled(program: Program, tmp_path: Path) -> Program:
    """The small hospital, ingested: one access with a reason, one without."""
    program.json("ingest", hospital(tmp_path / "h"))
    return program


def suspicious(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if not line["random"]]


def test_a_case_is_a_line_with_the_fields_of_the_contract(filled: Program) -> None:
    (case,) = suspicious(filled.call("judge", "--json").lines)
    assert set(case) >= FIELDS
    assert case["account"] == "nurse2"
    assert (case["event_ids"], case["patients"]) == (["2"], ["p1"])
    assert case["detections"] and case["reasons_missing"]
    date.fromisoformat(case["opened_on"])
    begins, ends = datetime.fromisoformat(case["from"]), datetime.fromisoformat(case["to"])
    assert begins <= ends and begins.utcoffset() is not None
    assert isinstance(case["score"], float) and case["rank"] >= 1 and case["random"] is False


def test_lines_come_by_day_and_best_first(filled: Program) -> None:
    lines = filled.call("judge", "--json").lines
    assert lines == sorted(lines, key=lambda line: (line["opened_on"], line["rank"]))


def test_a_judgement_is_stored_with_its_act_and_found_again_by_the_same_name(filled: Program) -> None:
    before = filled.json("ledger", "status")["size"]
    first = filled.call("judge", "--json").lines
    after = filled.json("ledger", "status")["size"]
    assert after > before
    assert [case["case_id"] for case in filled.call("judge", "--json").lines] == [case["case_id"] for case in first]
    filled.verify()


def test_a_dry_run_prints_the_same_and_stores_nothing(filled: Program) -> None:
    before = filled.json("ledger", "status")
    dry = filled.call("judge", "--dry-run", "--json").lines
    assert filled.json("ledger", "status") == before
    stored = filled.call("judge", "--json").lines
    assert [{**case, "case_id": 0} for case in dry] == [{**case, "case_id": 0} for case in stored]


def test_reasons_are_a_row_an_event(filled: Program, tmp_path: Path) -> None:
    filled.call("judge", "--dry-run", "--reasons", tmp_path / "reasons.parquet")
    table = pq.read_table(tmp_path / "reasons.parquet")
    assert set(table.column_names) >= {"event_id", "explained", "reason", "source_id"}
    rows = {row["event_id"]: row for row in table.to_pylist()}
    assert set(rows) == {"1", "2"}
    assert rows["1"]["explained"] is True and rows["1"]["reason"] and rows["1"]["source_id"]
    assert (rows["2"]["explained"], rows["2"]["reason"], rows["2"]["source_id"]) == (False, None, None)


def test_only_the_days_that_were_asked_for_are_judged(filled: Program) -> None:
    assert suspicious(filled.call("judge", "--dry-run", "--from", "2026-03-03", "--json").lines) == []
    assert suspicious(filled.call("judge", "--dry-run", "--to", "2026-03-01", "--json").lines) == []
    day = ("--from", "2026-03-02", "--to", "2026-03-02")
    assert len(suspicious(filled.call("judge", "--dry-run", *day, "--json").lines)) == 1
    late = ("--from", "2026-03-02T08:20:01+08:00")
    assert suspicious(filled.call("judge", "--dry-run", *late, "--json").lines) == []


def test_a_time_that_is_none_is_an_unusable_call(filled: Program) -> None:
    assert "--from" in filled.call("judge", "--from", "last week", status=2).err


def test_a_reason_whose_table_is_missing_is_not_one_that_was_looked_for(program: Program, tmp_path: Path) -> None:
    program.json("ingest", hospital(tmp_path / "h"))
    (case,) = suspicious(program.call("judge", "--json").lines)
    # There is no table of appointments and none of orders: nobody can say that they were not found.
    assert not any(re.match("appointment|order", reason) for reason in case["reasons_missing"])


def test_what_was_documented_late_explains_at_the_next_judgement(program: Program, tmp_path: Path) -> None:
    folder = hospital(tmp_path / "h")
    program.json("ingest", folder)
    (case,) = suspicious(program.call("judge", "--json").lines)
    late = tmp_path / "late" / "encounters.csv"
    late.parent.mkdir()
    row = "e2,p1,outpatient,W2,2026-03-02T08:00:00+08:00,2026-03-02T10:00:00+08:00,s2"
    late.write_text((folder / "encounters.csv").read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    report = program.json("ingest", late)
    assert (report["read"], report["tables"]) == (0, {"encounters": 2})
    assert case["case_id"] not in {line["case_id"] for line in suspicious(program.call("judge", "--json").lines)}
    # The row is gone from the next export: it explains no more, and the case is there again under its name.
    program.json("ingest", folder / "encounters.csv")
    assert [line["case_id"] for line in suspicious(program.call("judge", "--json").lines)] == [case["case_id"]]


def test_a_home_with_nothing_in_it_has_no_cases(program: Program) -> None:
    assert program.call("judge", "--json").lines == []


def test_without_a_home_the_next_step_is_said(tmp_path: Path) -> None:
    assert "wardkeep init" in Program(tmp_path / "nowhere", tmp_path).call("judge", status=3).err
