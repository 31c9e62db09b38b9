# SPDX-License-Identifier: Apache-2.0
"""`wardkeep intake propose`: a mapping for a log that nobody described; nothing is stored or used or overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.program import Program

ROWS = "操作时间,工号,患者ID,操作类型\n2026/3/2 08:15:00,0012,P1,查看\n2026/3/20 09:00:00,0013,P2,打印\n"


@pytest.fixture
def homeless(tmp_path: Path) -> Program:
    """`wardkeep` where there is no home and none can be made."""
    return Program(Path("/dev/null/home"), tmp_path)


def test_a_proposed_mapping_reads_the_file(homeless: Program, tmp_path: Path) -> None:
    export = tmp_path / "his.csv"
    export.write_bytes(ROWS.encode("gb18030"))
    (said,) = homeless.call("intake", "propose", export, "--write", tmp_path / "m.toml", "--json").lines
    assert said["mapping"] == (tmp_path / "m.toml").read_text(encoding="utf-8")
    assert [line["action"] for line in said["becomes"]] == ["read", "print"]
    read = homeless.call("intake", "read", export, "--mapping", tmp_path / "m.toml", "--json").lines
    assert [(line["account"], line["patient_id"]) for line in read] == [("0012", "P1"), ("0013", "P2")]


def test_a_file_that_is_there_is_left_as_it_is(homeless: Program, tmp_path: Path) -> None:
    (tmp_path / "his.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "m.toml").write_text("mine", encoding="utf-8")
    homeless.call("intake", "propose", tmp_path / "his.csv", "--write", tmp_path / "m.toml", status=2)
    assert (tmp_path / "m.toml").read_text(encoding="utf-8") == "mine"


def test_what_is_missing_is_said_and_ends_with_status_1(homeless: Program, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\nc,d\ne,f\n", encoding="utf-8")
    (said,) = homeless.call("intake", "propose", tmp_path / "x.csv", "--json", "--lang", "en", status=1).lines
    assert said["open"] == ["no column holds times only: give columns.time"] and said["becomes"] == []
