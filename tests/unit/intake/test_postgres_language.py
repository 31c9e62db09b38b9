# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server that speaks another language than English: what is not understood is set aside, not taken for nothing."""

from __future__ import annotations

from pathlib import Path

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake import read_events

ROW = (
    '2026-03-02 08:15:00.123 UTC,"li4","his",1234,"10.1.1.1:5555",65e1.4d2,1,"SELECT",2026-03-02 08:00:00 UTC,3/5,0,'
    '{level},00000,"{text}",,,,,,,,,"psql","client backend",,0\n'
)


def told(tmp_path: Path, level: str, text: str) -> str:
    path = tmp_path / "postgresql.csv"
    path.write_text(ROW.format(level=level, text=text), encoding="utf-8")
    (found,) = read_events(path, zone="Asia/Shanghai")
    return found.reason.partition(":")[0] if isinstance(found, Rejected) else f"{found.action} {found.query}"


def test_a_level_in_chinese_sets_its_line_aside(tmp_path: Path) -> None:
    assert told(tmp_path, "日志", "语句:  delete from emr") == "other-language"
    assert told(tmp_path, "LOG", "statement: delete from emr") == "delete delete from emr"


def test_what_pgaudit_wrote_is_read_whatever_the_level_is_called(tmp_path: Path) -> None:
    audit = "AUDIT: SESSION,1,1,WRITE,DELETE,TABLE,public.emr,delete from emr,<not logged>"
    assert told(tmp_path, "日志", audit) == "delete delete from emr"
