# SPDX-License-Identifier: Apache-2.0
"""HL7 messages through the command line: sealed once, and what they tell of care explains accesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.acceptance.messages import access, feed, message, people, pid, pv1
from tests.acceptance.program import Program, stored

ADMIT = message("ADT^A01", "1", "20260302080000", pid("p1"), pv1("v1", "W1", admitted="20260302075000"))
MOVE = message("ADT^A02", "2", "20260303080000", pid("p1"), pv1("v1", "W2", prior="W1^101^1"))
CANCEL = message("ADT^A11", "3", "20260302083000", pid("p1"), pv1("v1", "W1"))
BOOK = message(
    "SIU^S12", "4", "20260301080000", "SCH||b1|||||||||^^^20260302090000^20260302091500", pid("p2"), "AIL|1|A|CLINIC",
    "AIP|1|A|s3",
)  # fmt: skip
ORDER = message(
    "ORM^O01",
    "5",
    "20260302081000",
    pid("p3"),
    "ORC|NW|o1||||||||clerk1||s5",
    "OBR|1|o1|^LAB|HB|||||||||||||||||||||LAB",
)
MERGE = message("ADT^A40", "6", "20260304080000", pid("p9"), "MRG|p1^^^MAIN^MR")


def reasons(program: Program, folder: Path) -> dict[str, tuple[bool, str | None, str | None]]:
    """event -> explained, reason, the row behind it."""
    program.call("judge", "--dry-run", "--reasons", folder / "reasons.parquet")
    rows: list[dict[str, Any]] = pq.read_table(folder / "reasons.parquet").to_pylist()
    return {row["event_id"]: (row["explained"], row["reason"], row["source_id"]) for row in rows}


def test_an_admission_an_appointment_an_order_and_a_transfer_explain(program: Program, tmp_path: Path) -> None:
    day = "2026-03-02T10:00:00"
    events = [
        access(1, day, "nurse1", "p1"),
        access(2, day, "doctor3", "p2"),
        access(3, day, "doctor5", "p3"),
        access(4, day, "lab4", "p3"),
        access(5, day, "nurse2", "p3"),
        access(6, "2026-03-06T10:00:00", "nurse2", "p1"),
        access(7, "2026-03-06T10:00:00", "doctor5", "p1"),
    ]
    program.json("ingest", people(tmp_path / "h", events))
    assert {explained for explained, _, _ in reasons(program, tmp_path).values()} == {False}
    # The transfer comes before the admission that it follows.
    report = program.json("ingest", feed(tmp_path / "m", MOVE + BOOK, ORDER + ADMIT))
    assert (report["read"], report["accepted"], report["sealed"]) == (4, 4, 4)
    assert report["tables"]["encounters"] == report["tables"]["orders"] == report["tables"]["appointments"] == 1
    found = reasons(program, tmp_path)
    assert found["1"] == (True, "encounter", "v1")
    assert found["2"] == (True, "appointment", "b1")
    assert found["3"] == (True, "order_placed", "o1")
    assert found["4"] == (True, "order_performed", "o1")
    assert found["5"] == (False, None, None)
    assert found["6"] == (True, "ward", "HIS/MAIN/2")
    assert found["7"] == (False, None, None)
    again = program.json("ingest", tmp_path / "m")
    assert (again["accepted"], again["duplicates"], again["sealed"]) == (0, 4, 0)
    assert reasons(program, tmp_path) == found
    program.verify()


def test_another_message_under_a_known_number_is_set_aside_and_counts_when_it_is_read_again(
    program: Program, tmp_path: Path
) -> None:
    events = [access(1, "2026-03-02T10:00:00", "nurse1", "p1"), access(2, "2026-03-02T10:00:00", "nurse2", "p4")]
    program.json("ingest", people(tmp_path / "h", events))
    program.json("ingest", feed(tmp_path / "m", ADMIT))
    other = message("ADT^A01", "1", "20260302080000", pid("p1"), pv1("v2", "W2", admitted="20260302075000"))
    report = program.json("ingest", feed(tmp_path / "n", other))
    assert (report["accepted"], report["duplicates"], report["quarantined"]) == (0, 0, 1)
    assert "conflict" in str(program.call("quarantine", "list"))
    program.call("quarantine", "replay")
    assert program.json("ingest", tmp_path / "n")["duplicates"] == 1
    program.verify()


def test_what_is_cancelled_explains_no_longer_and_a_merge_explains_both_numbers(
    program: Program, tmp_path: Path
) -> None:
    other = message("ADT^A01", "8", "20260302080000", pid("p5"), pv1("v5", "W1"))
    late = message("ADT^A01", "7", "20260305080000", pid("p9"), pv1("v9", "W2"))
    events = [
        access(1, "2026-03-02T10:00:00", "nurse1", "p9"),  # the care was under the number that was given up
        access(2, "2026-03-05T10:00:00", "nurse2", "p1"),  # the care is under the one that survives
        access(3, "2026-03-05T10:00:00", "doctor5", "p1"),
        access(4, "2026-03-02T10:00:00", "nurse1", "p5"),
    ]
    program.json("ingest", people(tmp_path / "h", events))
    program.json("ingest", feed(tmp_path / "m", ADMIT + late, other))
    before = reasons(program, tmp_path)
    assert [before[n][0] for n in "1234"] == [False, False, False, True]
    program.json("ingest", feed(tmp_path / "n", MERGE + CANCEL.replace("p1", "p5").replace("v1", "v5")))
    found = reasons(program, tmp_path)
    assert found["1"] == (True, "encounter", "v1")
    assert found["2"] == (True, "encounter", "v9")
    assert found["3"] == (False, None, None)
    assert found["4"] == (False, None, None)
    assert stored(program.home, "SELECT patient_id FROM events ORDER BY event_id") == [
        ("p9",),
        ("p1",),
        ("p1",),
        ("p5",),
    ]
    # The admission once more: it is older than its cancellation.
    again = other.replace("|8|P", "|9|P")
    program.json("ingest", feed(tmp_path / "o", again))
    assert reasons(program, tmp_path)["4"] == (False, None, None)


def test_ones_own_record_is_found_under_a_number_that_was_merged_with_the_own(program: Program, tmp_path: Path) -> None:
    folder = people(tmp_path / "h", [access(1, "2026-03-05T10:00:00", "nurse1", "p1")])
    head, first, *rest = (folder / "staff.csv").read_text(encoding="utf-8").splitlines()
    (folder / "staff.csv").write_text("\n".join([f"{head},patient_id", f"{first},p9", *rest]), encoding="utf-8")
    program.json("ingest", folder)
    assert own_records(program) == []
    middle = message("ADT^A40", "10", "20260304070000", pid("p5"), "MRG|p1^^^MAIN^MR")
    program.json(
        "ingest",
        feed(tmp_path / "m", middle + message("ADT^A40", "11", "20260304080000", pid("p9"), "MRG|p5^^^MAIN^MR")),
    )
    assert own_records(program) == [["p1"]]


def own_records(program: Program) -> list[list[str]]:
    """The patients of each case of an own record."""
    cases = program.call("judge", "--dry-run", "--json").lines
    return [case["patients"] for case in cases if "self_access" in case["detections"]]


def test_a_broken_message_is_set_aside_whole_and_can_be_replayed(program: Program, tmp_path: Path) -> None:
    broken = ADMIT.replace("|20260302075000", "|yesterday")
    unended = "\x0b" + MOVE + "\x0b" + BOOK + "\x1c\r"
    report = program.json("ingest", feed(tmp_path / "m", broken + ORDER, unended), "--strict", status=1)
    assert (report["read"], report["accepted"], report["quarantined"]) == (4, 2, 2)
    listed = program.call("quarantine", "list", "--json").lines
    assert sorted(piece["reason"].partition(":")[0] for piece in listed) == ["bad-time", "unended"]
    assert all("p1" not in piece["reason"] for piece in listed)
    assert stored(program.home, "SELECT count(*) FROM orders") == [(1,)]
    replayed = program.json("quarantine", "replay")
    # The message whose frame was a lie is whole; a time that is none stays none.
    assert (replayed["replayed"], replayed["reasons"]) == (1, {"bad-time": 1})
    assert stored(program.home, "SELECT to_department FROM transfers") == [("W2",)]
    assert stored(program.home, "SELECT count(*) FROM all_events WHERE event_id = 'HIS/MAIN/2'") == [(1,)]
