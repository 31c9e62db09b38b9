# SPDX-License-Identifier: Apache-2.0
"""Delimited text to events, as a mapping says; the events of the hospital folder are read by a mapping of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.cells import Dialect, plain_records, records
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.rowmaker import BadRow, RowMaker

#: Why the last record of a file that may not be whole is none yet.
UNFINISHED = (
    "unfinished: the last line has no end, so that it may be cut; read the file again when it is whole, or replay it"
)
_BLANK = b" \t\r\0\x1a"


class DelimitedReader:
    """Rows of one file to events."""

    def __init__(
        self, mapping: Mapping, names: Sequence[str] | None, width: int, *, codec: str, head: bytes, source: str
    ):
        """`names` are the header's, None without one; `width` the number of cells. ValueError: a column is missing."""
        self.dialect = Dialect(codec, mapping.separator, mapping.quote, width)
        self.format = "hospital" if mapping.name == "hospital" else f"delimited:{mapping.name}"
        self.head = head
        self.source = source
        self._maker = RowMaker(mapping, names, width, self.format)
        #: The number of the first line of rows.
        self._begins = self.dialect.lines.count(head, len(head)) + 1

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line has the number `first`."""
        plain = plain_records(data, self.dialect)
        torn = self._torn(data, first)
        if plain is None:
            return self._careful(data, first, torn=torn)
        out: list[Read] = []
        last = plain.pop() if torn else None
        make, sha256 = self._maker.make, hashlib.sha256
        for line, (raw, cells) in enumerate(plain, first):
            if not cells:
                continue
            try:
                out.append(make(cells, sha256(raw).digest(), str(line)))
            except BadRow as exc:
                out.append(self.rejected(str(exc), raw, line))
        if last is not None:
            out.append(self.rejected(UNFINISHED, last[0], first + len(plain)))
        return out

    def _torn(self, data: bytes, first: int) -> bool:
        """Whether the last line has no end though one before it has: the file may still be written, and the line be cut."""
        at = self.dialect.lines.last_end(data, len(data))
        return (at > 0 or first > self._begins) and bool(data[at:].strip(_BLANK))

    def _careful(self, data: bytes, first: int, *, torn: bool) -> list[Read]:
        """The same for a block in which some line is no record by itself."""
        out: list[Read] = []
        make, sha256 = self._maker.make, hashlib.sha256
        found = list(records(data, first, self.dialect))
        # A record of several lines may be the only one.
        if torn and (len(found) > 1 or first > self._begins) and found[-1].problem is None:
            found[-1] = found[-1]._replace(problem=UNFINISHED)
        for line, raw, cells, problem in found:
            if problem is not None:
                out.append(self.rejected(problem, raw, line))
                continue
            try:
                out.append(make(cells, sha256(raw).digest(), str(line)))
            except BadRow as exc:
                out.append(self.rejected(str(exc), raw, line))
        return out

    def rejected(self, reason: str, raw: bytes, line: int) -> Rejected:
        """A record that is none, kept."""
        return set_aside(reason, raw, form=self.format, source=self.source, position=str(line), head=self.head)
