# SPDX-License-Identifier: Apache-2.0
"""A mapping is proposed from the first rows, with reasons; it reads the rows, and what is unsure is said."""

from __future__ import annotations

import random

import pytest

from tests.unit.intake.test_sheets import book
from wardkeep.watch.intake.mapping import Mapping, fits, parse_mapping
from wardkeep.watch.intake.proposing.draft import Written
from wardkeep.watch.intake.proposing.proposal import Proposal
from wardkeep.watch.intake.proposing.propose import propose, propose_of
from wardkeep.watch.intake.proposing.sampling import HEAD, MODEST, NoSample, sample_of, sample_of_rows
from wardkeep.watch.intake.proposing.trying import becomes, tried

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


def test_words_that_no_list_knows_are_named_and_set_their_rows_aside() -> None:
    text = HIS.replace("打印", "弹窗")
    found, mapping = proposed(text)
    assert found.unknown_words == {"action": ("弹窗",)} and of(found, "values.action") == ("1 / 2", 0.5)
    assert mapping.values["action"] == {"查看": "read"}
    lines = becomes(text.encode(), "log.csv", found.toml, ZONE, 2)
    assert lines[0]["action"] == "read" and str(lines[1]["rejected"]).startswith("unmapped-action")


def test_a_word_that_the_sample_did_not_have_sets_its_row_aside_later() -> None:
    found, mapping = proposed(HIS)
    later = HIS.splitlines()[0] + "\n2026/3/9 8:00:00,001,P1,导出,门诊病历,10.1.2.1,成功\n"
    (one,) = becomes(later.encode(), "log.csv", found.toml, ZONE, 2)
    assert str(one["rejected"]).startswith("unmapped-action")
    assert all("*" not in known for known in mapping.values.values())


ROWS = [f"2026-03-{d:02} 08:00:00,u{d},读" for d in range(1, 21)]


def table(name: str, cells: list[str], *, header: str = "time,user,x") -> str:
    return f"{header},{name}\n" + "".join(f"{ROWS[n]},{cell}\n" for n, cell in enumerate(cells))


@pytest.mark.parametrize(
    "column, cells, due",
    [
        ("fail", ["true", "false"], {"true": "failure", "false": "success"}),
        ("is_error", ["1", "0"], {"1": "failure", "0": "success"}),
        ("是否失败", ["是", "否"], {"是": "failure", "否": "success"}),
        ("是否成功", ["是", "否"], {"是": "success", "否": "failure"}),
        ("success", ["true", "false"], {"true": "success", "false": "failure"}),
        ("返回码", ["0", "-1", "1045"], {"0": "success", "-1": "failure", "1045": "failure", "*": "failure"}),
        ("结果", ["未成功", "成功", "不通过", "被拒绝"],
         {"未成功": "failure", "成功": "success", "不通过": "failure", "被拒绝": "denied"}),
        ("status", ["unsuccessful", "successful"], {"unsuccessful": "failure", "successful": "success"}),
    ],
)  # fmt: skip
def test_words_of_outcomes_are_read_by_the_name_of_their_column_and_no_refusal_is_a_success(
    column: str, cells: list[str], due: dict[str, str]
) -> None:
    _, mapping = proposed(table(column, cells * 4))
    assert mapping.columns["outcome"] == column
    assert mapping.values["outcome"] == {**due, "": "success"}


def test_an_action_that_says_that_it_failed_is_no_success() -> None:
    words = ["登录", "登录失败", "用户登录被拒绝", "查看不良反应"] * 3
    text = table("操作", words).replace(",读,", ",,")
    found, _ = proposed(text)
    lines = becomes(text.encode(), "log.csv", found.toml, ZONE, 4)
    assert [line.get("outcome") for line in lines] == ["success", "failure", "denied", "success"]


