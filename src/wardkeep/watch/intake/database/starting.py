# SPDX-License-Identifier: Apache-2.0
"""Records of several lines, each known by how its first line begins: cutting a stream between them, and dividing a block.

A line that only looks like a beginning (inside a statement) ends a record early: both halves are kept as pieces, or the first
as an event and the second as a piece; none is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.limits import BLOCK, RECORD


class Record(NamedTuple):
    """The number of its first line and its bytes without the last line end; `begun` is false for what stands before all."""

    line: int
    raw: bytes
    begun: bool


def blocks(stream: Iterator[bytes], begins: re.Pattern[bytes], size: int = BLOCK) -> Iterator[Block | Overlong]:
    """Blocks that end before a beginning; `begins` is multi-line and matches at the start of a line."""
    held, line, offset = b"", 1, 0
    for chunk in stream:
        held += chunk
        if len(held) < size:
            continue
        at = _last(held, begins)
        if not at and len(held) <= size + RECORD:
            continue
        at = at or held.rfind(b"\n") + 1 or len(held)
        yield Block(held, at, line, offset)
        line += held.count(b"\n", 0, at)
        offset += at
        held = held[at:]
    if held:
        yield Block(held, len(held), line, offset)


def _last(data: bytes, begins: re.Pattern[bytes]) -> int:
    """Where the last record begins whose first line is whole; 0 where there is none."""
    end = data.rfind(b"\n") + 1
    at = 0
    step = max(0, end - 256 * 1024)
    while not at and end:
        for match in begins.finditer(data, data.rfind(b"\n", 0, step) + 1, end):
            at = match.start()
        if not step:
            break
        step = max(0, step - 1024 * 1024)
    return at


def records(data: bytes, first: int, begins: re.Pattern[bytes]) -> Iterator[Record]:
    """What a block holds; `first` is the number of its first line. What is blank is nothing."""
    starts = [match.start() for match in begins.finditer(data)]
    if not starts or starts[0]:
        before = data[: starts[0]] if starts else data
        if before.strip():
            yield Record(first, _bare(before), False)
    line, counted = first, 0
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        line += data.count(b"\n", counted, start)
        counted = start
        yield Record(line, _bare(data[start:end]), True)


def _bare(raw: bytes) -> bytes:
    raw = raw.removesuffix(b"\n")
    return raw.removesuffix(b"\r")
