# SPDX-License-Identifier: Apache-2.0
"""Cutting: lines and blocks lose no byte, and one lost byte of UTF-16 costs one line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.intake.cells import Dialect
from wardkeep.watch.intake.cutting import Block, Overlong, Quotes, cut
from wardkeep.watch.intake.lines import Lines

PLAIN, WIDE = Lines(), Lines.of("utf-16-le")


@given(st.binary(max_size=300), st.sampled_from([PLAIN, WIDE, Lines.of("utf-16-be")]))
def test_lines_put_together_again_are_the_data(data: bytes, lines: Lines) -> None:
    found = lines.split(data)
    together = lines.end.join(found)
    assert data in (together, together + lines.end)
    assert lines.count(data) == len(found)


@given(
    st.lists(st.text("ab患者é\U0001f600", max_size=9), max_size=8),
    st.sampled_from(["utf-16-le", "utf-16-be", "gb18030", "utf-8"]),
)
def test_lines_of_text_are_found_in_its_encoding(texts: list[str], codec: str) -> None:
    lines = Lines.of(codec)
    data = b"".join(text.encode(codec) + "\r\n".encode(codec) for text in texts)
    assert [lines.bare(line).decode(codec) for line in lines.split(data)] == texts


def test_a_lost_byte_of_utf16_costs_its_line_only() -> None:
    texts = [f"line {i} 患者" for i in range(9)]
    data = b"".join(f"{text}\r\n".encode("utf-16-le") for text in texts)
    at = len("".join(f"{text}\r\n" for text in texts[:4]).encode("utf-16-le")) + 5
    found = [WIDE.bare(line) for line in WIDE.split(data[:at] + data[at + 1 :])]
    assert [line.decode("utf-16-le") for line in found[:4] + found[5:]] == texts[:4] + texts[5:]


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


@given(st.binary(max_size=2000).map(lambda b: b.replace(b"\x07", b"\n")), st.integers(1, 50), st.integers(1, 90))
def test_blocks_put_together_again_are_the_stream(data: bytes, chunk: int, size: int) -> None:
    offset, line = 0, 1
    for block in cut(pieces(data, chunk), PLAIN, size=size, longest=0):
        assert block.line == line
        if isinstance(block, Block):
            assert block.offset == offset and block.data == data[offset : offset + len(block.data)]
            offset += len(block.data)
            line += PLAIN.count(block.data)
        else:
            assert (
                data[offset:].startswith(block.head[: block.size]) and b"\n" not in data[offset : offset + block.size]
            )
            offset += block.size + 1
            line += 1
    assert offset >= len(data)


def test_a_line_longer_than_a_block_is_passed_over_and_said() -> None:
    data = b"short\n" + b"x" * 500 + b"\nnext\n"
    found = list(cut(pieces(data, 30), PLAIN, size=60, longest=100))
    assert [(b.line, b.size) for b in found if isinstance(b, Overlong)] == [(2, 500)]
    assert b"".join(b.data for b in found if isinstance(b, Block)) == b"short\nnext\n"


def test_a_block_does_not_end_within_quotes() -> None:
    dialect = Dialect("utf-8", ",", '"', 2)
    rows = [f'{i},"line one\nline two\nline three of {i}"\n'.encode() for i in range(60)]
    for size in range(40, 200, 7):
        blocks = list(cut(pieces(b"".join(rows), 16), PLAIN, Quotes(b'"', dialect.whole), size=size))
        assert len(blocks) > 5
        for block in blocks:
            assert isinstance(block, Block) and block.data.count(b'"') % 2 == 0


def test_the_blocks_do_not_depend_on_how_the_stream_came() -> None:
    data = b"".join(f'{i},"a\nb"\n'.encode() if i % 7 else b'broken,"x\n' for i in range(3000))
    dialect = Dialect("utf-8", ",", '"', 2)
    one = list(cut([data], PLAIN, Quotes(b'"', dialect.whole), size=1000))
    assert b"".join(b.data for b in one if isinstance(b, Block)) == data
