# SPDX-License-Identifier: Apache-2.0
"""A delimited file of context as text columns: every cell a string, every row with its line, what is no row set aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import csv

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.lines import RECORD_LIMIT, Block, blocks, header_cells, header_of

#: So many rows of a file are set aside one by one; of more, neighbours are bundled.
SINGLE = 1000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One block of a file. `rows` has the wanted columns as text, '' where a cell is empty, and `line`."""

    rows: pa.Table
    rejected: tuple[Rejected, ...]
    #: To find the bytes of a row again.
    block: Block
    head: bytes


class NoHeader(Exception):
    """The first line of a file is no header that its table can be read by."""


@dataclass(frozen=True, slots=True)
class File:
    """A delimited file whose header was read and understood."""

    path: Path
    #: As `Rejected.format` names it, `hospital:staff`.
    format: str
    header: bytes
    names: tuple[str, ...]
    #: Rows in hand, and the line that they begin on; None: those of the file.
    body: bytes | None = None
    line: int = 0

    @property
    def head(self) -> bytes:
        """What must stand before a row to read it again."""
        return self.header + b"\n"

    def set_aside(self, line: int | str, reason: str, raw: bytes, *, truncated: bool = False) -> Rejected:
        """A row of this file that broke a rule."""
        return Rejected(
            reason=reason,
            format=self.format,
            source=self.path.name,
            position=str(line),
            raw=raw,
            truncated=truncated,
            head=self.head,
        )

    def sheets(self, wanted: Iterable[str]) -> Iterator[Sheet]:
        """The rows, block by block. A wanted column that the file has not is empty throughout."""
        if self.body is not None:
            yield from self._sheets(BytesIO(self.body), tuple(wanted), line=self.line)
            return
        with self.path.open("rb") as stream:
            header_of(stream)
            yield from self._sheets(stream, tuple(wanted), line=2 + self.header.count(b"\n"))

    def raw_of(self, lines: Iterable[int]) -> dict[int, bytes]:
        """The bytes of the records that begin on these lines, found in the file once more."""
        sought = set(lines)
        found: dict[int, bytes] = {}
        for sheet in self.sheets(()) if sought else ():
            for row in np.flatnonzero(np.isin(sheet.block.lines, list(sought))).tolist():
                found[int(sheet.block.lines[row])] = sheet.block.raw(row)
        return found

    def _sheets(self, stream: BinaryIO, wanted: tuple[str, ...], *, line: int) -> Iterator[Sheet]:
        for block in blocks(stream, width=len(self.names), line=line):
            rejected = tuple(self.set_aside(p.line, p.reason, p.raw, truncated=p.truncated) for p in block.pieces)
            yield Sheet(self._rows(block, wanted), rejected, block, self.head)

    def _rows(self, block: Block, wanted: tuple[str, ...]) -> pa.Table:
        size = len(block.lines)
        empty = pa.array([""] * size, pa.string()) if set(wanted) - set(self.names) else None
        columns = [f"c{n}" for n in range(len(self.names))]
        found = _cells(block.data, columns, [columns[self.names.index(w)] for w in wanted if w in self.names])
        arrays = [found[columns[self.names.index(w)]] if w in self.names else empty for w in wanted]
        return pa.table([*arrays, pa.array(block.lines)], names=[*wanted, "line"])


def _cells(data: bytes, columns: list[str], wanted: list[str]) -> pa.Table:
    """The wanted columns of well-formed records."""
    if not data or not wanted:
        return pa.table({name: pa.array([], pa.string()) for name in wanted})
    return csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=columns, block_size=4 * RECORD_LIMIT),
        parse_options=csv.ParseOptions(newlines_in_values=b'"' in data),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            strings_can_be_null=False,
        ),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants of a header."""

    format: str
    need: tuple[str, ...]
    known: tuple[str, ...]
    #: Column names are compared in lower case.
    lower: bool = False


def again(piece: Rejected, asked: Asked) -> File:
    """A piece that was set aside, to be read as the file that it came from. Raises NoHeader where it cannot be."""
    if piece.truncated:
        raise NoHeader("too-long: the rest of it stayed in the file")
    stream = BytesIO(piece.raw)
    header = piece.head.removesuffix(b"\n").removesuffix(b"\r") if piece.head else header_of(stream)
    file = file_of(header, Path(piece.source), asked)
    line = int(piece.position.partition("-")[0]) + (0 if piece.head else 1 + file.header.count(b"\n"))
    return replace(file, body=stream.read(), line=line)


def open_sheet(path: Path, asked: Asked) -> File:
    """Read the header. Raises NoHeader where it is unreadable, lacks a needed column or names a known one twice."""
    with path.open("rb") as stream:
        header = header_of(stream)
    return file_of(header, path, asked)


def file_of(header: bytes | None, path: Path, asked: Asked) -> File:
    """The same from a header in hand."""
    names = header_cells(header) if header else None
    if header is None or names is None:
        raise NoHeader("header: the first line is empty, or no UTF-8, or has a quote out of place")
    names = [name.strip().lower() if asked.lower else name.strip() for name in names]
    if lacking := [n for n in asked.need if n not in names]:
        raise NoHeader(f"header: no column {', '.join(lacking)}")
    if twice := [n for n in asked.known if names.count(n) > 1]:
        raise NoHeader(f"header: the column {', '.join(twice)} stands there twice")
    return File(path, asked.format, header, tuple(names))


def unreadable(path: Path, format: str, problem: str) -> Rejected:
    """A file without a usable header, as one piece."""
    with path.open("rb") as stream:
        raw = stream.read(RECORD_LIMIT)
    return Rejected(
        reason=problem,
        format=format,
        source=path.name,
        position="1",
        raw=raw,
        truncated=path.stat().st_size > len(raw),
    )


def bundled(pieces: list[Rejected], *, before: int) -> list[Rejected]:
    """Once a file has many pieces, rows that stand side by side and break the same rule become one piece.

    before: how many pieces the file has already.
    """
    kept = pieces[: max(0, SINGLE - before)]
    groups: list[list[Rejected]] = []
    size = 0
    for piece in pieces[len(kept) :]:
        if groups and size < RECORD_LIMIT and _follows(groups[-1][-1], piece):
            groups[-1].append(piece)
            size += len(piece.raw)
        else:
            groups.append([piece])
            size = len(piece.raw)
    return kept + [_one(group) for group in groups]


def _follows(last: Rejected, piece: Rejected) -> bool:
    """Whether `piece` stands on the line after `last` and broke the same rule."""
    alike = piece.reason == last.reason and not piece.truncated and not last.truncated
    return alike and int(piece.position) == int(last.position) + 1 + last.raw.count(b"\n")


def _one(group: list[Rejected]) -> Rejected:
    if len(group) == 1:
        return group[0]
    first, last = group[0], group[-1]
    return replace(
        first,
        reason=f"{first.reason} ({len(group)} rows)",
        position=f"{first.position}-{last.position}",
        raw=b"\n".join(piece.raw for piece in group),
    )
