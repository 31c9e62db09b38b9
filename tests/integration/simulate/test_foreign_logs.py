# SPDX-License-Identifier: Apache-2.0
"""The same events as their systems write them: FHIR lines by the book, a GB18030 export with local times."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import simulate
from simulate.__main__ import main
from simulate.foreign import HIS_ACTIONS, HIS_COLUMNS, HIS_OUTCOMES, HIS_SITES, write_foreign


@pytest.fixture(scope="module")
def hospital() -> simulate.Hospital:
    return simulate.build(seed=9, setting="A", staff=80, patients=2000, days=5)


@pytest.fixture(scope="module")
def export(hospital: simulate.Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    simulate.write(hospital, folder, style="foreign")
    return folder


@pytest.fixture(scope="module")
def audit(export: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (export / "emr-audit.ndjson").read_text("utf-8").splitlines()]


def rows_of(hospital: simulate.Hospital, system: str) -> dict[str, dict[str, Any]]:
    return {row["event_id"]: row for row in hospital.events.to_pylist() if row["system"] == system}


def test_every_event_stands_in_exactly_one_file(
    hospital: simulate.Hospital, export: Path, audit: list[dict[str, Any]]
) -> None:
    ids = Counter(event["id"] for event in audit)
    with (export / "his-access.csv").open(encoding="gb18030", newline="") as lines:
        ids.update(row["日志编号"] for row in csv.DictReader(lines))
    with (export / "events-other.csv").open(encoding="utf-8", newline="") as lines:
        ids.update(row["event_id"] for row in csv.DictReader(lines))
    assert set(ids.values()) == {1}
    assert set(ids) == set(hospital.events["event_id"].to_pylist())


def test_an_audit_event_has_what_r4_requires(audit: list[dict[str, Any]]) -> None:
    for event in audit:
        assert event["resourceType"] == "AuditEvent"
        assert event["type"]["code"] and event["recorded"] and event["source"]["observer"]["display"] == "EMR"
        assert event["action"] in "CRUDE" and event["outcome"] in ("0", "4", "8")
        assert sum(agent["requestor"] for agent in event["agent"]) == 1


def test_an_audit_event_says_what_the_plain_row_says(hospital: simulate.Hospital, audit: list[dict[str, Any]]) -> None:
    rows = rows_of(hospital, "EMR")
    for event in audit:
        row = rows[event["id"]]
        user = next(agent for agent in event["agent"] if agent["requestor"])
        client = event["agent"][0]
        assert user["who"]["identifier"]["value"] == row["account"]
        assert (client["who"]["display"], client["network"]["address"]) == (row["workstation"], row["ip"])
        assert datetime.fromisoformat(event["recorded"]) == datetime.fromisoformat(row["time"])
        patients = [e["what"]["reference"] for e in event.get("entity", []) if e.get("role", {}).get("code") == "1"]
        assert patients == ([f"Patient/{row['patient_id']}"] if row["patient_id"] else [])
        codes = {c["code"] for why in user.get("purposeOfUse", []) for c in why["coding"]}
        assert ("BTG" in codes) == (row["breakglass"] == "1")
        queries = [base64.b64decode(e["query"]).decode() for e in event.get("entity", []) if "query" in e]
        assert [q.rpartition("=")[2] for q in queries] == ([row["query"]] if row["query"] else [])


def test_how_long_a_record_stayed_open_is_its_period(hospital: simulate.Hospital, audit: list[dict[str, Any]]) -> None:
    rows, seen = rows_of(hospital, "EMR"), 0
    for event in audit:
        if "period" in event and not event["period"]["end"].endswith("23:59:59+08:00"):
            start, end = (datetime.fromisoformat(event["period"][x]) for x in ("start", "end"))
            assert (end - start).total_seconds() == rows[event["id"]]["duration_s"]
            seen += 1
    assert seen > 1000


def test_the_his_export_is_gb18030_with_local_times_and_chinese_words(
    hospital: simulate.Hospital, export: Path
) -> None:
    raw = (export / "his-access.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    rows = rows_of(hospital, "HIS")
    table = list(csv.DictReader(raw.decode("gb18030").splitlines()))
    assert len(table) == len(rows)
    for line in table:
        row = rows[line["日志编号"]]
        assert line["操作时间"].replace("/", "-").replace(" ", "T") + "+08:00" == row["time"]
        assert line["操作类型"] == HIS_ACTIONS[row["action"]]
        assert (line["患者编号"] or None, line["内容"] or None) == (row["patient_id"], row["query"])


def test_the_mapping_beside_the_export_turns_every_word_back(export: Path) -> None:
    mapping = tomllib.loads((export / "his-access.toml").read_text("utf-8"))
    assert {header: name for name, header in mapping["columns"].items()} == HIS_COLUMNS
    for column, words in (("action", HIS_ACTIONS), ("outcome", HIS_OUTCOMES), ("site", HIS_SITES)):
        assert {word: ours for ours, word in words.items()} == mapping["values"][column]


def test_the_tables_are_the_same_in_both_styles(hospital: simulate.Hospital, export: Path, tmp_path: Path) -> None:
    simulate.write(hospital, tmp_path)
    for name in hospital.tables:
        assert (export / f"{name}.csv").read_bytes() == (tmp_path / f"{name}.csv").read_bytes()
    assert (tmp_path / "events.csv").exists() and not (export / "events.csv").exists()


def test_the_audit_file_can_be_compressed(hospital: simulate.Hospital, export: Path, tmp_path: Path) -> None:
    write_foreign(hospital, tmp_path, lambda share, what: None, compress=True)
    assert (
        gzip.decompress((tmp_path / "emr-audit.ndjson.gz").read_bytes()) == (export / "emr-audit.ndjson").read_bytes()
    )


def test_nothing_of_the_truth_stands_in_the_hospitals_folder(hospital: simulate.Hospital, tmp_path: Path) -> None:
    simulate.write(hospital, tmp_path / "hospital")
    simulate.write_truth(hospital, tmp_path / "truth")
    for file in (tmp_path / "hospital").iterdir():
        head = file.read_text("utf-8").partition("\n")[0]
        assert not {"kind", "difficulty", "case_id"} <= set(head.split(",")), file.name
        assert "documented" not in head
    assert {f.name for f in (tmp_path / "truth").iterdir()} == {"misuse.csv", "legitimate.parquet"}


def test_an_unknown_style_is_refused(hospital: simulate.Hospital, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'hl7'"):
        simulate.write(hospital, tmp_path, style="hl7")


def test_the_command_writes_hospital_and_truth_and_tells_its_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ["--staff", "60", "--patients", "700", "--days", "2", "--seed", "3"]
    assert main([*size, "--out", str(tmp_path / "h"), "--calibration"]) == 0
    said = capsys.readouterr()
    assert "100 %" in said.err and "| measure |" in said.out
    assert (tmp_path / "h" / "events.csv").exists() and (tmp_path / "h-truth" / "misuse.csv").exists()


def test_the_command_keeps_the_truth_out_of_the_hospital(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--truth", str(tmp_path / "truth")])