@pytest.mark.parametrize(
    "name, ids, proposed_as",
    [
        ("日志编号", [str(n) for n in range(1, 20)], None),  # counts the rows
        ("流水号", [str(n) for n in range(20)], None),
        ("日志编号", [str(900 + n * 3) for n in range(20)], 0.5),
        ("日志编号", ["7", "7", *map(str, range(100, 110))], None),  # comes twice
        ("日志编号", ["7", "9"], None),  # two values show nothing
        ("uuid", [f"a{n}-b" for n in range(9)], 0.95),
        ("EventRecordID", [str(900 + n * 3) for n in range(20)], None),  # one of its machine
    ],
)
def test_a_number_is_proposed_as_a_name_only_where_it_may_be_one(
    name: str, ids: list[str], proposed_as: float | None
) -> None:
    found, mapping = proposed(table(name, ids))
    assert (of(found, "columns.event_id")[1] if "event_id" in mapping.columns else None) == proposed_as


@pytest.mark.parametrize(
    "name, zone, hour",
    [("EVENT_TIME_UTC", "UTC", "16:00"), ("时间(UTC+9)", "Etc/GMT-9", "07:00"), ("time", ZONE, "08:00")],
)
def test_a_column_of_times_that_says_its_zone_is_proposed_in_it(name: str, zone: str, hour: str) -> None:
    text = table("动作", ["查看"] * 9, header=f"{name},user,x")
    found, _ = proposed(text)
    assert of(found, "zone")[0] == zone
    assert str(becomes(text.encode(), "log.csv", found.toml, ZONE, 1)[0]["time"])[11:16] == hour


def test_morning_and_afternoon_are_read_in_one_column_and_in_two() -> None:
    one = "操作时间,工号\n" + "".join(
        f"2026/3/{d} {'上午' if d % 2 else '下午'} 8:{d:02}:00,u{d}\n" for d in range(1, 28)
    )
    two = (
        one.replace("操作时间", "日期,时间").replace(" 上午", ",上午").replace(" 下午", ",下午").replace("/3/", "-03-")
    )
    for text in (one, two):
        found, _ = proposed(text)
        lines = becomes(text.encode(), "log.csv", found.toml, ZONE, 2)
        assert [str(line["time"])[11:16] for line in lines] == ["08:01", "20:02"], found.toml


@pytest.mark.parametrize(
    "morning, evening",
    [
        ("2026/3/2 上午 8:15:00", "2026/3/12 下午 8:16:00"),
        ("2026/3/2 上午8:15", "2026/3/12 下午8:16"),  # as Excel writes it in Chinese
        ("2026/3/2 8:15:00 AM", "2026/3/12 8:16:00 PM"),
        ("2026年3月2日 上午8:15:00", "2026年3月12日 下午8:16:00"),
        ("2026/3/2 8:15", "2026/3/12 20:16"),
        ("2026年3月2日 8时15分", "2026年3月12日 20时16分"),
        # In two columns, of which the second is taken for no address and no length of time.
        ("2026/3/2,上午8:15:00", "2026/3/12,下午8:16:00"),
        ("2026/3/2,8:15", "2026/3/12,20:16"),
        ("20260302,081500", "20260312,201600"),
        ("2026-03-02 00:00:00,8:15:00", "2026-03-12 00:00:00,20:16:00"),  # a day as a database writes it
    ],
)
def test_a_time_is_read_however_a_chinese_system_or_sheet_writes_it(morning: str, evening: str) -> None:
    head = "日期,时间,工号,动作\n" if "," in morning else "操作时间,工号,动作\n"
    text = head + f"{morning},u1,查看\n{evening},u2,打印\n" * 3
    found, _ = proposed(text)
    lines = becomes(text.encode(), "log.csv", found.toml, ZONE, 2)
    assert not found.open and [str(line["time"])[:16] for line in lines] == ["2026-03-02T08:15", "2026-03-12T20:16"], (
        found.toml
    )


