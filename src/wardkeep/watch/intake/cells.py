# SPDX-License-Identifier: Apache-2.0
"""Rows of delimited text: physical lines into cells, quoted cells with line breaks included, one bad row at a time.

Quoting is RFC 4180 and strict: a quote that is opened must be closed before a separator or the line end. A row whose quotes
do not come out, alone or together with the lines that follow, is rejected alone; reading goes on with the next line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wardkeep.watch.intake.limits import RECORD, ROW_LINES
from wardkeep.watch.intake.lines import Lines

csv.field_size_limit(RECORD)
#: Stands for a separator of several characters while quotes are read.
_STAND_IN = "\x1f"


class Cut(NamedTuple):
    """One record: the number of its first line, its bytes without the line end, and its cells or why it has none."""

    line: int
    raw: bytes
    cells: list[str]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are written."""

    codec: str
    separator: str
    quote: str
    #: Cells in a row.
    width: int

    @property
    def lines(self) -> Lines:
        return Lines.of(self.codec)

    def cells(self, text: str) -> list[str] | None:
        """The cells of one record; None where its quotes do not come out."""
        if not self.quote or self.quote not in text:
            return text.split(self.separator)
        wide = len(self.separator) > 1
        if wide and _STAND_IN in text:
            return None
        line = text.replace(self.separator, _STAND_IN) if wide else text
        delimiter = _STAND_IN if wide else self.separator
        try:
            rows = list(csv.reader([line], delimiter=delimiter, quotechar=self.quote, strict=True))
        except csv.Error:
            return None
        if len(rows) != 1:
            return None
        return [cell.replace(_STAND_IN, self.separator) for cell in rows[0]] if wide else rows[0]

    def fitted(self, cells: list[str]) -> list[str] | None:
        """The cells where they are as many as there should be, or more only by empty ones at the end."""
        if len(cells) == self.width:
            return cells
        if len(cells) > self.width and not any(cells[self.width :]):
            return cells[: self.width]
        return None

    def whole(self, raw: bytes) -> bool:
        """Whether a physical line is a record by itself."""
        try:
            cells = self.cells(self.lines.bare(raw).decode(self.codec))
        except UnicodeDecodeError:
            return False
        return cells is not None and self.fitted(cells) is not None


def plain_records(data: bytes, dialect: Dialect) -> list[tuple[bytes, list[str]]] | None:
    """The lines of a block with their cells (none for a blank line), where every line is a record; else None.

    It says what `records` says, several times faster.
    """
    if dialect.lines.wide or len(dialect.separator) > 1 or b"\0" in data:
        return None
    try:
        text = data.decode(dialect.codec)
    except UnicodeDecodeError:
        return None
    lines, raws = text.split("\n"), data.split(b"\n")
    if b"\r" in data:
        lines = [line.removesuffix("\r") for line in lines]
        raws = [raw.removesuffix(b"\r") for raw in raws]
    if len(lines) != len(raws) or max(map(len, raws)) > RECORD:
        return None
    if dialect.quote and dialect.quote in text:
        reader = csv.reader(lines, delimiter=dialect.separator, quotechar=dialect.quote, strict=True)
        try:
            cells = list(reader)
        except csv.Error:
            return None
    else:
        separator = dialect.separator
        cells = [line.split(separator) if line else [] for line in lines]
    width = dialect.width
    if len(cells) != len(lines) or not all(len(row) == width or not row for row in cells):
        return None
    return list(zip(raws, cells, strict=True))


def records(data: bytes, first: int, dialect: Dialect) -> Iterator[Cut]:
    """Every record of whole lines; blank lines are none."""
    ends, codec, separator, quote = dialect.lines, dialect.codec, dialect.separator, dialect.quote
    lines = ends.split(data)
    width, bare = dialect.width, ends.bare
    at = 0
    while at < len(lines):
        raw, line = bare(lines[at]), first + at
        at += 1
        if not raw:
            continue
        if len(raw) > RECORD:
            yield Cut(line, raw, [], f"too-long: a line of {len(raw)} bytes, more than {RECORD}")
            continue
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError as exc:
            yield Cut(line, raw, [], f"bad-encoding: byte {exc.start + 1} of the line is not {codec}")
            continue
        if "\0" in text:
            yield Cut(line, raw, [], "nul-byte: the line holds a zero byte")
        elif quote and quote in text:
            cut, taken = _quoted(lines, at - 1, text, first, dialect)
            yield cut
            at += taken - 1
        else:
            cells = text.split(separator)
            if len(cells) == width:
                yield Cut(line, raw, cells)
            elif text.strip():
                yield _fit(line, raw, cells, dialect)


def _fit(line: int, raw: bytes, cells: list[str], dialect: Dialect) -> Cut:
    fitted = dialect.fitted(cells)
    if fitted is not None:
        return Cut(line, raw, fitted)
    return Cut(line, raw, [], f"cells: {len(cells)} cells where {dialect.width} are due")


def _quoted(lines: list[bytes], at: int, text: str, first: int, dialect: Dialect) -> tuple[Cut, int]:
    """The record that begins at line `at`, and how many lines it takes."""
    raw, line, ends = dialect.lines.bare(lines[at]), first + at, dialect.lines
    cells = dialect.cells(text)
    if cells is not None:
        return _fit(line, raw, cells, dialect), 1
    if text.count(dialect.quote) % 2 == 0:
        return Cut(line, raw, [], "quotes: a quote inside a cell is not doubled"), 1
    size, closed = len(raw), False
    for last in range(at + 1, min(at + ROW_LINES, len(lines))):
        size += len(lines[last]) + len(ends.end)
        if size > RECORD:
            break
        if dialect.quote.encode(dialect.codec) not in lines[last]:
            continue
        joined = ends.bare(ends.end.join(lines[at : last + 1]))
        try:
            whole = joined.decode(dialect.codec)
        except UnicodeDecodeError:
            break
        if whole.count(dialect.quote) % 2:
            continue
        closed = True
        cells = dialect.cells(whole) if "\0" not in whole else None
        fitted = dialect.fitted(cells) if cells is not None else None
        if fitted is not None:
            return Cut(line, joined, fitted), last - at + 1
        break
    why = "closes at the wrong place" if closed else "is never closed"
    return Cut(line, raw, [], f"quotes: a quote is opened in this line that {why}"), 1
