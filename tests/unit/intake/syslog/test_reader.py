# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from tests.unit.intake.atna.messages import audit, patient
from tests.unit.intake.reading import one, read, refused
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import as_line
from wardkeep.watch.intake.cutting import Block
from wardkeep.watch.intake.row import Row
from wardkeep.watch.intake.syslog import files
from wardkeep.watch.intake.syslog.reader import TEXT, SyslogReader
from wardkeep.watch.intake.times import HOUR, day_of

HEAD = "<85>1 2026-03-02T08:15:00+08:00 ehr1 OHT 521 IHE+DICOM - "
NEAR = day_of("2026-03-02")


def message(raw: bytes, **how: object) -> Row | Rejected:
    return SyslogReader(source="x", zone="Asia/Shanghai", **how).message(raw, "1")  # type: ignore[arg-type]


def told(raw: str, near: int | None = NEAR) -> dict[str, object]:
    """What the common shape and `extra` say of a message that is no audit message."""
    import msgspec

    row = message(raw.encode(), near=near)
    assert isinstance(row, Row), row
    assert (row.kind, row.account, row.patients) == ("other", None, ())
    found = msgspec.json.decode(row.extra or "{}")
    return {"system": row.system, "time": row.time, "quality": row.time_quality, "format": row.format} | found


@pytest.mark.parametrize(
    "raw, expected",
    [
        (
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed",
            {"system": "su", "source_system": "mymachine.example.com", "subtype": "ID47", "description": "'su root' failed",
             "facility": 4, "severity": 2, "time": 1_065_910_455_003_000, "format": "syslog-rfc5424"},
        ),
        (
            '<165>1 2003-10-11T22:14:15.003Z h app 9 ID47 [a@1 iut="3" eventSource="A \\"b\\" \\] c"][x@1 y="z"] text',
            {"structured": '[a@1 iut="3" eventSource="A \\"b\\" \\] c"][x@1 y="z"]', "description": "text", "process": "9"},
        ),
        ("<165>1 2003-10-11T22:14:15.003Z h app - - [a@1]", {"structured": "[a@1]", "system": "app"}),
        ("<165>1 2003-10-11T22:14:15.003Z h app - - no structured data", {"description": "no structured data"}),
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            {"system": "su", "source_system": "mymachine", "description": "'su root' failed", "format": "syslog-rfc3164",
             "quality": "zone", "time": day_of("2025-10-11") + (14 * 3600 + 14 * 60 + 15) * 1_000_000},
        ),
        ("<13>Mar  2 08:15:00 h sshd[77]: x", {"system": "sshd", "process": "77", "time": NEAR + 900_000_000}),
        ("<13>Mar  2 08:15:00 2026 fw1 %ASA-6-1: x", {"source_system": "fw1", "system": "%ASA-6-1"}),
        ("<13>Mar  2 2026 08:15:00 fw1 %%01SEC/4: x", {"source_system": "fw1", "time": NEAR + 900_000_000}),
        ("<13>Mar  2 08:15:00 sshd[7]: no machine", {"system": "sshd", "description": "no machine"}),
        ("<13>2026-03-02T08:15:00+08:00 h app: x", {"system": "app", "quality": "offset"}),
        ("<13>2026-03-02 08:15:00 h app: x", {"system": "app", "quality": "zone"}),
        ("Mar  2 08:15:00 h app[1]: a line of a file", {"description": "a line of a file", "system": "app"}),
        ("<13>Mar  2 08:15:00 10.0.0.1 text without a tag", {"source_system": "10.0.0.1", "system": "10.0.0.1"}),
        ("<13>1 2026-03-02T08:15:00+08:00 h a - - - 患者", {"description": "患者"}),
    ],
)  # fmt: skip
def test_a_message_that_is_no_audit_message_is_kept_with_what_its_header_says(
    raw: str, expected: dict[str, object]
) -> None:
    found = told(raw)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    "near, day",
    [
        (day_of("2026-01-02"), "2025-12-31"),  # written before the turn of the year
        (day_of("2025-12-31"), "2025-12-31"),
        (day_of("2025-12-30") + 5 * HOUR, "2025-12-31"),  # clocks differ
        (day_of("2025-12-29"), "2024-12-31"),
    ],
)
def test_a_time_without_a_year_lies_before_the_moment_that_is_known(near: int, day: str) -> None:
    assert told("<13>Dec 31 12:00:00 h a: x", near)["time"] == day_of(day) + 4 * 3600 * 1_000_000


def test_the_leap_day_lies_in_the_last_leap_year() -> None:
    assert told("<13>Feb 29 12:00:00 h a: x", NEAR)["time"] == day_of("2024-02-29") + 4 * 3600 * 1_000_000


def test_the_name_of_a_file_says_the_year_and_without_one_the_message_waits() -> None:
    line = b"Dec 31 08:15:00 h app[1]: a\n" * 3
    found = read(line, "messages-20260104")
    assert [as_line(e)["time"] for e in found if isinstance(e, AccessEvent)] == ["2025-12-31T00:15:00+00:00"] * 3
    piece = read(line, "messages")[0]
    assert isinstance(piece, Rejected) and piece.reason.startswith("bad-time: ") and "year" in piece.reason


