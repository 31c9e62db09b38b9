# SPDX-License-Identifier: Apache-2.0
"""Character sets: as MSH-18 says, guessed only where no delimiter can move, refused by name where we cannot."""

from __future__ import annotations

import pytest

from wardkeep.watch.hl7 import NotRead, parse


def message(charset: str, name: str = "王小明") -> str:
    return f"MSH|^~\\&|HIS|H|WK|H|20260302080000||ADT^A01|1|P|2.4||||||{charset}\rPID|1||P1||{name}^^^||19700101\r"


@pytest.mark.parametrize(
    "charset, codec",
    [
        ("UNICODE UTF-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("GB 18030-2000", "gb18030"),
        ("GB18030", "gb18030"),
        ("gb18030~ASCII", "gb18030"),
        ("BIG-5", "big5"),
    ],
)
def test_names_are_read_in_the_character_set_of_the_header(charset: str, codec: str) -> None:
    read = parse(message(charset).encode(codec))
    assert read.first("PID").said(5) == "王小明"
    assert read.first("PID").said(7) == "19700101"
    assert not read.guessed


def test_a_character_whose_second_byte_is_a_delimiter_divides_nothing() -> None:
    name = "亅乗亊亝"  # in GB 18030 their second bytes are | ^ ~ and \ among others
    assert {0x7C, 0x5E, 0x7E, 0x5C} & set(name.encode("gb18030"))
    assert parse(message("GB18030", name).encode("gb18030")).first("PID").said(5) == name


def test_such_a_character_in_the_header_hides_no_character_set() -> None:
    text = message("GB18030").replace("|HIS|", "|亅系统|")
    read = parse(text.encode("gb18030"))
    assert read.header.said(3) == "亅系统" and read.first("PID").said(5) == "王小明"


def test_western_character_sets_are_read() -> None:
    assert parse(message("8859/1", "Müller").encode("latin-1")).first("PID").said(5) == "Müller"
    assert parse(message("8859/5", "Иван").encode("iso8859-5")).first("PID").said(5) == "Иван"


@pytest.mark.parametrize("charset", ["", "ASCII"])
def test_what_the_header_does_not_say_is_guessed_and_told(charset: str) -> None:
    for codec in ("utf-8", "gb18030"):
        read = parse(message(charset).encode(codec))
        assert (read.first("PID").said(5), read.codec, read.guessed) == ("王小明", codec, True)
    plain = parse(message(charset, "Wang").encode())
    assert not plain.guessed


def test_a_guess_that_would_move_a_delimiter_is_refused() -> None:
    with pytest.raises(NotRead, match=r"^charset: MSH-18 is empty"):
        parse(message("", "José").replace("^^^", "").encode("latin-1"))


@pytest.mark.parametrize(
    "charset, says",
    [
        ("ISO IR87", "switches"),
        ("ISO IR149", "names ISO IR149"),
        ("ASCII~ISO IR87", "switches"),
        ("UNICODE UTF-16", "names"),
        ("KLINGON", "no table"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(charset: str, says: str) -> None:
    with pytest.raises(NotRead, match=says):
        parse(message(charset, "田中").encode("iso2022_jp" if "IR87" in charset else "utf-8"))


def test_bytes_that_are_not_what_the_header_says_are_refused() -> None:
    with pytest.raises(NotRead, match="is not UNICODE UTF-8"):
        parse(message("UNICODE UTF-8").encode("gb18030"))
