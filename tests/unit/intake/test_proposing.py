# SPDX-License-Identifier: Apache-2.0
"""A mapping is proposed from the first rows, with reasons; it reads the rows, and what is unsure is said."""

from __future__ import annotations

import random

import pytest

from wardkeep.watch.intake.mapping import Mapping, parse_mapping
from wardkeep.watch.intake.proposing.proposal import Proposal
from wardkeep.watch.intake.proposing.propose import propose
from wardkeep.watch.intake.proposing.trying import becomes

ZONE = "Asia/Shanghai"
HIS = "操作时间,工号,患者ID,操作类型,功能模块,IP地址,结果\n" + "".join(
    f"2026/3/{d} 8:{d:02}:00,00{d},P{d},{'查看' if d % 2 else '打印'},门诊病历,10.1.2.{d},成功\n" for d in range(1, 29)
)
EPR = "Nightly dump\nuser|patient|device|routine|when\n" + "".join(
    f"u{d}|{d}00|WS-{d}|View notes, all|0{d}/03/2026 04:30:00\n" for d in range(1, 9)
)
BARE = "".join(
    f"2026-03-{d:02}T08:00:00+08:00\tdba{d}\tSELECT * FROM t WHERE a={d}\t10.0.0.{d}\n" for d in range(1, 29)
)


def proposed(text: str, name: str = "log.csv", encoding: str = "utf-8") -> tuple[Proposal, Mapping]:
    found = propose(text.encode(encoding), name, ZONE)
    return found, parse_mapping(found.toml, name)


def of(found: Proposal, key: str) -> tuple[str, float]:
    (part,) = [part for part in found.parts if part.key == key]
    return part.value, part.confidence


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
def test_a_chinese_export_is_read_whatever_its_encoding(encoding: str) -> None:
    found, mapping = proposed(HIS, encoding=encoding)
    assert mapping.columns == {
        "time": "操作时间", "account": "工号", "patient_id": "患者ID", "action": "操作类型", "resource": "功能模块",
        "outcome": "结果", "ip": "IP地址",
    }  # fmt: skip
    lines = becomes(HIS.encode(encoding), "log.csv", found.toml, ZONE, 3)
    assert [(x["account"], x["patient_id"], x["action"], x["outcome"]) for x in lines] == [
        ("001", "P1", "read", "success"),
        ("002", "P2", "print", "success"),
        ("003", "P3", "read", "success"),
    ]
    assert lines[0]["time"] == "2026-03-01T08:01:00+08:00"


def test_a_pipe_wins_over_the_comma_in_its_sentences_and_a_title_is_no_header() -> None:
    found, mapping = proposed(EPR, "epr.txt")
    assert (mapping.separator, mapping.skip_lines, mapping.header) == ("|", 1, True)
    assert mapping.columns["workstation"] == "device" and mapping.columns["time"] == "when"
    assert mapping.constants == {"action": "read"} and of(found, "constants.action")[1] < 0.5


def test_day_and_month_that_cannot_be_told_apart_are_said() -> None:
    found, _ = proposed(EPR)
    assert of(found, "time_format") == ("%d/%m/%Y %H:%M:%S", 0.4)
    clear, _ = proposed(EPR.replace("08/03/2026", "28/03/2026"))
    assert of(clear, "time_format") == ("%d/%m/%Y %H:%M:%S", 0.95)
    american, _ = proposed(EPR.replace("08/03/2026", "03/28/2026").replace("/03/2026", "/03/2026"))
    assert of(american, "time_format") == ("%m/%d/%Y %H:%M:%S", 0.95)


def test_without_a_header_columns_are_told_by_what_stands_in_them() -> None:
    found, mapping = proposed(BARE, "audit")
    assert mapping.header is False
    assert mapping.columns == {"time": 1, "query": 3, "ip": 4}
    assert mapping.constants == {"action": "query"} and mapping.zone is None
    assert found.unused == ("2",)


def test_a_zone_is_taken_only_where_times_have_none() -> None:
    assert of(proposed(HIS)[0], "zone") == (ZONE, 0.6)
    assert not [part for part in proposed(BARE)[0].parts if part.key == "zone"]


def test_a_day_and_a_time_of_day_are_joined() -> None:
    text = "日期,操作时分,用户\n" + "".join(f"2026-03-{d:02},08:{d:02}:00,u{d}\n" for d in range(1, 20))
    _, mapping = proposed(text)
    assert mapping.columns["time"] == ["日期", "操作时分"]


def test_a_kind_of_event_is_no_name_of_one() -> None:
    text = "EventID,TimeCreated,user\n" + "".join(f"4624,2026-03-{d:02} 08:00:00,u{d}\n" for d in range(1, 20))
    assert "event_id" not in proposed(text)[1].columns


def test_words_that_no_list_knows_are_named_and_are_no_access() -> None:
    text = HIS.replace("打印", "弹窗")
    found, mapping = proposed(text)
    assert found.unknown_words == {"action": ("弹窗",)}
    assert mapping.values["action"]["*"] == "other" and of(found, "values.action") == ("1 / 2", 0.5)


@pytest.mark.parametrize("text", ["", "\n\n", "one sentence and nothing else\n" * 9, "a,b\nc,d\ne,f\n"])
def test_what_cannot_be_a_log_is_said_in_both_languages(text: str) -> None:
    found = propose(text.encode(), "x", ZONE)
    assert found.open and all(one.zh and one.en and one.zh != one.en for one in found.open)


def test_every_part_has_a_reason_in_both_languages_and_a_confidence() -> None:
    for text in (HIS, EPR, BARE):
        for part in proposed(text)[0].parts:
            assert part.because.zh and part.because.en and 0 <= part.confidence <= 1


@pytest.mark.parametrize("count", [120, pytest.param(20_000, marks=pytest.mark.soak)])
def test_any_bytes_give_a_proposal_that_is_a_mapping_or_says_what_is_missing(count: int) -> None:
    hostile = (
        b"\x00",
        b"\xff\xfe",
        b'"',
        b'""',
        b",,,,",
        b"|",
        b"\n",
        b"\r",
        b"\x81",
        b"9" * 300,
        b"A" * 9_000,
        b"\xef\xbb\xbf",
        b"=1",
    )
    for n in range(count):
        r = random.Random(f"propose:{n}")
        data = bytearray(r.choice((HIS, EPR, BARE)).encode(r.choice(("utf-8", "gb18030", "utf-16"))))
        for _ in range(r.randrange(1, 12)):
            at = r.randrange(len(data) + 1)
            data[at : at + r.choice((0, 0, 1, 5, 60))] = r.choice(hostile)
        found = propose(bytes(data), "x.csv", ZONE)
        if not found.open:
            parse_mapping(found.toml, "x")
            becomes(bytes(data), "x.csv", found.toml, ZONE, 5)