@pytest.mark.parametrize(
    "raw, reason",
    [
        ("text", "no-header"),
        ("<999>1 2026-03-02T08:15:00Z h a - - - x", "bad-header"),
        ('<13>1 2026-03-02T08:15:00Z h a - - [x y="z] t', "bad-header"),
        ("<13>1 2026-99-02T08:15:00Z h a - - - x", "bad-time"),
        ("<13>1 - h a - - - x", "bad-time"),
        ("<13>no time at all", "bad-time"),
        (HEAD + "<AuditMessage>", "not-xml"),
        (HEAD + "<!DOCTYPE a [<!ENTITY x 'y'>]><AuditMessage>&x;</AuditMessage>", "document-type"),
        (HEAD + audit(time=""), "bad-time"),
        ("<85>1 " + "x" * 5_000_000, "too-long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(raw: str, reason: str) -> None:
    piece = message(raw.encode(), near=NEAR)
    assert isinstance(piece, Rejected) and piece.reason.startswith(f"{reason}: ") and piece.format == "syslog"
    assert piece.raw in raw.encode()


def test_an_audit_message_is_read_whatever_stands_before_it() -> None:
    text = audit(patient("P1"), source="")
    for head in (
        HEAD,
        HEAD[:-2] + '[a@1 b="c"] \ufeff',
        "<85>Mar  2 08:15:00 ehr1 OHT[521]: ",
        "<85>Mar  2 08:15:00 ehr1 ",
    ):
        row = message((head + text).encode())
        assert isinstance(row, Row) and row.patients == ("P1",) and row.system == "ehr1", head


def test_an_audit_message_that_is_quoted_in_a_text_is_text() -> None:
    """Else a user name could write an audit trail."""
    row = message(f"{HEAD}login failed for {audit(patient('P1'))}".encode())
    assert isinstance(row, Row) and (row.kind, row.patients) == ("other", ())


def test_a_long_text_is_kept_in_part() -> None:
    found = told(f"{HEAD}{'患' * 9_000}")
    assert found["description"] == "患" * TEXT


def test_texts_in_the_national_encoding_are_read() -> None:
    row = message(HEAD.encode() + "登录失败".encode("gb18030"))
    assert isinstance(row, Row) and "登录失败" in str(row.extra)


FRAMES = [HEAD.encode() + audit(patient(f"P{i}")).replace("><", ">\n<" if i % 2 else "><").encode() for i in range(9)]
COUNTED = b"".join(b"%d %b" % (len(f), f) for f in FRAMES)
LINES = b"\n".join(FRAMES) + b"\n"


@pytest.mark.parametrize("data", [COUNTED, LINES])
def test_blocks_hold_whole_messages_wherever_the_stream_is_cut(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [e.patients for e in read(data, "a.log") if isinstance(e, AccessEvent)]
    assert expected == [(f"P{i}",) for i in range(9)]
    # Small blocks: as if the file were large.
    monkeypatch.setattr(files, "BLOCK", 1_000)
    monkeypatch.setattr(files.cut, "__kwdefaults__", files.cut.__kwdefaults__ | {"size": 1_000})  # type: ignore[attr-defined]
    for step in (100, 999, 5_000):
        parts = [data[at : at + step] for at in range(0, len(data), step)]
        head = b"".join(parts[: 2_000 // step + 1])
        found, places, at = [], [], 0
        for block in files.blocks(iter([head, *parts[2_000 // step + 1 :]]), "a.log"):
            assert isinstance(block, Block) and block.offset == at
            at += block.size
            for row in SyslogReader(source="a.log", zone="Asia/Shanghai").parse(block.data, block.line):
                assert isinstance(row, Row), row
                found.append(row.patients)
                places.append(row.position)
        assert at == len(data) and found == expected
        assert places == [e.position for e in read(data, "a.log") if isinstance(e, AccessEvent)]


def test_positions_are_lines_or_numbers_of_counted_messages() -> None:
    assert [e.position for e in read(COUNTED, "a.log")][:3] == ["message[1]", "message[2]", "message[3]"]
    lines = [e.position for e in read(LINES, "a.log") if isinstance(e, AccessEvent)]
    assert lines[:3] == ["1", "2", str(3 + FRAMES[1].count(b"\n"))]


def test_files_without_priorities_are_recognised_where_nearly_all_lines_are_messages() -> None:
    lines = b"2026-03-02T08:15:00+08:00 ehr1 app[3]: a\n" * 9
    assert all(isinstance(e, AccessEvent) for e in read(lines, "a.log"))
    assert refused(b"2026-03-02T08:15:00+08:00 a: b\nfree text\nfree text\n", "a.log").reason.startswith(
        "unknown-format"
    )


def test_a_count_that_lies_is_named_where_it_is_the_only_message() -> None:
    piece = refused(b"1037 <85>1 2013-10-17T15:12:04Z host app - - -", "delivery.dat")
    assert piece.reason.startswith("cut: a message of 1037 bytes") and piece.format == "syslog"


def test_what_is_no_audit_message_is_seen_as_such() -> None:
    event = one(b"<85>1 2013-10-17T15:12:04Z host app 521 IHE+DICOM - <x/>", "delivery.dat")
    assert event.kind == "other" and event.extra["description"] == "<x/>"
