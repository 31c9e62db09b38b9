# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ingest`: everything is accounted for, nothing twice, with and without a running `serve`."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.commands import children_of, eventually
from tests.acceptance.hospitals import EVENTS, audit_event, his_export, hospital, log, many
from tests.acceptance.program import Program, stored

INDEX = re.compile(r"\d{4}:\d+")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def counts(report: dict[str, object]) -> tuple[object, ...]:
    return tuple(report[name] for name in ("read", "accepted", "duplicates", "quarantined", "sealed"))


def test_a_folder_is_loaded_with_its_tables_and_events(program: Program, tmp_path: Path) -> None:
    report = program.json("ingest", hospital(tmp_path / "h"))
    assert counts(report) == (2, 2, 0, 0, 2)
    assert report["tables"]["patients"] == 1 and report["tables"]["staff"] == 2
    assert INDEX.fullmatch(report["first_index"]) and INDEX.fullmatch(report["last_index"])
    first, last = (int(report[name].split(":")[1]) for name in ("first_index", "last_index"))
    assert last - first == 1
    status = program.json("ledger", "status")
    assert report["checkpoint"] == status["checkpoint"]
    assert int(report["checkpoint"].splitlines()[1]) == status["size"] > last
    program.verify()


def test_the_same_folder_again_is_all_duplicates(program: Program, tmp_path: Path) -> None:
    program.json("ingest", hospital(tmp_path / "h"))
    again = program.json("ingest", tmp_path / "h")
    assert counts(again) == (2, 0, 2, 0, 0)
    assert (again["first_index"], again["last_index"]) == (None, None)
    assert again["checkpoint"]
    assert stored(program.home, "SELECT count(*) FROM events") == [(2,)]


def test_the_overlap_of_two_exports_is_counted_once(program: Program, tmp_path: Path) -> None:
    rows = many(300)
    monday, tuesday = log(tmp_path / "1" / "events.csv", rows[:200]), log(tmp_path / "2" / "events.csv", rows[150:])
    assert counts(program.json("ingest", monday)) == (200, 200, 0, 0, 200)
    assert counts(program.json("ingest", tuesday)) == (150, 100, 50, 0, 100)
    assert stored(program.home, "SELECT count(*), count(DISTINCT event_id) FROM events") == [(300, 300)]


def test_identical_records_without_a_number_are_as_many_as_one_export_holds(program: Program, tmp_path: Path) -> None:
    header = "time,account,patient_id,action,system"
    row = "2026-03-02T08:15:00+08:00,nurse1,p1,read,EMR"
    one = log(tmp_path / "1" / "events.csv", [row, row], header=header)
    more = log(tmp_path / "2" / "events.csv", [row, row, row], header=header)
    assert counts(program.json("ingest", one)) == (2, 2, 0, 0, 2)
    assert counts(program.json("ingest", more)) == (3, 1, 2, 0, 1)


def test_two_paths_of_one_call_are_one_pass(program: Program, tmp_path: Path) -> None:
    rows = many(60)
    one, two = log(tmp_path / "1" / "events.csv", rows[:40]), log(tmp_path / "2" / "events.csv", rows[20:])
    assert counts(program.json("ingest", one, two)) == (80, 60, 20, 0, 60)


def test_strict_is_status_one_where_something_was_set_aside_and_the_rest_is_stored(
    program: Program, tmp_path: Path
) -> None:
    export = log(tmp_path / "events.csv", (EVENTS[0], "9,yesterday,nurse1,p1,read,Encounter,EMR,ws1"))
    report = program.call("ingest", export, "--strict", "--json", status=1).one
    assert counts(report) == (2, 1, 0, 1, 1)
    assert counts(program.json("ingest", log(tmp_path / "2" / "events.csv", EVENTS), "--strict")) == (2, 1, 1, 0, 1)


def test_without_strict_what_was_set_aside_is_no_failure(program: Program, tmp_path: Path) -> None:
    export = log(tmp_path / "events.csv", ("9,yesterday,nurse1,p1,read,Encounter,EMR,ws1",))
    assert counts(program.json("ingest", export)) == (1, 0, 0, 1, 0)
    program.verify()


def test_systems_that_write_in_their_own_ways_stand_side_by_side(program: Program, tmp_path: Path) -> None:
    folder = hospital(tmp_path / "h")
    his_export(folder / "his.csv", ("1,2026/03/02 08:25:00,nurse2,p1,浏览,护士站1",))
    (folder / "emr.ndjson").write_text(audit_event("f1", "2026-03-02T00:30:00Z", "nurse1", "p1") + "\n")
    assert counts(program.json("ingest", folder)) == (4, 4, 0, 0, 4)
    found = stored(program.home, "SELECT system, event_id, name, time_us FROM events ORDER BY time_us")
    assert [(system, event_id) for system, event_id, _, _ in found] == [
        ("EMR", "1"), ("EMR", "2"), ("HIS", "1"), ("EMR", "f1"),
    ]  # fmt: skip
    # A number that two systems use is told apart in what is printed.
    assert [name for _, _, name, _ in found] == ["EMR:1", "2", "HIS:1", "f1"]
    moments = [
        (datetime(2026, 3, 2, 0, minute, tzinfo=UTC) - EPOCH).total_seconds() * 1e6 for minute in (15, 20, 25, 30)
    ]
    assert [time for _, _, _, time in found] == moments


