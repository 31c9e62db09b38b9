# SPDX-License-Identifier: Apache-2.0
"""A message: delimiters, escapes, repetitions, what is absent and what is emptied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.hl7 import NotRead, parse
from wardkeep.watch.hl7.message import Delimiters

USUAL = Delimiters("|", "^~\\&")


def message(*segments: str, header: str = "MSH|^~\\&|HIS|H|WK|H|20260302080000||ADT^A01|1|P|2.4") -> bytes:
    return "\r".join((header, *segments)).encode()


def test_fields_components_and_repetitions_are_found() -> None:
    pid = parse(message("PID|1||P7^^^H^MR~X9^^^&1.2&ISO^SS||Li^Ming")).first("PID")
    assert pid.said(3) == "P7"
    assert [(r.said(1), r.said(5)) for r in pid.repeated(3)] == [("P7", "MR"), ("X9", "SS")]
    assert pid.repeated(3)[1].said(4, 2) == "1.2"
    assert pid.said(5, 2) == "Ming"
    assert pid.said(40) is None and pid.said(5, 9) is None and pid.said(5, 1, 2) is None


def test_the_header_counts_its_delimiter_as_its_first_field() -> None:
    read = parse(message())
    assert (read.header.said(3), read.header.said(10), read.type, read.trigger) == ("HIS", "1", "ADT", "A01")


def test_the_trigger_may_stand_in_the_event_alone() -> None:
    assert parse(message("EVN|A08|2026", header="MSH|^~\\&|A||||2026||ADT|1|P|2.3")).trigger == "A08"


def test_what_is_absent_is_not_what_is_emptied() -> None:
    pv1 = parse(message('PV1|1||""|^^""|x')).first("PV1")
    assert pv1.said(3) == "" and pv1.said(3, 2) is None
    assert pv1.said(4) is None and pv1.said(4, 3) == ""
    assert pv1.said(2) is None


@pytest.mark.parametrize(
    "written, meant",
    [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"),
        ("x\\X41\\y", "xAy"),
        ("x\\XE4BDA0\\y", "x你y"),
        ("x\\XFF\\y", "x\\XFF\\y"),  # no character of its codec
        ("one\\.br\\two", "one\ntwo"),
        ("one\\.sp2\\two", "one\n\ntwo"),
        ("\\H\\loud\\N\\ quiet", "loud quiet"),
        ("\\Zxx\\kept", "\\Zxx\\kept"),  # a local one
        ("C:\\dir", "C:\\dir"),  # no escape at all
        ("end\\", "end\\"),
        ("\\\\", "\\\\"),
    ],
)
def test_escapes_are_read_and_what_is_none_stays(written: str, meant: str) -> None:
    assert USUAL.unescaped(written) == meant


@given(text=st.text(), marks=st.sampled_from(["^~\\&", "*@!%", "^~\\", "^~\\&#"]))
def test_a_text_comes_back_from_its_escapes(text: str, marks: str) -> None:
    delimiters = Delimiters("|", marks)
    written = delimiters.escaped(text)
    assert not set("|" + marks[:2] + marks[3:4] + "\r\n\v\x1c") & set(written)
    assert delimiters.unescaped(written) == text


@given(text=st.text(st.sampled_from("a\\|^~&FSTREXH.br10"), max_size=40))
def test_no_text_is_too_crooked_for_the_escapes(text: str) -> None:
    USUAL.unescaped(text)
    assert USUAL.unescaped(USUAL.escaped(text)) == text


def test_other_delimiters_are_those_of_the_header() -> None:
    read = parse(b"MSH$*@!%$HIS$$$$2026$$ADT*A04$1$P$2.3\rPID$1$$P7*1@P8$$A!S!B*C%D\r")
    pid = read.first("PID")
    assert [r.said() for r in pid.repeated(3)] == ["P7", "P8"]
    assert (pid.said(5), pid.said(5, 2), pid.said(5, 2, 2)) == ("A*B", "C", "D")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_every_segment_end_is_one(end: str) -> None:
    read = parse(end.join(("MSH|^~\\&|A||||2026||ADT^A01|1", "EVN|A01", "PID|1||P1", "")).encode())
    assert [s.name for s in read.segments] == ["MSH", "EVN", "PID"]


def test_a_line_break_inside_a_text_breaks_no_segment() -> None:
    read = parse(b"MSH|^~\\&|A||||2026||ORU^R01|1\rOBX|1|TX|N||first\rsecond, no segment|F\rNTE|1\r")
    assert [s.name for s in read.segments] == ["MSH", "OBX", "NTE"]
    assert read.first("OBX").said(5) == "first\nsecond, no segment"


@pytest.mark.parametrize(
    "raw, code",
    [
        (b"", "no-header"),
        (b"PID|1||P1", "no-header"),
        (b"MSH|^~\\", "no-header"),
        (b"MSHA^~\\&A2026", "delimiters"),
        (b"MSH||HIS|WK|2026", "delimiters"),  # MSH-2 is empty
        (b"MSH|^^\\&|HIS|", "delimiters"),  # one sign twice
        (b"MSH|^~\\&%%|HIS|", "delimiters"),
        (b"MSH|abcd|HIS|", "delimiters"),
    ],
)
def test_what_is_no_message_says_why(raw: bytes, code: str) -> None:
    with pytest.raises(NotRead, match=f"^{code}:"):
        parse(raw)
