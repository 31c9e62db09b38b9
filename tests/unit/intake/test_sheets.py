# SPDX-License-Identifier: Apache-2.0
"""Sheets: what openpyxl writes is read as it was meant, and what is hostile is refused with a reason."""

from __future__ import annotations

import html
import re
import zipfile
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import Mapping, as_line, load_mapping, reread
from wardkeep.watch.intake.mapping import parse_mapping
from wardkeep.watch.intake.sheets import package, rows, workbook

HIS = """
name = "his"
system = "HIS"
zone = "Asia/Shanghai"
time_format = "%Y/%m/%d %H:%M:%S"
skip_lines = SKIP
[columns]
time = "时间"
account = "工号"
patient_id = "患者"
action = "操作"
query = "内容"
count = "行数"
[values.action]
"浏览" = "read"
"""
SHEET, RELS = "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"
HEAD = ["时间", "工号", "患者", "操作", "内容", "行数"]


def his(skip: int = 0) -> Mapping:
    return parse_mapping(HIS.replace("SKIP", str(skip)), "his.toml")


def book(*sheets: list[list[Any]], edit: Any = None) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for i, lines in enumerate(sheets, 1):
        sheet = made.create_sheet(f"第{i}页")
        for line in lines:
            sheet.append(line)
    if edit:
        edit(made)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def repacked(data: bytes, change: dict[str, bytes]) -> bytes:
    """The archive with some members replaced or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        members = {item.filename: old.read(item.filename) for item in old.infolist()}
        for name, body in (members | change).items():
            new.writestr(name, body)
    return out.getvalue()


def shared(data: bytes) -> bytes:
    """The same with its texts shared, as Excel writes them, one of them in pieces and with its reading."""
    with zipfile.ZipFile(BytesIO(data)) as old:
        sheet, rels = old.read(SHEET).decode(), old.read(RELS).decode()
    texts: list[str] = []

    def number(found: re.Match[str]) -> str:
        texts.append(html.unescape(found[2]))
        return f'<c r="{found[1]}" t="s"><v>{len(texts) - 1}</v></c>'

    sheet = re.sub(r'<c r="(\w+)" t="inlineStr"><is><t[^>]*>(.*?)</t></is></c>', number, sheet, flags=re.DOTALL)
    items = [f"<si><t>{text}</t></si>" for text in texts]
    items[0] = f"<si><r><t>{texts[0][:1]}</t></r><r><t>{texts[0][1:]}</t></r><rPh><t>xx</t></rPh></si>"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    named = f'<Relationship Id="rIdS" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    return repacked(
        data,
        {
            SHEET: sheet.encode(),
            "xl/sharedStrings.xml": f'<sst xmlns="x">{"".join(items)}</sst>'.encode(),
            RELS: rels.replace("</Relationships>", named).encode(),
        },
    )


def why(data: bytes, mapping: Mapping | None = None, name: str = "x.xlsx") -> list[str]:
    return [one.reason for one in read(data, name, mapping=mapping or his()) if isinstance(one, Rejected)]


def test_a_sheet_is_read_by_a_mapping_with_dates_numbers_and_texts_as_they_were_meant() -> None:
    data = book(
        [HEAD, [datetime(2026, 3, 2, 8, 15, 0), 1001, "00007", "浏览", "两\n行 & <x>", 3], [],
         ["2026/03/02 09:15:00", "u2", 20260302123456, "浏览", None, 4.0]]
    )  # fmt: skip
    found = read(data, "his.xlsx", mapping=his())
    first, second = [as_line(one) for one in found if isinstance(one, AccessEvent)]
    assert (first["time"], first["account"], first["patient_id"]) == ("2026-03-02T00:15:00+00:00", "1001", "00007")
    assert (first["query"], first["count"], first["format"]) == ("两\n行 & <x>", 3, "xlsx:his")
    assert first["source"] == {"file": "his.xlsx", "position": "第1页!2"}
    assert (second["patient_id"], second["count"], second["query"]) == ("20260302123456", 4, None)
    assert second["source"] == {"file": "his.xlsx", "position": "第1页!4"}


def test_every_sheet_has_its_own_header_and_titles_above_it_are_skipped() -> None:
    row = ["2026/03/02 09:15:00", "u2", "P", "浏览"]
    data = book([["审计报表"], HEAD, row], [["二"], [*HEAD[:4][::-1], "内容", "行数"], row[::-1]], [["说明"], ["无"]])
    found = read(data, "his.xlsx", mapping=his(1))
    assert [(type(one).__name__, one.position) for one in found] == [
        ("AccessEvent", "第1页!3"), ("AccessEvent", "第2页!3"), ("Rejected", "第3页!1"),
    ]  # fmt: skip
    assert isinstance(found[2], Rejected) and found[2].reason.startswith("bad-header: column '时间'")


def test_dates_and_times_in_two_columns_and_in_the_calendar_of_1904() -> None:
    def early(made: Any) -> None:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    split = parse_mapping(
        'name = "b"\nsystem = "S"\nzone = "UTC"\ntime_format = "iso"\n[columns]\ntime = ["日期", "时间"]\n'
        '[constants]\naction = "read"\n',
        "b",
    )
    for edit in (None, early):
        data = book([["日期", "时间"], [date(2026, 3, 2), time(8, 15, 30)]], edit=edit)
        (one,) = read(data, "b.xlsx", mapping=split)
        assert isinstance(one, AccessEvent) and as_line(one)["time"] == "2026-03-02T08:15:30+00:00"


def test_the_same_rows_are_the_same_records_wherever_they_stand() -> None:
    lines = [["2026/03/02 09:15:00", f"u{i}", "P", "浏览"] for i in range(3)]
    one = read(book([HEAD, *lines]), "a.xlsx", mapping=his())
    other = read(book([HEAD, [], *lines[::-1]]), "b.xlsx", mapping=his())
    assert {e.raw_sha256 for e in one if isinstance(e, AccessEvent)} == {
        e.raw_sha256 for e in other if isinstance(e, AccessEvent)
    }


def test_a_row_that_is_no_event_is_kept_and_read_again_with_a_mended_mapping() -> None:
    data = book(
        [
            ["标题"],
            HEAD,
            ["2026/03/02 09:15:00", "u2", "P", "打印"],
            ["2026/03/02 09:16:00", "u", "P", "浏览", "", "", "x"],
        ]
    )
    pieces = read(data, "his.xlsx", mapping=his(1))
    assert [one.reason.partition(":")[0] for one in pieces if isinstance(one, Rejected)] == ["unmapped-action", "cells"]
    mended = parse_mapping(HIS.replace("SKIP", "1") + '"打印" = "print"\n', "his.toml")
    (again,) = reread(pieces[0], zone="Asia/Shanghai", mapping=mended)  # type: ignore[arg-type]
    assert isinstance(again, AccessEvent) and (again.action, again.position) == ("print", "第1页!3")


def test_a_sheet_without_a_mapping_is_kept_and_can_be_read_later() -> None:
    data = book([HEAD, ["2026/03/02 09:15:00", "u2", "P", "浏览"]])
    (piece,) = read(data, "his.xlsx")
    assert isinstance(piece, Rejected) and piece.reason.startswith("no-mapping: ") and piece.format == "xlsx"
    (again,) = reread(piece, zone="Asia/Shanghai", mapping=his())
    assert isinstance(again, AccessEvent) and again.account == "u2"


def test_the_hospital_folders_events_may_be_a_sheet() -> None:
    data = book([["time", "account", "action", "patient_id"], ["2026-03-02T08:15:00+08:00", "u1", "read", "P1"]])
    (one,) = read(data, "events.xlsx")
    assert isinstance(one, AccessEvent) and (one.account, one.system) == ("u1", "hospital")


def test_jumpservers_export_as_a_sheet_is_read_by_the_mapping_of_its_csv() -> None:
    data = book(
        [
            ["ID", "*用户名", "*登录IP", "状态", "登录日期"],
            ["a", "wang", "10.0.0.5", "成功(True)", "2026/03/02 08:15:00 +0800"],
        ]
    )
    (one,) = read(data, "userloginlog.xlsx", mapping=load_mapping("jumpserver-login"))
    assert isinstance(one, AccessEvent) and (one.account, one.ip, one.outcome) == ("wang", "10.0.0.5", "success")


def test_an_old_workbook_is_named_as_a_stranger() -> None:
    (one,) = read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "x.xls")
    assert isinstance(one, Rejected) and one.reason.startswith("unknown-format: an old Office file")


PLAIN = shared(book([HEAD, ["2026/03/02 09:15:00", "u2", "P", "浏览"]]))
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_texts_that_cells_share_are_read() -> None:
    (one,) = read(PLAIN, "x.xlsx", mapping=his())
    assert isinstance(one, AccessEvent) and (one.account, one.patients) == ("u2", ("P",))


@pytest.mark.parametrize("member", [SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "_rels/.rels"])
def test_a_document_type_in_any_part_is_refused_unread(member: str) -> None:
    old = zipfile.ZipFile(BytesIO(PLAIN)).read(member)
    body = old[old.index(b"?>") + 2 :] if old.startswith(b"<?xml") else old
    assert why(repacked(PLAIN, {member: DOCTYPE + body}))[0].startswith("document-type: ")
    wide = ("<?xml version='1.0' encoding='UTF-16'?>" + DOCTYPE.decode().partition("?>")[2] + body.decode()).encode(
        "utf-16"
    )
    assert why(repacked(PLAIN, {member: wide}))[0].startswith("document-type: ")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = repacked(PLAIN, {SHEET: b"<a>" + b" " * (60 << 20) + b"</a>"})
    assert len(bomb) < 1 << 20
    monkeypatch.setattr(package.zipfile.ZipFile, "open", lambda *a, **k: pytest.fail("unpacked"))
    assert why(bomb)[0].startswith("zip-bomb: ")


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(repacked(PLAIN, {SHEET: b"<a>" + b" " * (2 << 20) + b"</a>"}))
    at = data.rindex(SHEET.encode()) - 46
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")  # the central directory's word for the unpacked size
    assert why(bytes(data))[0].partition(":")[0] in ("zip-bomb", "bad-zip", "not-xml")


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MEMBERS", 3)
    assert why(PLAIN)[0].startswith("zip-bomb: ")


@pytest.mark.parametrize(
    "sheet, reason",
    [
        (b"<worksheet><sheetData><row r='1'><c r='XFE1' t='str'><v>x</v></c></row></sheetData></worksheet>", "cells: "),
        (b"<worksheet><sheetData><row r='1048577'><c t='str'><v>x</v></c></row></sheetData></worksheet>", "cells: "),
        (b"<worksheet><sheetData><row r='1'><c t='s'><v>999999</v></c></row></sheetData></worksheet>", "no-text: "),
        (b"<worksheet>" + b"<a>" * 100 + b"</a>" * 100 + b"</worksheet>", "too-deep: "),
        (b"<worksheet><sheetData><row r='1'>", "not-xml: "),
        (b"\xff\xfe\x00", "not-xml: "),
        (b"", "not-xml: "),
    ],
)
def test_a_sheet_beyond_what_sheets_can_be_is_refused_with_the_reason(sheet: bytes, reason: str) -> None:
    assert why(repacked(PLAIN, {SHEET: sheet}))[0].startswith(reason)


def test_a_cell_at_the_far_corner_costs_its_row_and_no_memory() -> None:
    far = b"<row r='2'><c r='XFD2' t='str'><v>x</v></c></row>"
    old = zipfile.ZipFile(BytesIO(PLAIN)).read(SHEET)
    changed = repacked(PLAIN, {SHEET: old.replace(b'<row r="2"', far + b'<row r="3"')})
    found = read(changed, "x.xlsx", mapping=his())
    assert [type(one).__name__ for one in found] == ["Rejected", "AccessEvent"]


def test_texts_and_rows_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "TEXTS", 3)
    assert why(PLAIN)[0].startswith("too-long: the sheet's texts")
    monkeypatch.setattr(workbook, "TEXTS", 100)
    monkeypatch.setattr(rows, "RECORD", 18)
    assert why(PLAIN)[-1].startswith("too-long: a row of more than")


def test_a_damaged_archive_gives_the_rows_before_the_damage_and_a_piece() -> None:
    data = book([HEAD, *[["2026/03/02 09:15:00", f"u{i}", "P", "浏览", "x" * 50] for i in range(5000)]])
    with zipfile.ZipFile(BytesIO(data)) as archive:
        item = archive.getinfo(SHEET)
    at = item.header_offset + 30 + len(SHEET) + item.compress_size // 2
    broken = data[:at] + bytes(byte ^ 0xA5 for byte in data[at : at + 40]) + data[at + 40 :]
    found = read(broken, "x.xlsx", mapping=his())
    assert isinstance(found[-1], Rejected) and found[-1].reason.partition(":")[0] in ("bad-zip", "not-xml")
    assert len(found) > 100 and sum(isinstance(one, Rejected) for one in found) == 1


@pytest.mark.parametrize("cut", [4, 30, 100, 1000])
def test_a_cut_archive_is_one_piece(cut: int) -> None:
    assert why(PLAIN[:cut]) == ["bad-zip: the archive of the sheet is damaged or cut"]


def test_a_zip_that_holds_no_workbook_says_so() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert why(out.getvalue())[0].startswith("no-sheet: ")
    (one,) = read(out.getvalue(), "a.zip")
    assert isinstance(one, Rejected) and one.reason.startswith("unknown-format: a zip archive")