def test_who_stands_in_no_table_is_loaded_and_counted(program: Program, tmp_path: Path) -> None:
    rows = (*EVENTS, *(f"{n},2026-03-02T09:0{n}:00+08:00,ghost,p{n},read,Encounter,EMR,ws1" for n in range(3, 6)))
    report = program.json("ingest", hospital(tmp_path / "h", events=rows))
    assert counts(report) == (5, 5, 0, 0, 5)
    assert report["unresolved"] == {"accounts": 1, "events_of_accounts": 3, "patients": 3, "events_of_patients": 3}


@pytest.mark.parametrize("table", ["staff", "accounts", "patients"])
def test_a_folder_without_a_table_that_it_must_have_is_refused_by_name(
    program: Program, tmp_path: Path, table: str
) -> None:
    before = program.json("ledger", "status")["size"]
    said = program.call("ingest", hospital(tmp_path / "h", **{table: None}), status=2)
    assert f"{table}.csv" in said.err
    assert program.json("ledger", "status")["size"] == before


def test_a_row_of_a_table_that_breaks_a_rule_is_set_aside_and_counted(program: Program, tmp_path: Path) -> None:
    staff = (
        "staff_id,name,role,department,employed_from,employed_to\ns1,林一,wizard,W1,2020-01-01,\ns2,周二,nurse,W2,,\n"
    )
    report = program.json("ingest", hospital(tmp_path / "h", staff=staff))
    assert report["quarantined"] == 1 and report["tables"]["staff"] == 1
    assert report["read"] == report["accepted"] + report["duplicates"] + report["quarantined"]
    (piece,) = program.call("quarantine", "list", "--json").lines
    assert piece["source"] == {"file": "staff.csv", "position": "2"}


def test_an_ingest_goes_on_beside_a_running_serve(program: Program, tmp_path: Path) -> None:
    with program.serving():
        assert counts(program.json("ingest", hospital(tmp_path / "h"))) == (2, 2, 0, 0, 2)
        assert counts(program.json("ingest", log(tmp_path / "more" / "events.csv", many(3000))))[:2] == (3000, 3000)
        program.verify()
    assert stored(program.home, "SELECT count(*) FROM events") == [(3002,)]
    program.verify()


def test_two_ingests_at_once_wait_for_each_other(program: Program, tmp_path: Path) -> None:
    rows = many(20_000)
    one, two = log(tmp_path / "1" / "events.csv", rows[:15_000]), log(tmp_path / "2" / "events.csv", rows[5_000:])
    calls = [program.start("ingest", path, "--json") for path in (one, two)]
    ends = [(*call.communicate(timeout=120), call.returncode) for call in calls]
    assert [status for _, _, status in ends] == [0, 0], ends
    assert stored(program.home, "SELECT count(*), count(DISTINCT event_id) FROM events") == [(20_000, 20_000)]
    program.verify()


@pytest.mark.parametrize("told, count", [(signal.SIGINT, 150_000), (signal.SIGTERM, 300_000)])
def test_a_signal_ends_an_ingest_cleanly_and_the_same_command_goes_on(
    program: Program, tmp_path: Path, told: signal.Signals, count: int
) -> None:
    """The larger file is parsed in processes of their own; a terminal and a service manager tell those too."""
    export = log(tmp_path / "events.csv", many(count, patients=5000))
    process = program.start("ingest", export, "--json")
    eventually((program.home / "data" / "store").exists)
    if count > 200_000:
        eventually(lambda: children_of(process.pid))
    for pid in (*children_of(process.pid), process.pid):
        os.kill(pid, told)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert json.loads(out)["stopped"] is True and "Traceback" not in err
    program.verify()
    ((visible,),) = stored(program.home, "SELECT count(*) FROM events")
    assert visible == json.loads(out)["accepted"]
    again = program.json("ingest", export)
    assert (again["read"], again["accepted"], again["duplicates"]) == (count, count - visible, visible)
    assert stored(program.home, "SELECT count(*), count(DISTINCT event_id) FROM events") == [(count, count)]


def test_without_a_home_the_next_step_is_said(tmp_path: Path) -> None:
    said = Program(tmp_path / "nowhere", tmp_path).call("ingest", hospital(tmp_path / "h"), status=3)
    assert "wardkeep init" in said.err
    assert not (tmp_path / "nowhere").exists()


def test_a_path_that_is_not_there_and_a_folder_with_nothing_in_it_are_unusable_calls(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert "nowhere" in program.call("ingest", tmp_path / "nowhere", status=2).err
    assert "no log" in program.call("ingest", tmp_path / "empty", status=2).err


def test_people_are_told_in_their_language(program: Program, tmp_path: Path) -> None:
    export = hospital(tmp_path / "h")
    assert "2 read: 2 accepted" in program.call("ingest", export, "--lang", "en").out
    assert re.search(r"[\u4e00-\u9fff]", program.call("ingest", export, "--lang", "zh").out)
