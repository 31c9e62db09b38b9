# SPDX-License-Identifier: Apache-2.0
"""How long a session lasted: by a duration however it is written, or by the time of its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.intake.lasting import milliseconds
from wardkeep.watch.intake.mapping import HOSPITAL, Mapping, load_mapping, parse_mapping
from wardkeep.watch.intake.reading import read_events
from wardkeep.watch.intake.row import Rejected

MAPPING = """
name = "sessions"
system = "VPN"
zone = "Asia/Shanghai"
time_format = "%Y-%m-%d %H:%M:%S"
empty = ["-"]
optional = ["duration_s", "end_time"]
[columns]
time = "start"
account = "user"
end_time = "end"
duration_s = "lasted"
[constants]
action = "login"
"""


def read(mapping: Mapping, text: str, tmp_path: Path) -> list[AccessEvent | Rejected]:
    path = tmp_path / "log.csv"
    path.write_text(text, "utf-8")
    return list(read_events(path, zone="Asia/Shanghai", mapping=mapping))


@pytest.mark.parametrize("text, wanted", [
    ("300", 300_000), ("0.25", 250), ("0", 0), ("0:05:00", 300_000), ("00:05:00.5", 300_500), ("36:00:00", 129_600_000),
    ("1 day, 0:05:00", 86_700_000), ("2 days, 1:00:00", 176_400_000), ("1天02:03:04", 93_784_000),
    ("1小时5分", 3_900_000), ("35分钟", 2_100_000), ("40秒", 40_000), ("2h 3m 4s", 7_384_000),
    ("", None), ("-5", None), ("soon", None), ("08:15", None), ("1:99:00", None), ("5 apples", None), ("９", None),
])  # fmt: skip
def test_a_duration_is_read_as_seconds_or_with_its_units_and_never_guessed(text: str, wanted: int | None) -> None:
    assert milliseconds(text) == wanted


@pytest.mark.parametrize("cells, wanted", [
    ("2026-03-02 08:00:00,li4,2026-03-02 08:05:00,", 300_000),
    ("2026-03-02 08:00:00,li4,2026-03-02 08:05:00,9999", 300_000),  # the end counts before a duration
    ("2026-03-02 08:00:00,li4,2026-03-02 08:00:00,", 0),
    ("2026-03-02 08:00:00,li4,,60", 60_000),
    ("2026-03-02 08:00:00,li4,-,0:01:00", 60_000),
    ("2026-03-02 08:00:00,li4,-,", None),
])  # fmt: skip
def test_the_time_of_the_end_becomes_the_duration(cells: str, wanted: int | None, tmp_path: Path) -> None:
    (found,) = read(parse_mapping(MAPPING, "m"), f"start,user,end,lasted\n{cells}\n", tmp_path)
    assert isinstance(found, AccessEvent)
    assert found.duration_ms == wanted


@pytest.mark.parametrize("end, reason", [("2026-03-02 07:59:59", "is before time"), ("later", "end_time")])
def test_an_end_that_is_none_sets_the_row_aside_and_says_which_column(end: str, reason: str, tmp_path: Path) -> None:
    (found,) = read(parse_mapping(MAPPING, "m"), f"start,user,end,lasted\n2026-03-02 08:00:00,li4,{end},\n", tmp_path)
    assert isinstance(found, Rejected)
    assert found.reason.startswith("bad-time") and reason in found.reason


def test_the_end_stands_in_the_zone_of_its_own_column(tmp_path: Path) -> None:
    mapping = parse_mapping(MAPPING.replace('"end"', '"end_utc"'), "m")
    (found,) = read(mapping, "start,user,end_utc,lasted\n2026-03-02 08:00:00,li4,2026-03-02 00:05:00,\n", tmp_path)
    assert isinstance(found, AccessEvent)
    assert found.duration_ms == 300_000


def test_an_end_is_no_constant_and_no_word() -> None:
    with pytest.raises(BadMapping, match="end_time can be neither"):
        parse_mapping(MAPPING + 'end_time = "2026-03-02"\n', "m")


def test_a_hospital_folder_is_read_as_before() -> None:
    assert "end_time" not in HOSPITAL.columns


@pytest.mark.parametrize("name, header, cells", [
    ("jumpserver-session", "ID,用户,资产,账号,协议,登录来源,远端地址,开始日期,结束日期,是否成功",
     "s1,li4,DB(10.9.9.9),APP,ssh,网页,10.1.1.1,2026/03/02 08:00:00 +0800,2026/03/02 08:05:00 +0800,是"),
    ("jumpserver-session", "*ID,*User,Asset,Account,Remote addr,*Date start,Date end,Is success",
     "s1,li4,DB(10.9.9.9),APP,10.1.1.1,2026/03/02 08:00:00 +0800,2026/03/02 08:05:00 +0800,True"),
    ("vpn", "用户名,源IP,虚拟IP,上线时间,下线时间,状态", "li4,1.2.3.4,10.8.0.3,2026-03-02 08:00:00,2026-03-02 08:05:00,已下线"),
    ("vpn", "用户名,源IP,虚拟IP,上线时间,在线时长,状态", "li4,1.2.3.4,10.8.0.3,2026-03-02 08:00:00,00:05:00,已下线"),
    ("vpn", "user,remote_ip,tunnel_ip,start_time,End Time", "li4,1.2.3.4,10.8.0.3,2026-03-02 08:00:00,2026-03-02 08:05:00"),
])  # fmt: skip
def test_the_lists_of_sessions_that_ship_tell_when_each_was_over(
    name: str, header: str, cells: str, tmp_path: Path
) -> None:
    (found,) = read(load_mapping(name), f"{header}\n{cells}\n", tmp_path)
    assert isinstance(found, AccessEvent), found
    assert (found.action, found.duration_ms) == ("login", 300_000)


def test_a_session_that_still_runs_has_no_duration(tmp_path: Path) -> None:
    line = "s1,li4,DB(10.9.9.9),APP,10.1.1.1,2026/03/02 08:00:00 +0800,-,True"
    header = "ID,User,Asset,Account,Remote addr,Date start,Date end,Is success"
    (found,) = read(load_mapping("jumpserver-session"), f"{header}\n{line}\n", tmp_path)
    assert isinstance(found, AccessEvent)
    assert found.duration_ms is None
