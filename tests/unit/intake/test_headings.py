# SPDX-License-Identifier: Apache-2.0
"""A column of times that says its zone in its name is read in it; the name of an event is what makes it one of its kind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.intake.reading import one, read
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake.headings import offset_of
from wardkeep.watch.intake.mapping import load_mapping, parse_mapping
from wardkeep.watch.intake.showing import as_line

MAPPING = """
name = "x"
system = "HIS"
zone = "Asia/Shanghai"
time_format = ["iso", "epoch"]
[columns]
time = %s
action = "a"
"""


@pytest.mark.parametrize(
    "name, hours",
    [
        ("EVENT_TIMESTAMP_UTC", 0), ("UtcTime", 0), ("utctime", 0), ("TimeUTC", 0), ("UTCTime", 0), ("time (UTC)", 0),
        ("created.utc", 0), ("event_time_utc", 0), ("utc_timestamp", 0), ("时间（UTC）", 0), ("UTC时间", 0), ("世界时", 0),
        ("时间(UTC+8)", 8), ("Time (UTC+08:00)", 8), ("time_gmt+0800", 8), ("GMT-5", -5), ("UTC+5:30", 5.5),
        ("outcome_time", None), ("outcomeTime", None), ("Dutch time", None), ("time", None), ("发生时间", None),
        # So many houses name a local time.
        ("gmt_create", None), ("gmt_modified", None),
        ("UTC+99", None),
    ],
)  # fmt: skip
def test_a_name_says_its_zone_or_none(name: str, hours: float | None) -> None:
    assert offset_of(name) == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize(
    "column, zones, cell, hour",
    [
        ("t", "", "2026-03-02 08:15:00", "00:15"),
        ("t_utc", "", "2026-03-02 08:15:00", "08:15"),
        ("t_UTC+9", "", "2026-03-02 08:15:00", "23:15"),
        ("t_utc", "", "2026-03-02 08:15:00+01:00", "07:15"),  # what the time itself says counts most
        ("t_utc", "", "1772439300", "08:15"),
        (
            "t_utc",
            "t_utc = 'Asia/Shanghai'",
            "2026-03-02 08:15:00",
            "00:15",
        ),  # then what the mapping says of the column
        ("t", "T = 'UTC'", "2026-03-02 08:15:00", "08:15"),
    ],
)
def test_a_column_has_its_own_zone_whatever_that_of_the_file_is(column: str, zones: str, cell: str, hour: str) -> None:
    mapping = MAPPING % repr(column if not zones.startswith("T") else "T")
    found = one(
        f"{column},a\n{cell},read\n".encode(), "x.csv", mapping=parse_mapping(mapping + f"[zones]\n{zones}\n", "x")
    )
    assert str(as_line(found)["time"])[11:16] == hour


def test_a_time_of_two_columns_is_in_the_zone_that_one_of_them_says() -> None:
    mapping = parse_mapping(MAPPING % '["day_utc", "clock"]', "x")
    found = one(b"day_utc,clock,a\n2026-03-02,08:15:00,read\n", "x.csv", mapping=mapping)
    assert as_line(found)["time"] == "2026-03-02T08:15:00+00:00"


@pytest.mark.parametrize(
    "name, header, row",
    [
        ("oracle-unified-audit", "EVENT_TIMESTAMP_UTC,DBUSERNAME,ACTION_NAME", "2026-03-02 00:15:00.5,HIS,SELECT"),
        ("oracle-unified-audit", "EVENT_TIMESTAMP,EVENT_TIMESTAMP_UTC,DBUSERNAME,ACTION_NAME",
         "2026-03-02 02:15:00.5,2026-03-02 00:15:00.5,HIS,SELECT"),
        ("windows-security", "UtcTime,EventID,TargetUserName", "2026-03-02 00:15:00.5,4624,wang"),
        ("windows-security", "TimeCreated,EventID,TargetUserName", "2026-03-02 08:15:00.5,4624,wang"),
        ("sqlserver-audit", "event_time,action_id,server_principal_name", "2026-03-02 00:15:00.5,SL,wang"),
    ],
)  # fmt: skip
def test_a_shipped_mapping_reads_a_column_in_utc_that_says_so(name: str, header: str, row: str) -> None:
    found = one(f"{header}\n{row}\n".encode(), "x.csv", mapping=load_mapping(name))
    assert as_line(found)["time"] == "2026-03-02T00:15:00.500000+00:00"


@pytest.mark.parametrize(
    "name, header, rows",
    [
        ("windows-security", "TimeCreated,EventID,EventRecordID,Computer", [
            "2026-03-02 08:15:00,4624,1001,PC1", "2026-03-02 08:15:00,4624,1001,PC2", "2026-03-02 09:15:00,4624,1001,PC1"]),
        ("print-log", "Time,User,JobID,Printer", [
            "2026-03-02 08:15:00,wang,7,HP-1", "2026-03-02 08:15:00,li,7,HP-2", "2026-03-09 08:15:00,wang,7,HP-1"]),
        ("door-badge", "刷卡时间,工号,流水号,门", [
            "2026-03-02 08:15:00,N1,7,ICU北门", "2026-03-02 08:15:00,N2,7,药库门", "2026-03-09 08:15:00,N1,7,ICU北门"]),
        ("removable-media", "时间,用户,日志编号,终端名称,操作", [
            "2026-03-02 08:15:00,wang,7,PC-1,拷贝", "2026-03-02 08:15:00,li,7,PC-2,拷贝"]),
        ("antivirus", "时间,用户,日志编号,终端名称", ["2026-03-02 08:15:00,wang,7,PC-1", "2026-03-02 08:15:00,li,7,PC-2"]),
    ],
)  # fmt: skip
def test_a_number_that_is_one_of_a_machine_names_an_event_only_with_the_machine(
    name: str, header: str, rows: list[str]
) -> None:
    text = "\n".join([header, *rows, ""])
    names = [e.event_id for e in read(text.encode(), "x.csv", mapping=load_mapping(name)) if isinstance(e, AccessEvent)]
    assert None not in names and len(set(names)) == len(rows)


@pytest.mark.parametrize(
    "name, header, row",
    [
        ("windows-security", "TimeCreated,EventID,EventRecordID", "2026-03-02 08:15:00,4624,1001"),
        ("windows-security", "TimeCreated,EventID,EventRecordID,Computer", "2026-03-02 08:15:00,4624,1001,"),
        ("print-log", "Time,User,JobID", "2026-03-02 08:15:00,wang,7"),
        ("door-badge", "刷卡时间,工号,流水号", "2026-03-02 08:15:00,N1,7"),
        ("db-audit-utf8", "编号,发生时间,账号,操作命令", "1,2026-03-02 08:15:00,lis,select"),
        ("db-audit-statement", "id,event_time,db_user,sql_text", "1,2026-03-02 08:15:00,lis,select 1"),
        ("vpn", "ID,时间,用户名,事件", "1,2026-03-02 08:15:00,wang,登录"),
        ("waf", "ID,时间,URL", "1,2026-03-02 08:15:00,/emr"),
    ],
)
def test_a_number_alone_names_no_event(name: str, header: str, row: str) -> None:
    assert one(f"{header}\n{row}\n".encode(), "x.csv", mapping=load_mapping(name)).event_id is None
