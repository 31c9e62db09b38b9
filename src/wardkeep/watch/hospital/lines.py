# SPDX-License-Identifier: Apache-2.0
"""The records of a comma-separated file (RFC 4180), with the line that each begins on, and the pieces that are none.

A file is read in blocks. Where every quote of a block stands where RFC 4180 puts one, records are found by counting quotes
over arrays; else the block is walked record by record. A quote that is never closed costs its own line only: reading goes
on at the next line, so that a broken row never swallows its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

BLOCK = 32 << 20
#: A record longer than this is set aside, its first bytes kept.
RECORD_LIMIT = 1 << 20
BOM = b"\xef\xbb\xbf"
COMMA, QUOTE, LF, CR = b',"\n\r'

Positions = npt.NDArray[np.int64]
_CELL = rb'(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)'
_RECORD = re.compile(_CELL + rb"(?:," + _CELL + rb")*+")
_QUOTED = re.compile(rb'"(?:[^"]++|"")*+"')


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are no record of this file, and why."""

    line: int
    reason: str
    raw: bytes
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Well-formed records of equal width, each ended by a line feed, and the pieces between them."""

    data: bytes
    #: First line of each record.
    lines: Positions
    #: Where each record starts in `data`, and one more: the end of the last.
    starts: Positions
    pieces: tuple[Piece, ...]

    def raw(self, index: int) -> bytes:
        """A record as it stood, without its line end."""
        record = self.data[self.starts[index] : self.starts[index + 1]]
        return record.removesuffix(b"\n").removesuffix(b"\r")


def header_of(stream: BinaryIO) -> bytes | None:
    """The first record without BOM and line end, the stream left behind it; None where it is no readable record."""
    start = stream.read(RECORD_LIMIT)
    begin = len(BOM) if start.startswith(BOM) else 0
    match = _RECORD.match(start, begin)
    end = match.end() if match else begin
    stop = _end_of_line(start, end)
    if stop is None or end == begin:
        return None
    stream.seek(stop)
    return start[begin:end]


def blocks(stream: BinaryIO, *, width: int, line: int, size: int = BLOCK) -> Iterator[Block]:
    """The records from here to the end, `width` cells each; `line` is the number of the line that the stream stands on."""
    tail = b""
    while True:
        read = stream.read(size)
        data, final = tail + read, len(read) < size
        if not final and len(data) > RECORD_LIMIT and data.find(b"\n", len(tail)) < 0:
            data, final = data + _discarded(stream), False
            if not data.endswith(b"\n"):
                final = True
        if final and not data:
            return
        block, used = _split(data, width=width, line=line, final=final)
        yield block
        line += data.count(b"\n", 0, used)
        tail = data[used:]
        if final:
            return


def _discarded(stream: BinaryIO) -> bytes:
    """Read past the end of a line that is too long to keep; what stands after it in the last part read is given back."""
    while part := stream.readline(BLOCK):
        if part.endswith(b"\n"):
            return b"\n"
    return b""


def _end_of_line(data: bytes, at: int) -> int | None:
    """Where the next line starts if `at` is an end of line, else None. A carriage return that ends the file ends its line."""
    if at == len(data) or (at + 1 == len(data) and data.endswith(b"\r")):
        return len(data)
    if data.startswith(b"\n", at):
        return at + 1
    return at + 2 if data.startswith(b"\r\n", at) else None


def _split(data: bytes, *, width: int, line: int, final: bool) -> tuple[Block, int]:
    """The records of `data`, and how many bytes are used; without `final` the last record waits for more."""
    found = _by_arrays(data, width=width, line=line, final=final)
    return found if found is not None else _by_walking(data, width=width, line=line, final=final)


def _by_arrays(data: bytes, *, width: int, line: int, final: bool) -> tuple[Block, int] | None:
    """The quick way; None where something in the block needs the careful one."""
    if final and not data.endswith(b"\n"):
        data += b"\n"
    a = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(a == LF)
    quotes = np.flatnonzero(a == QUOTE)
    ends, commas = feeds, np.flatnonzero(a == COMMA)
    if len(quotes):
        if not _well_placed(a, quotes):
            return None
        ends = feeds[np.searchsorted(quotes, feeds) & 1 == 0]
        commas = commas[np.searchsorted(quotes, commas) & 1 == 0]
    starts = np.concatenate([[0], ends + 1])
    used = int(starts[-1])
    if len(data) - used > RECORD_LIMIT or (final and used != len(data)) or data.find(b"\0", 0, used) >= 0:
        return None
    returns = np.flatnonzero(a[:used] == CR)
    if len(returns) and len(quotes):
        returns = returns[np.searchsorted(quotes, returns) & 1 == 0]
    lengths = np.diff(starts)
    widths = np.diff(np.searchsorted(commas, starts)) + 1
    blank = (lengths == 1) | ((lengths == 2) & (a[starts[:-1]] == CR))
    if (a[returns + 1] != LF).any() or ((widths != width) & ~blank).any() or (lengths > RECORD_LIMIT).any():
        return None
    try:
        data[:used].decode()
    except UnicodeDecodeError:
        return None
    lines = line + np.searchsorted(feeds, starts[:-1])
    if blank.any():
        keep = ~blank
        parts = [data[s:e] for s, e in zip(starts[:-1][keep], starts[1:][keep], strict=True)]
        return _joined(parts, lines[keep], ()), used
    return Block(data[:used], lines, starts, ()), used


def _well_placed(a: npt.NDArray[np.uint8], quotes: Positions) -> bool:
    """Whether every quote opens a cell, closes one, or is one of a doubled pair inside one."""
    opening, closing, last = quotes[0::2], quotes[1::2], len(a) - 1
    before = a[opening - 1]
    after = a[np.minimum(closing + 1, last)]
    second = a[np.minimum(closing + 2, last)]
    opens = (before == COMMA) | (before == LF) | (before == QUOTE) | (opening == 0)
    closes = (
        (after == COMMA) | (after == LF) | (after == QUOTE) | ((after == CR) & ((second == LF) | (closing + 2 > last)))
    )
    return bool(opens.all() and closes.all())


def _by_walking(data: bytes, *, width: int, line: int, final: bool) -> tuple[Block, int]:
    """Record by record: what is none becomes a piece."""
    good: list[bytes] = []
    lines: list[int] = []
    pieces: list[Piece] = []
    at = 0
    while at < len(data):
        feed = data.find(b"\n", at)
        stop = len(data) if feed < 0 else feed + 1
        if not final and (feed < 0 or (len(data) - at < RECORD_LIMIT and data.find(b'"', at, stop) >= 0)):
            break  # what follows may still belong to this record
        reason, end = _judged(data, at, stop, width)
        raw = data[at:end].removesuffix(b"\n").removesuffix(b"\r")
        if reason:
            pieces.append(Piece(line, reason, raw[:RECORD_LIMIT], len(raw) > RECORD_LIMIT))
        elif raw:
            good.append(raw + b"\n")
            lines.append(line)
        line += data.count(b"\n", at, end)
        at = end
    return _joined(good, np.array(lines, np.int64), tuple(pieces)), at


def _judged(data: bytes, at: int, stop: int, width: int) -> tuple[str, int]:
    """Why the record at `at` is none ('' where it is one), and where reading goes on. `stop`: the end of its line."""
    if stop - at > RECORD_LIMIT:
        return f"too-long: a record of more than {RECORD_LIMIT} bytes", stop
    match = _RECORD.match(data, at, min(len(data), at + RECORD_LIMIT))
    end = _end_of_line(data, match.end()) if match else None
    if match is None or end is None:
        return _misplaced(data[at:stop].removesuffix(b"\n").removesuffix(b"\r")), stop
    record = match.group()
    cells = _QUOTED.sub(b"", record).count(b",") + 1
    if record and cells != width:
        return f"cells: {cells} where the header has {width}", stop
    return _unreadable(record), end


def _misplaced(line: bytes) -> str:
    if b"\r" in line and b'"' not in line:
        return "line-end: a carriage return inside an unquoted cell"
    return "quoting: a quote inside an unquoted cell, or one that is never closed"


def _unreadable(record: bytes) -> str:
    if b"\0" in record:
        return "nul: a NUL byte"
    try:
        record.decode()
    except UnicodeDecodeError:
        return "encoding: not UTF-8"
    return ""


def _joined(parts: list[bytes], lines: Positions, pieces: tuple[Piece, ...]) -> Block:
    """A block of records that did not stand side by side."""
    starts = np.concatenate([[0], np.cumsum([len(p) for p in parts], dtype=np.int64)]).astype(np.int64)
    return Block(b"".join(parts), lines, starts, pieces)


def header_cells(header: bytes) -> list[str] | None:
    """The names in a header record; None where they are not UTF-8."""
    try:
        text = header.decode()
    except UnicodeDecodeError:
        return None
    cells = re.findall(r'(?:^|,)("(?:[^"]|"")*"|[^",]*)', text)
    return [c[1:-1].replace('""', '"') if c.startswith('"') else c for c in cells]
