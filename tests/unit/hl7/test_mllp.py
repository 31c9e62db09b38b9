# SPDX-License-Identifier: Apache-2.0
"""Frames: every byte is accounted for, however it is cut and whatever a sender claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.hl7.mllp import KEEP, Deframer, Frame, framed

ONE = b"MSH|^~\\&|HIS|H|WK|H|20260302080000||ADT^A01|1|P|2.4\rPID|1||P1\r"
TWO = b"MSH|^~\\&|HIS|H|WK|H|20260302080100||ADT^A03|2|P|2.4\rPID|1||P1\r"


def cut(stream: bytes, *, longest: int = 1 << 20, step: int = 0) -> list[Frame]:
    deframer = Deframer(longest=longest)
    found: list[Frame] = []
    for at in range(0, len(stream), step or max(len(stream), 1)):
        found += deframer.feed(stream[at : at + (step or len(stream))])
    return found + deframer.close()


def codes(frames: list[Frame]) -> list[str | None]:
    return [frame.problem and frame.problem.partition(":")[0] for frame in frames]


def test_messages_come_out_as_they_went_in() -> None:
    frames = cut(framed(ONE) + framed(TWO))
    assert [f.message for f in frames] == [ONE, TWO]
    assert codes(frames) == [None, None]
    assert [f.offset for f in frames] == [1, len(framed(ONE)) + 1]


@pytest.mark.parametrize(
    "stream, expected",
    [
        (b"", []),
        (b"\r\n \r\n", []),  # white space between frames is nothing
        (framed(ONE) + b"\r\n" + framed(TWO), [None, None]),
        (ONE, ["outside"]),  # no frame at all
        (b"noise" + framed(ONE), ["outside", None]),
        (framed(ONE) + b"\x1c\r", [None, "outside"]),  # an end without a start
        (b"\x0b" + ONE, ["cut"]),  # a start without an end
        (b"\x0b" + ONE + framed(TWO), ["unended", None]),  # the next one begins before the end
        (framed(b""), ["empty"]),
        (framed(b"\r\n"), ["empty"]),
        (b"\x0b" + ONE + b"\x1c\n" + framed(TWO), ["unended", None]),  # half an end mark is none
        (b"\x0b" + ONE + b"\x1c", ["cut"]),
        (framed(ONE + b"NTE|1||pasted\x0btext\r"), [None]),  # 0B inside a text is no start
    ],
)
def test_a_lie_about_a_frame_costs_that_frame_only(stream: bytes, expected: list[str | None]) -> None:
    assert codes(cut(stream)) == expected


def test_a_message_over_the_limit_is_counted_and_its_bytes_are_let_go() -> None:
    deframer = Deframer(longest=1000)
    assert deframer.feed(b"\x0bMSH|") == []
    for _ in range(500):
        assert deframer.feed(b"x" * 1000) == []
        assert deframer.waiting <= KEEP + 3
    assert deframer.overlong
    frames = deframer.feed(b"\x1c\r" + framed(ONE))
    assert codes(frames) == ["too-long", None]
    assert frames[0].truncated and frames[0].size == 500_004
    assert len(frames[0].message) == KEEP
    assert not deframer.overlong


def test_noise_without_end_is_not_held_either() -> None:
    deframer = Deframer(longest=1000)
    for _ in range(500):
        deframer.feed(b"y" * 1000)
        assert deframer.waiting <= KEEP
    [frame] = deframer.close()
    assert frame.size == 500_000 and frame.truncated and frame.problem is not None


def test_a_closed_deframer_begins_anew() -> None:
    deframer = Deframer()
    deframer.feed(b"\x0bMSH|half")
    assert codes(deframer.close()) == ["cut"]
    assert [f.message for f in deframer.feed(framed(ONE))] == [ONE]
    assert deframer.close() == []


def test_a_problem_says_nothing_of_the_message() -> None:
    assert all(b"PATIENT" not in (f.problem or "").encode() for f in cut(b"\x0bPATIENT" * 3 + b"\x1cPATIENT"))


PARTS = st.lists(
    st.sampled_from([ONE, b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"MSH", b"\x0bMSH", b"MS", b"x", b"\n", b"\x0b\x0b"]),
    max_size=30,
)


@given(parts=PARTS, step=st.integers(1, 9), longest=st.sampled_from([5, 80, 1 << 20]))
def test_the_cut_depends_on_the_bytes_alone(parts: list[bytes], step: int, longest: int) -> None:
    stream = b"".join(parts)
    assert cut(stream, longest=longest, step=step) == cut(stream, longest=longest)


@given(parts=PARTS)
def test_every_byte_is_in_a_frame_or_is_a_mark_or_white_space(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    left = bytearray(stream)
    for frame in reversed(cut(stream)):
        assert stream[frame.offset : frame.offset + frame.size] == frame.message
        del left[frame.offset : frame.offset + frame.size]
    assert set(left) <= set(b"\x0b\x1c\r\n \t\0")
