# SPDX-License-Identifier: Apache-2.0
"""An .xlsx to lines, one a row, `["Sheet1",42,["cell",…]]`, and such lines to events by a mapping. Positions are `Sheet1!42`.

The lines are what is kept of a row that is no event, so that it can be read again without the workbook. The hash of a record is
that of its cells: a workbook that is saved anew, or whose rows moved, holds the same records.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.limits import BLOCK, KEEP, RECORD
from wardkeep.watch.intake.mapping import HOSPITAL, Mapping, also_iso
from wardkeep.watch.intake.recognise import EVENT_COLUMNS
from wardkeep.watch.intake.row import Read
from wardkeep.watch.intake.rowmaker import BadRow, RowMaker
from wardkeep.watch.intake.sheets.package import PACKED, BadSheet, Package
from wardkeep.watch.intake.sheets.rows import Line, rows
from wardkeep.watch.intake.sheets.workbook import workbook

NAME = "xlsx"
ZIP = b"PK\x03\x04"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def recognises(name: str, head: bytes) -> bool:
    """Whether the file is a workbook: an archive by its first bytes, with a workbook's parts or name."""
    if not head.startswith(ZIP):
        return False
    named = name.removesuffix(".gz").lower().endswith((".xlsx", ".xlsm"))
    return named or b"xl/workbook.xml" in head or (b"[Content_Types].xml" in head[:64] and b"xl/" in head)


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Lines of rows, some at a time; of a file that is refused one line that says why."""
    steps: list[bytes] = []
    size = 0
    for step in stream:
        steps.append(step)
        size += len(step)
        if size > PACKED:
            why = f"too-long: a workbook of more than {PACKED} bytes; export CSV"
            yield from _together(iter([_refused(why, b"".join(steps[:2]))]))
            return
    data = b"".join(steps)
    if data.startswith(b'["'):
        yield Block(data, len(data), 1, 0)  # lines that were kept
    elif data:
        yield from _together(_lines(data))


def _lines(data: bytes) -> Iterator[bytes]:
    sheet, row = "", 0
    try:
        package = Package(data)
        book = workbook(package)
        for sheet, member in book.sheets:
            row = 0
            for line in rows(package, member, book):
                row = line.row
                yield _line(sheet, line)
    except BadSheet as exc:
        yield _refused(str(exc), data, sheet, row)
    except (RecursionError, MemoryError):
        yield _refused("hostile: the workbook cannot be read within any limit", data, sheet, row)


def _line(sheet: str, line: Line) -> bytes:
    return bytes(_encode([sheet, line.row, line.cells if line.problem is None else line.problem]))


def _refused(reason: str, data: bytes, sheet: str = "", row: int = 0) -> bytes:
    kept = base64.b64encode(data[:KEEP]).decode()
    return bytes(_encode([sheet, row, reason, kept, len(data) > KEEP]))


def _together(lines: Iterator[bytes]) -> Iterator[Block]:
    held: list[bytes] = []
    size = begun = 0
    for line in lines:
        held.append(line)
        size += len(line) + 1
        if size >= BLOCK:
            data = b"\n".join(held)
            yield Block(data, len(data), begun + 1, 0)
            begun += len(held)
            held, size = [], 0
    if held:
        data = b"\n".join(held)
        yield Block(data, len(data), begun + 1, 0)


def reader(source: str, zone: str, mapping: Mapping | None) -> Sheets:
    """A reader of one workbook."""
    return Sheets(source, mapping)


class Sheets:
    """Lines of rows to events; the header of the sheet at hand is remembered."""

    def __init__(self, source: str, mapping: Mapping | None) -> None:
        self._source = source
        self._mapping = also_iso(mapping) if mapping is not None else None
        self.format = f"{NAME}:{mapping.name}" if mapping is not None else NAME
        self._skipped = mapping.skip_lines if mapping is not None else 0
        self._sheet: str | None = None
        self._maker: RowMaker | None = None
        self._width = 0
        self._head = b""
        self._unfit: str | None = None

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every row of a block."""
        out: list[Read] = []
        unread: list[bytes] = []
        for raw in data.split(b"\n"):
            try:
                sheet, row, *told = _decode(raw)
                assert isinstance(sheet, str) and isinstance(row, int) and told  # noqa: S101 - what else is no line of ours
            except (msgspec.DecodeError, ValueError, TypeError, AssertionError):
                out.append(self._rejected("no-row: the line is no row of a sheet", raw, "1"))
                continue
            if sheet != self._sheet:
                out += self._unread(unread)
                self._begin(sheet)
            if isinstance(told[0], str):
                out.append(self._problem(raw, f"{sheet}!{row}" if row else "1", told))
            elif row <= self._skipped:
                continue
            elif self._maker is None and self._unfit is None:
                self._header(raw, [str(cell) for cell in told[0]])
            if self._unfit is not None and not isinstance(told[0], str):
                unread.append(raw)
            elif self._maker is not None and not isinstance(told[0], str) and raw != self._head:
                out.append(self._row(raw, f"{sheet}!{row}", [str(cell) for cell in told[0]]))
        return out + self._unread(unread)

    def _begin(self, sheet: str) -> None:
        self._sheet, self._maker, self._unfit, self._head = sheet, None, None, b""

    def _header(self, raw: bytes, cells: list[str]) -> None:
        used = self._mapping
        if used is None and {cell.strip() for cell in cells} >= EVENT_COLUMNS:
            used = HOSPITAL
        if used is None:
            self._unfit = "no-mapping: a sheet needs a mapping: give --mapping FILE, or the name of a shipped one"
            return
        try:
            self._maker = RowMaker(used, cells if used.header else None, len(cells), self.format)
        except ValueError as exc:
            self._unfit = f"bad-header: {exc}"
            return
        self._width = len(cells)
        self._head = raw if used.header else b""

    def _row(self, raw: bytes, position: str, cells: list[str]) -> Read:
        assert self._maker is not None  # noqa: S101 - narrows the type
        if len(cells) > self._width:
            return self._rejected(f"cells: {len(cells)} cells where {self._width} are due", raw, position)
        cells += [""] * (self._width - len(cells))
        try:
            return self._maker.make(cells, hashlib.sha256(_encode(cells)).digest(), position)
        except BadRow as exc:
            return self._rejected(str(exc), raw, position)

    def _problem(self, raw: bytes, position: str, told: list[Any]) -> Rejected:
        if len(told) < 3:
            return self._rejected(told[0], raw, position)
        return Rejected(
            reason=told[0], format=NAME, source=self._source, position=position, raw=base64.b64decode(told[1]),
            truncated=bool(told[2]),
        )  # fmt: skip

    def _unread(self, unread: list[bytes]) -> list[Read]:
        """The rows of a sheet that the mapping does not fit, as one piece."""
        if not unread:
            return []
        raw = b"\n".join(unread)
        unread.clear()
        return [self._rejected(self._unfit or "", raw, f"{self._sheet}!1", head=b"")]

    def _rejected(self, reason: str, raw: bytes, position: str, head: bytes | None = None) -> Rejected:
        long = len(raw) > RECORD + KEEP
        before = self._head + b"\n" if self._head else b""
        return Rejected(
            reason=reason, format=self.format, source=self._source, position=position, raw=raw[:KEEP] if long else raw,
            truncated=long, head=before if head is None else head,
        )  # fmt: skip