def test_a_column_of_whole_times_takes_no_length_of_time_beside_it() -> None:
    text = "日期,停留,工号\n" + "".join(f"2026-03-02 0{n}:00:00,0:0{n}:30,u{n}\n" for n in range(1, 9))
    found, mapping = proposed(text)
    assert mapping.columns["time"] == "日期" and not found.open


@pytest.mark.parametrize(
    "title",
    [
        "某某医院操作日志\n",
        "导出时间：2026-03-30 10:00\n医院：某某医院\n\n",
        "导出时间:,2026-03-30 10:00,,,,,\n医院:,某某医院,,,,,\n",
        "导出时间,2026-03-30 10:00,导出人,王,日期从,2026-03-01,2026-03-30\n",  # as many cells as the rows, each filled
    ],
)
def test_what_stands_above_the_header_of_a_report_is_skipped_and_said(title: str) -> None:
    found, mapping = proposed(title + HIS)
    assert (mapping.header, mapping.skip_lines) == (True, title.count("\n"))
    (why,) = [part.because for part in found.parts if part.key == "skip_lines"]
    assert "标题" in why.zh and "title" in why.en
    lines = becomes((title + HIS).encode(), "log.csv", found.toml, ZONE, 40)
    assert len(lines) == 28 and lines[0]["account"] == "001"


def test_words_of_a_header_in_the_middle_of_the_rows_skip_nothing() -> None:
    rows = [f"2026/3/{d} 8:{d:02}:00,u{d},查看,x\n" for d in range(1, 29)]
    _, mapping = proposed("".join([*rows[:9], "2026/3/9 8:09:00,用户,时间,x\n", *rows[9:]]))
    assert mapping.skip_lines == 0 and not mapping.header


def test_a_title_with_as_many_cells_as_the_rows_is_skipped() -> None:
    _, mapping = proposed("门诊日志,,,,,,\n导出时间：2026-03-30,,,,,,\n" + HIS)
    assert mapping.skip_lines == 2 and mapping.columns["patient_id"] == "患者ID"


@pytest.mark.parametrize("text", ["", "\n\n", "one sentence and nothing else\n" * 9, "a,b\nc,d\ne,f\n"])
def test_what_cannot_be_a_log_is_said_in_both_languages(text: str) -> None:
    found = propose(text.encode(), "x", ZONE)
    assert found.open and all(one.zh and one.en and one.zh != one.en for one in found.open)


def test_every_part_has_a_reason_in_both_languages_and_a_confidence() -> None:
    for text in (HIS, EPR, BARE):
        for part in proposed(text)[0].parts:
            assert part.because.zh and part.because.en and 0 <= part.confidence <= 1


CELLS = [line.split(",") for line in HIS.splitlines()]


@pytest.mark.parametrize("before", [[], [["门诊系统访问日志"]], [["门诊系统访问日志", "东院区"], [], ["导出人", "王"]]])
def test_a_sheet_is_proposed_like_a_text_and_a_title_above_it_is_skipped(before: list[list[str]]) -> None:
    data = book([["说明"], ["本表由系统导出"]], [*before, *CELLS])
    found = propose(data, "his.xlsx", ZONE)
    mapping = parse_mapping(found.toml, "his")
    assert of(found, "sheet") == ("第2页", 0.9) and mapping.skip_lines == len(before)
    assert mapping.columns["patient_id"] == "患者ID" and mapping.columns["action"] == "操作类型"
    lines = [line for line in becomes(data, "his.xlsx", found.toml, ZONE, 40) if "rejected" not in line]
    assert [(x["account"], x["action"]) for x in lines[:2]] == [("001", "read"), ("002", "print")]
    assert len(lines) == 28


def test_a_sheet_without_a_table_is_said() -> None:
    assert propose(book([["一"], ["二"]]), "x.xlsx", ZONE).open


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_a_mark_is_told_by_its_zeros(encoding: str) -> None:
    found, mapping = proposed(HIS, encoding=encoding)
    assert mapping.encoding == encoding and of(found, "encoding")[1] < 0.8
    assert [x["account"] for x in becomes(HIS.encode(encoding), "log.csv", found.toml, ZONE, 2)] == ["001", "002"]


