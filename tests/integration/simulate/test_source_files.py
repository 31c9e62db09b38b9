# SPDX-License-Identifier: Apache-2.0
"""The other sources as their systems write them, read back by the mapping that lies beside each."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import simulate
from simulate.__main__ import main
from simulate.sources.files import FILES, mapping_of
from wardkeep.watch.event import AccessEvent, Kind
from wardkeep.watch.intake.mapping import load_mapping, mapping_beside
from wardkeep.watch.intake.reading import read_events

EXTRA = ("program", "os_user", "server", "assigned_ip", "target_account", "direction")


@pytest.fixture(scope="module")
def hospital() -> simulate.Hospital:
    return simulate.build(seed=9, setting="A", staff=80, patients=2000, days=5, sources=True)


@pytest.fixture(scope="module")
def export(hospital: simulate.Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    simulate.write(hospital, folder, style="foreign")
    return folder


def events_of(path: Path) -> list[AccessEvent]:
    beside = mapping_beside(path)
    read = list(read_events(path, zone="Asia/Shanghai", mapping=load_mapping(beside) if beside else None))
    assert all(isinstance(one, AccessEvent) for one in read)
    return [one for one in read if isinstance(one, AccessEvent)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_read_by_its_mapping_as_what_happened(hospital: simulate.Hospital, export: Path, file: Any) -> None:
    assert hospital.sources is not None
    wanted = [row for row in hospital.sources.events.to_pylist() if row["system"] == file.system]
    read = events_of(export / file.name)
    assert len(read) == len(wanted) > 0
    for event, row in zip(read, wanted, strict=True):
        names = {"event_id", "account", "workstation", "ip", "site", "session_id", "query", "outcome", "system"}
        if file.shipped:
            names -= {"site"}  # no column of it
            assert event.duration_ms == (None if row["duration_s"] is None else row["duration_s"] * 1000)
        told = {name: None if getattr(event, name) is None else str(getattr(event, name)) for name in names}
        assert told == {name: row[name] for name in names}
        if row["action"] == "other":
            assert event.kind == Kind.OTHER
        else:
            assert event.action == row["action"]
        extra = dict(event.extra)
        for name in EXTRA:
            if row[name] is not None and name in extra:
                assert extra[name] == row[name]
        assert event.patients == ()


def test_files_are_written_in_the_encodings_and_words_of_their_systems(export: Path) -> None:
    audit = (export / "db-audit.csv").read_bytes()
    assert audit.decode("gb18030").startswith("日志编号,发生时间,数据库类型")
    with pytest.raises(UnicodeDecodeError):
        audit.decode("utf-8")
    assert (export / "jumpserver-session.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (export / "windows-security.csv").open(encoding="utf-8", newline="") as lines:
        assert {row["EventID"] for row in csv.DictReader(lines)} == {"4624", "4625", "4634"}
    assert all((export / mapping_of(file)).is_file() for file in FILES)


def test_the_bastion_writes_people_accounts_and_servers_as_its_product_does(export: Path) -> None:
    with (export / "jumpserver-session.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows and all(re.fullmatch(r"[^()]+\(jms\d{4}\)", row["用户"]) for row in rows)
    assert all(re.fullmatch(r"\w+\([\d.]+\)", row["资产"]) and row["账号"].endswith(")") for row in rows)
    assert "时长" not in rows[0] and any(row["结束日期"] for row in rows)


def test_the_plain_folder_has_them_as_one_more_file_of_events(hospital: simulate.Hospital, tmp_path: Path) -> None:
    simulate.write(hospital, tmp_path)
    assert hospital.sources is not None
    read = events_of(tmp_path / "events-sources.csv")
    assert len(read) == hospital.sources.events.num_rows
    assert {str(event.system) for event in read} == {file.system for file in FILES}


def test_the_truth_is_written_beside_the_hospital_and_not_into_it(tmp_path: Path) -> None:
    words = [
        "--staff",
        "60",
        "--patients",
        "600",
        "--days",
        "3",
        "--seed",
        "5",
        "--sources",
        "--style",
        "foreign",
        "--out",
    ]
    assert main([*words, str(tmp_path / "h")]) == 0
    persons = pq.read_table(tmp_path / "h-truth" / "persons.parquet")
    assert persons.column_names == ["event_id", "system", "account", "staff_id", "how", "case_id", "ticket_id"]
    assert set(json.loads((tmp_path / "h-truth" / "scenes.json").read_text("utf-8"))) <= {"pull", "edit"}
    assert not list((tmp_path / "h").glob("*persons*")) and not list((tmp_path / "h").glob("*scenes*"))
