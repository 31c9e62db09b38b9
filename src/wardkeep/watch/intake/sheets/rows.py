# SPDX-License-Identifier: Apache-2.0
"""The rows of a sheet, streamed: a number, and cells as text where their addresses say; empty ones behind the last are cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.sheets.package import Package, fed, feeding
from wardkeep.watch.intake.sheets.workbook import Workbook, number

#: Columns and rows that a sheet can have.
COLUMNS, ROWS = 16_384, 1_048_576
_ADDRESS = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)


class Line(NamedTuple):
    """A row; or `problem` says why it is none."""

    row: int
    cells: list[str]
    problem: str | None = None


class _Rows:
    """Handlers of one sheet; `ready` are the rows that are whole."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.ready: list[Line] = []
        self._row = self._at = self._size = 0
        self._cells: dict[int, str] = {}
        self._kind, self._style = "", 0
        self._value: list[str] = []
        self._take = self._silent = False
        self._problem: str | None = None

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "row":
            told = given.get("r", "")
            self._row = int(told) if told.isascii() and told.isdigit() and len(told) < 8 else self._row + 1
            self._cells, self._at, self._size, self._problem = {}, 0, 0, None
        elif tag == "c":
            self._kind = given.get("t", "n")
            style = given.get("s", "")
            self._style = int(style) if style.isascii() and style.isdigit() and len(style) < 7 else -1
            self._at = _column(given.get("r", ""), self._at)
            self._value = []
        elif tag == "rPh":
            self._silent = True
        self._take = tag == "v" or (tag == "t" and self._kind == "inlineStr" and not self._silent)

    def text(self, said: str) -> None:
        if self._take:
            self._size += len(said)
            if self._size <= RECORD:
                self._value.append(said)

    def end(self, tag: str) -> None:
        self._take = False
        if tag == "rPh":
            self._silent = False
        elif tag == "c":
            value = self._meant("".join(self._value))
            self._size += len(value) if self._kind == "s" else 0
            if value and self._size <= RECORD:
                self._cells[self._at] = value
            self._at += 1
        elif tag == "row":
            self._finish()

    def _meant(self, value: str) -> str:
        if self._kind == "s":
            if value.isascii() and value.isdigit() and len(value) < 9 and int(value) < len(self.book.texts):
                return self.book.texts[int(value)]
            self._problem = "no-text: a cell names a shared text that is not there"
            return ""
        if self._kind == "n":
            styles = self.book.styles
            return number(value, styles[self._style] if 0 <= self._style < len(styles) else None, self.book.epoch)
        if self._kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(value, value)
        return value.replace("T", " ", 1) if self._kind == "d" else value

    def _finish(self) -> None:
        problem = self._problem
        if self._size > RECORD:
            problem = f"too-long: a row of more than {RECORD} letters"
        elif self._at > COLUMNS or self._row > ROWS:
            problem = f"cells: a sheet has no more than {COLUMNS} columns and {ROWS} rows"
        if problem:
            self.ready.append(Line(self._row, [], problem))
        elif self._cells:
            last = max(self._cells)
            self.ready.append(Line(self._row, [self._cells.get(i, "") for i in range(last + 1)]))


def _column(address: str, expected: int) -> int:
    """The column of an address, from 0; the next one where there is none."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return expected
    found = 0
    for letter in match[1]:
        found = found * 26 + ord(letter) - 64
    return found - 1


def rows(package: Package, name: str, book: Workbook) -> Iterator[Line]:
    """The rows of a sheet. Raises BadSheet; what came before is good."""
    handlers = _Rows(book)
    parser = feeding(handlers.start, handlers.end, handlers.text)
    for step in package.read(name):
        fed(parser, step)
        yield from handlers.ready
        handlers.ready.clear()
    fed(parser, b"", last=True)
    yield from handlers.ready