def test_empty_lines_above_the_header_are_counted_as_a_reader_counts_them() -> None:
    text = EPR.replace("Nightly dump\n", "Nightly dump\n\n\n")
    found, mapping = proposed(text, "epr.txt")
    assert mapping.skip_lines == 3
    assert [line["account"] for line in becomes(text.encode(), "epr.txt", found.toml, ZONE, 1)] == ["u1"]


def test_what_somebody_says_of_the_text_is_taken() -> None:
    sample = sample_of(HIS.encode("gb18030"), "log.csv")
    wrong = propose_of(sample, ZONE, Written(encoding="utf-8"))
    assert wrong.marks is not None and "操作时间" not in wrong.marks.names
    bare = propose_of(sample, ZONE, Written(encoding="gb18030", header=False, skip_lines=1))
    assert bare.draft is not None and bare.draft.columns["time"] == (1,)
    assert len(tried(sample, bare.toml, ZONE, 400)) == 28


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b'{"resourceType": "AuditEvent"}', "no mapping"),
        (b"MSH|^~\\&|HIS|H|W|H|20260302||ADT^A01|1|P|2.4\r", "no mapping"),
        (bytes(range(256)) * 9, "no text"),
        (b"PK\x03\x04 cut off xl/workbook.xml", "bad-zip"),
        (b"\x1f\x8bnothing", "compressed"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(data: bytes, said: str) -> None:
    with pytest.raises(NoSample) as refused:
        sample_of(data, "x.csv" if not data.startswith(b"PK") else "x.xlsx")
    assert said in str(refused.value) and refused.value.because.zh


def test_a_workbook_that_unpacks_to_more_than_a_page_takes_is_refused_unread() -> None:
    from tests.unit.intake.test_sheets import SHEET, repacked

    heavy = repacked(book(CELLS), {SHEET: b"<x>" + b" " * (MODEST + 1)})
    with pytest.raises(NoSample, match="zip-bomb"):
        sample_of(heavy, "x.xlsx", MODEST)


def test_of_a_large_file_whole_lines_are_kept_and_no_more() -> None:
    for codec in ("utf-8", "gb18030", "utf-16", "utf-16-be"):
        kept = sample_of((HIS * 900).encode(codec), "log.csv").data
        assert len(kept) <= HEAD and kept.decode(codec).endswith("成功\n")
    assert len(sample_of(b"a,b,c" * HEAD, "log.csv").data) <= HEAD
    sheet = sample_of(book([["时间", "工号", "x" * 900]] * 400), "x.xlsx")
    assert len(sheet.data) <= HEAD and sample_of_rows(sheet.data, "x.xlsx") == sheet


def test_a_file_belongs_to_the_mapping_whose_pattern_says_most() -> None:
    text = HIS[:0] + proposed(HIS)[0].toml.replace("encoding", 'files = ["Access-*.csv", "access-old*"]\nencoding', 1)
    mapping = parse_mapping(text, "m")
    assert [fits(mapping, name) for name in ("access-20260302.csv", "access-old.csv.gz", "pacs.csv")] == [11, 10 + 1, 0]


@pytest.mark.parametrize("count", [60, pytest.param(5_000, marks=pytest.mark.soak)])
def test_any_workbook_gives_a_proposal_or_a_reason(count: int) -> None:
    whole = book([["标题"], *CELLS])
    for n in range(count):
        r = random.Random(f"sheet:{n}")
        data = bytearray(whole)
        for _ in range(r.randrange(1, 6)):
            at = r.randrange(4, len(data))
            data[at : at + r.choice((0, 1, 4, 40))] = r.randbytes(r.choice((0, 1, 4)))
        found = propose(bytes(data), "x.xlsx", ZONE)
        if not found.open:
            parse_mapping(found.toml, "x")
            becomes(bytes(data), "x.xlsx", found.toml, ZONE, 5)


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
