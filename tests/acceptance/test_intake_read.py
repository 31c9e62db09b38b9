# SPDX-License-Identifier: Apache-2.0
"""`wardkeep intake read`: shows what would be stored, stores nothing, needs no home."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.hospitals import EVENTS, audit_event, his_export, hospital, log
from tests.acceptance.program import Program

FIELDS = {
    "event_id", "time", "account", "patient_id", "action", "resource", "count", "purpose", "breakglass", "outcome",
    "system", "workstation", "ip", "site", "session_id", "query",
}  # fmt: skip
HIS_ROWS = ("a1,2026/03/02 08:15:00,0012,000123,浏览,护士站1", "a2,2026/03/02 00:30:00,0012,000123,打印,护士站1")


@pytest.fixture
def homeless(tmp_path: Path) -> Program:
    """`wardkeep` where there is no home and none can be made."""
    return Program(Path("/dev/null/home"), tmp_path)


def test_reading_needs_no_home_and_leaves_nothing_behind(homeless: Program, tmp_path: Path) -> None:
    export = log(tmp_path / "in" / "events.csv", EVENTS)
    lines = homeless.call("intake", "read", export, "--json").lines
    assert [line["event_id"] for line in lines] == ["1", "2"]
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_event_is_a_line_with_the_fields_of_the_contract(homeless: Program, tmp_path: Path) -> None:
    first = homeless.call("intake", "read", log(tmp_path / "events.csv", EVENTS), "--json").lines[0]
    assert FIELDS - set(first) == set()
    assert datetime.fromisoformat(first["time"]) == datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
    said = {name: first[name] for name in ("account", "patient_id", "patients", "action", "system", "workstation")}
    assert said == {
        "account": "nurse1", "patient_id": "p1", "patients": ["p1"], "action": "read", "system": "EMR", "workstation": "ws1",
    }  # fmt: skip
    assert (first["count"], first["breakglass"], first["outcome"], first["query"]) == (1, False, "success", None)
    assert first["source"] == {"file": "events.csv", "position": "2"}
    assert first["format"] == "hospital"


def test_a_piece_that_cannot_be_read_is_a_line_and_its_neighbours_are_read(homeless: Program, tmp_path: Path) -> None:
    export = log(tmp_path / "events.csv", (EVENTS[0], "9,yesterday,nurse1,p1,read,Encounter,EMR,ws1", EVENTS[1]))
    lines = homeless.call("intake", "read", export, "--json").lines
    assert [line.get("event_id") for line in lines] == ["1", None, "2"]
    assert lines[1]["source"] == {"file": "events.csv", "position": "3"}
    assert lines[1]["rejected"] and "nurse1" not in lines[1]["rejected"]


def test_status_is_one_under_strict_where_a_piece_cannot_be_read(homeless: Program, tmp_path: Path) -> None:
    export = log(tmp_path / "events.csv", ("9,yesterday,nurse1,p1,read,Encounter,EMR,ws1",))
    homeless.call("intake", "read", export, "--strict", status=1)
    homeless.call("intake", "read", log(tmp_path / "events2.csv", EVENTS), "--strict")


@pytest.mark.parametrize(
    "name, content",
    [
        ("empty.ndjson", b""),
        ("blank.json", b"\n\n"),
        ("header-only.csv", b"event_id,time,account,patient_id,action,system\n"),
        ("noise.bin", bytes(range(256)) * 20),
        ("half.ndjson.gz", gzip.compress(b'{"resourceType":"AuditEvent"}\n' * 100, mtime=0)[:40]),
        ("words.txt", "这不是日志\n".encode()),
    ],
)
def test_every_file_named_gives_at_least_one_line(homeless: Program, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    lines = homeless.call("intake", "read", tmp_path / name, "--json").lines
    assert len(lines) >= 1
    assert all("rejected" in line and line["source"]["file"] == name for line in lines)


def test_a_folder_reads_all_its_logs_and_no_table(homeless: Program, tmp_path: Path) -> None:
    folder = hospital(tmp_path / "h")
    his_export(folder / "his.csv", HIS_ROWS)
    (folder / "emr.ndjson").write_text(audit_event("f1", "2026-03-02T08:00:00+08:00", "nurse1", "p1") + "\n")
    lines = homeless.call("intake", "read", folder, "--json").lines
    assert {line["source"]["file"] for line in lines} == {"events.csv", "his.csv", "emr.ndjson"}
    assert [line for line in lines if "rejected" in line] == []


def test_local_times_of_a_gb18030_export_become_the_right_moments(homeless: Program, tmp_path: Path) -> None:
    export = his_export(tmp_path / "his.csv", HIS_ROWS)
    lines = homeless.call("intake", "read", export, "--json").lines
    moments = [datetime.fromisoformat(line["time"]).astimezone(UTC) for line in lines]
    assert moments == [datetime(2026, 3, 2, 0, 15, tzinfo=UTC), datetime(2026, 3, 1, 16, 30, tzinfo=UTC)]
    assert [(line["account"], line["patient_id"], line["action"]) for line in lines] == [
        ("0012", "000123", "read"),
        ("0012", "000123", "print"),
    ]
    assert {line["workstation"] for line in lines} == {"护士站1"}


def test_a_mapping_that_is_named_reads_an_export_that_has_none_beside_it(homeless: Program, tmp_path: Path) -> None:
    there = his_export(tmp_path / "with" / "his.csv", HIS_ROWS)
    bare = his_export(tmp_path / "bare" / "x.csv", HIS_ROWS, mapping=None)
    named = homeless.call("intake", "read", bare, "--mapping", there.with_suffix(".toml"), "--json").lines
    beside = homeless.call("intake", "read", there, "--json").lines
    assert [{**line, "source": None} for line in named] == [{**line, "source": None} for line in beside]


def test_a_mapping_named_for_a_folder_is_for_the_files_that_need_one(homeless: Program, tmp_path: Path) -> None:
    folder = hospital(tmp_path / "h")
    (folder / "emr.ndjson").write_text(audit_event("f1", "2026-03-02T08:00:00+08:00", "nurse1", "p1") + "\n")
    his_export(folder / "his.csv", HIS_ROWS, mapping=None)
    mapping = his_export(tmp_path / "elsewhere" / "x.csv", HIS_ROWS).with_suffix(".toml")
    lines = homeless.call("intake", "read", folder, "--mapping", mapping, "--json").lines
    assert {line["source"]["file"]: line["format"] for line in lines if "rejected" not in line} == {
        "events.csv": "hospital",
        "his.csv": "delimited:his",
        "emr.ndjson": "fhir-r4",
    }
    assert not [line for line in lines if "rejected" in line]


def test_a_table_that_is_named_is_known_as_one(homeless: Program, tmp_path: Path) -> None:
    (line,) = homeless.call("intake", "read", hospital(tmp_path / "h") / "staff.csv", "--json").lines
    assert (line["table"], line["rows"]) == ("staff", 2)


def test_an_audit_event_is_read_with_what_only_fhir_says(homeless: Program, tmp_path: Path) -> None:
    path = tmp_path / "emr.ndjson"
    path.write_text(audit_event("f1", "2026-03-02T08:00:00.250+08:00", "nurse1", "p1") + "\n", encoding="utf-8")
    (line,) = homeless.call("intake", "read", path, "--json").lines
    assert (line["event_id"], line["account"], line["patient_id"], line["action"]) == ("f1", "nurse1", "p1", "read")
    assert datetime.fromisoformat(line["time"]) == datetime(2026, 3, 2, 0, 0, 0, 250_000, tzinfo=UTC)
    assert line["action_code"] == "R" and line["subtype"]
    assert [actor["requestor"] for actor in line["actors"]] == [True]


def test_a_path_that_is_not_there_is_an_unusable_call(homeless: Program, tmp_path: Path) -> None:
    said = homeless.call("intake", "read", tmp_path / "nowhere.csv", status=2)
    assert "nowhere.csv" in said.err


def test_a_folder_without_a_log_is_an_unusable_call(homeless: Program, tmp_path: Path) -> None:
    (tmp_path / "h").mkdir()
    assert "no log" in homeless.call("intake", "read", tmp_path / "h", status=2).err


def test_a_mapping_that_is_no_mapping_is_an_unusable_call(homeless: Program, tmp_path: Path) -> None:
    export = his_export(tmp_path / "his.csv", HIS_ROWS, mapping='name = "x"\nencoding = "klingon"\n')
    assert homeless.call("intake", "read", export, status=2).err
    assert homeless.call("intake", "read", export, "--mapping", "no-such-mapping", status=2).err


def test_people_read_one_line_an_event(homeless: Program, tmp_path: Path) -> None:
    said = homeless.call("intake", "read", log(tmp_path / "events.csv", EVENTS))
    assert len(said.out.splitlines()) == 2
    assert "nurse1" in said.out and "events.csv:2" in said.out
