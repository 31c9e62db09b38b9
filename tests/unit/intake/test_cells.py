# SPDX-License-Identifier: Apache-2.0
"""Rows of delimited text: quotes, line breaks, and what a broken row costs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.intake.cells import Cut, Dialect, plain_records, records

THREE = Dialect("utf-8", ",", '"', 3)


def read(text: str, dialect: Dialect = THREE) -> list[Cut]:
    return list(records(text.encode(dialect.codec), 1, dialect))


CELL = st.text('ab,"|; \n\r患者€\U0001f600\t', max_size=8)


@given(
    st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6),
    st.sampled_from([",", ";", "|", "\t", "^", "||", "~|~"]),
    st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-16-be"]),
)
def test_what_was_written_by_the_book_is_read_back(
    rows: list[tuple[str, str, str]], separator: str, codec: str
) -> None:
    dialect = Dialect(codec, separator, '"', 3)
    text = ""
    for row in rows:
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in row]
        text += separator.join(quoted) + "\r\n"
    found = read(text, dialect)
    assert [cut.problem for cut in found] == [None] * len(rows)
    assert [tuple(cut.cells) for cut in found] == rows
    assert "\r\n".encode(codec).join(cut.raw for cut in found) + "\r\n".encode(codec) == text.encode(codec)


@given(st.lists(st.lists(st.text("ab, \n\"'", max_size=5), min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_row_of_pythons_csv_writer_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    assert [cut.cells for cut in read(out.getvalue())] == rows


def test_a_row_with_line_breaks_has_the_number_of_its_first_line() -> None:
    found = read('a,b,c\n1,"x\ny\n\nz",3\nd,e,f\n')
    assert [(cut.line, cut.cells) for cut in found] == [
        (1, ["a", "b", "c"]),
        (2, ["1", "x\ny\n\nz", "3"]),
        (6, ["d", "e", "f"]),
    ]


@pytest.mark.parametrize(
    "broken, why",
    [
        ('1,"open,3', "quotes: a quote is opened"),
        ('1,"closed"badly,3', "quotes: a quote inside"),
        ("1,2", "cells: 2 cells where 3 are due"),
        ("1,2,3,4", "cells: 4 cells where 3 are due"),
        ("1,\0,3", "nul-byte"),
        ('1,2,"', "quotes"),
        ('"', "quotes"),
        ("lone", "cells: 1 cells"),
    ],
)
def test_a_broken_row_costs_itself_only(broken: str, why: str) -> None:
    before, after = 'a,"b, b",c\n', '\nd,"e\ne",f\ng,h,i\n'
    found = read(before + broken + after)
    assert [cut.cells for cut in found if cut.problem is None] == [
        ["a", "b, b", "c"],
        ["d", "e\ne", "f"],
        ["g", "h", "i"],
    ]
    [bad] = [cut for cut in found if cut.problem]
    assert bad.raw == broken.encode() and str(bad.problem).startswith(why) and bad.line == 2


def test_a_byte_that_the_encoding_has_not_costs_its_line_only() -> None:
    data = "甲,乙,丙\n".encode("gb18030") + b"a,\xff,c\n" + "丁,戊,己\n".encode("gb18030")
    found = list(records(data, 1, Dialect("gb18030", ",", '"', 3)))
    assert [cut.cells for cut in found] == [["甲", "乙", "丙"], [], ["丁", "戊", "己"]]
    assert str(found[1].problem).startswith("bad-encoding: byte 3")


def test_a_pipe_inside_a_gb18030_character_is_no_separator() -> None:
    # The second byte of 鱸 is 7C, the pipe.
    text = next(c for c in map(chr, range(0x4E00, 0x9FA5)) if c.encode("gb18030")[1:] == b"|")
    found = list(records(f"{text}|b|c\n".encode("gb18030"), 1, Dialect("gb18030", "|", '"', 3)))
    assert found[0].cells == [text, "b", "c"]


def test_blank_lines_are_no_records_and_empty_cells_at_the_end_are_left_out() -> None:
    found = read("\n  \na,b,c\n\r\nd,e,f,,\n")
    assert [cut.cells for cut in found] == [["a", "b", "c"], ["d", "e", "f"]]


def test_without_a_quote_character_a_quote_is_a_letter() -> None:
    assert read('5\'10"|"|x\n', Dialect("utf-8", "|", "", 3))[0].cells == ["5'10\"", '"', "x"]


def test_a_thousand_open_quotes_take_no_time() -> None:
    found = read('1,"open,3\n' * 20_000)
    assert len(found) == 20_000 and all(cut.problem for cut in found)


@given(
    st.lists(st.lists(st.text('ab"é \r', max_size=4), min_size=1, max_size=4).map(",".join), max_size=6).map("\n".join),
    st.sampled_from(["", '"']),
    st.integers(1, 3),
)
def test_the_quick_way_says_what_the_careful_way_says(text: str, quote: str, width: int) -> None:
    dialect = Dialect("utf-8", ",", quote, width)
    quick = plain_records(text.encode(), dialect)
    if quick is None:
        return
    careful = read(text, dialect)
    assert [(line, raw, cells, None) for line, (raw, cells) in enumerate(quick, 1) if cells] == [
        tuple(cut) for cut in careful
    ]


def test_a_quote_within_an_unquoted_cell_is_a_letter() -> None:
    found = read('1,5\'10",3\n4,"5\n6",7\n8,"9,0\n')
    assert [cut.cells for cut in found] == [["1", "5'10\"", "3"], ["4", "5\n6", "7"], []]
