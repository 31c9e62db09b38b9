# SPDX-License-Identifier: Apache-2.0
"""Cutting a stream into blocks of whole lines, to be parsed one by one, in this process or in others.

A block ends at a line end. Where rows can have line breaks in quotes it ends where, as far as can be told, no quote is open.
The cut depends on the bytes alone: one process and several see the same blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from wardkeep.watch.intake.limits import BLOCK, KEEP, RECORD, ROW_LINES
from wardkeep.watch.intake.lines import Lines


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, the number of the first (from 1), and where the block begins in the unpacked stream."""

    read: bytes
    #: How much of `read` is the block.
    size: int
    line: int
    offset: int

    @property
    def data(self) -> bytes:
        """The lines; a copy, so that who only names their place in the file need not make it."""
        return self.read if self.size == len(self.read) else self.read[: self.size]


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line that is longer than a whole block: its number, its begin, and its size."""

    line: int
    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Quotes:
    """What is known of quoted rows: the quote's bytes, and which line is surely a record of its own."""

    mark: bytes
    whole: Callable[[bytes], bool]


def cut(
    chunks: Iterable[bytes], lines: Lines, quotes: Quotes | None = None, *, line: int = 1, offset: int = 0,
    size: int = BLOCK, longest: int = RECORD,
) -> Iterator[Block | Overlong]:  # fmt: skip
    """Cut the stream; `line` and `offset` are those of its first byte, `longest` what a line may have."""
    waiting: list[bytes] = []
    held = 0
    overlong: Overlong | None = None
    for chunk in chunks:
        data = chunk
        if overlong is not None:
            at = data.find(lines.end)
            if at < 0:
                overlong = Overlong(overlong.line, overlong.head, overlong.size + len(data))
                offset += len(data)
                continue
            yield Overlong(overlong.line, overlong.head, overlong.size + at)
            overlong, at = None, at + len(lines.end)
            line += 1
            offset += at
            data = data[at:]
        waiting.append(data)
        held += len(data)
        if held < size:
            continue
        data = b"".join(waiting)
        at = _place(data, lines, quotes)
        if not at and held <= longest:
            waiting = [data]
            continue
        if at:
            yield Block(data, at, line, offset)
            line += lines.count(data, at)
        else:
            overlong = Overlong(line, data[:KEEP], len(data))
            at = len(data)
        offset += at
        waiting, held = [data[at:]], len(data) - at
    if overlong is not None:
        yield overlong
    data = b"".join(waiting)
    if data:
        yield Block(data, len(data), line, offset)


def _place(data: bytes, lines: Lines, quotes: Quotes | None) -> int:
    """Where to cut: after a line end; 0 where there is none."""
    last = lines.last_end(data, len(data))
    if not last or quotes is None or quotes.mark not in data:
        return last
    ends = [last]
    while len(ends) < 2 * ROW_LINES and (before := lines.last_end(data, ends[-1] - len(lines.end))):
        ends.append(before)
    even = data.count(quotes.mark, 0, last) % 2 == 0
    alone, closed = 0, 0
    for after, at in pairwise(ends):
        even ^= data.count(quotes.mark, at, after) % 2 == 1
        start = lines.last_end(data, at - len(lines.end))
        if quotes.whole(data[at : after - len(lines.end)]) and quotes.whole(data[start : at - len(lines.end)]):
            if even:
                return at
            alone = alone or at
        closed = closed or (at if even else 0)
    return alone or closed or last
