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

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line has the number `first`."""
        plain = plain_records(data, self.dialect)
        if plain is None:
            return self._careful(data, first)
        out: list[Read] = []
        make, sha256 = self._maker.make, hashlib.sha256
        for line, (raw, cells) in enumerate(plain, first):
            if not cells:
                continue
            try:
                out.append(make(cells, sha256(raw).digest(), str(line)))
            except BadRow as exc:
                out.append(self.rejected(str(exc), raw, line))
        return out

    def _careful(self, data: bytes, first: int) -> list[Read]:
        """The same for a block in which some line is no record by itself."""
        out: list[Read] = []
        make, sha256 = self._maker.make, hashlib.sha256
        for line, raw, cells, problem in records(data, first, self.dialect):
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
