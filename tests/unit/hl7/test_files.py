# SPDX-License-Identifier: Apache-2.0
"""Messages in files: every form, every segment end, and what stands between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.hl7.files import divide, last_begin, looks_like_messages
from wardkeep.watch.hl7.mllp import framed

ONE = b"MSH|^~\\&|A||||2026||ADT^A01|1\rPID|1||P1"
TWO = b"MSH|^~\\&|A||||2026||ADT^A03|2\rPID|1||P1"


def found(data: bytes) -> list[tuple[bytes, str | None]]:
    return [(piece.raw, piece.problem and piece.problem.partition(":")[0]) for piece in divide(data)]


@pytest.mark.parametrize(
    "data",
    [
        ONE + b"\r" + TWO,
        ONE + b"\r\r\n" + TWO + b"\r\n",
        b"\xef\xbb\xbf" + ONE + b"\r" + TWO + b"\r",
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + ONE + b"\r" + TWO + b"\rBTS|2\rFTS|1\r",
        b"FHS|^~\\&|A\rBHS|^~\\&\r" + ONE + b"\rBTS|1\rBHS|^~\\&\r" + TWO + b"\rBTS|1\rFTS|2",
        framed(ONE + b"\r") + framed(TWO + b"\r"),
        framed(ONE + b"\r") + b"\r\n" + framed(TWO + b"\r") + b"\n",
        b"\x0b" + ONE + b"\r\x1c\n\x0b" + TWO + b"\r\x1c\n",  # carriage returns of the frames became line feeds
    ],
)
def test_a_file_of_two_messages_gives_two_however_it_is_written(data: bytes) -> None:
    assert looks_like_messages(data)
    assert found(data) == [(ONE, None), (TWO, None)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_feeds_end_segments_too(end: bytes) -> None:
    data = (ONE + b"\r" + TWO + b"\r").replace(b"\r", end)
    assert [raw for raw, _ in found(data)] == [ONE.replace(b"\r", end), TWO.replace(b"\r", end)]


def test_lines_are_counted_whatever_ends_them() -> None:
    for end in (b"\r", b"\n", b"\r\n"):
        assert [p.line for p in divide((ONE + b"\r" + TWO).replace(b"\r", end), 7)] == [7, 9]


def test_what_stands_outside_is_a_piece_of_its_own() -> None:
    data = b"noise\r" + framed(ONE) + b"more noise" + framed(TWO) + b"last"
    assert found(data) == [
        (b"noise", "outside"), (ONE, None), (b"more noise", "outside"), (TWO, None), (b"last", "outside"),
    ]  # fmt: skip


def test_a_frame_without_an_end_is_named() -> None:
    assert found(b"\x0b" + ONE + b"\r\x0b" + TWO + b"\x1c\r") == [(ONE, "unended"), (TWO, None)]


def test_the_word_msh_inside_a_field_begins_no_message() -> None:
    data = ONE + b"\rNTE|1||about MSH|and MSH-18\r"
    assert len(found(data)) == 1 and last_begin(data) == 0


@given(n=st.integers(1, 6), end=st.sampled_from([b"\r", b"\n", b"\r\n"]), frames=st.booleans())
def test_a_file_may_be_cut_where_its_last_message_begins(n: int, end: bytes, frames: bool) -> None:
    messages = [ONE + b"%d" % i for i in range(n)]
    data = b"".join(framed(m + b"\r") if frames else m.replace(b"\r", end) + end for m in messages)
    at = last_begin(data)
    assert (at == 0) == (n == 1)
    assert found(data[:at]) + found(data[at:]) == found(data)
