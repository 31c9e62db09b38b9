# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's `csvlog`: a row a message, statements with their line breaks in quotes. 22 to 26 columns, by the version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wardkeep.watch.intake.cells import Dialect, records
from wardkeep.watch.intake.cutting import Block, Overlong, Quotes, cut
from wardkeep.watch.intake.database.made import BadRecord
from wardkeep.watch.intake.database.postgres import Message, event
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime, Zone

NAME = "postgres-csv"
WIDTHS = frozenset({22, 23, 24, 26})
_MARK = re.compile(
    rb"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [^,\n]{1,10},(?:\"[^\n]*?\")?,(?:\"[^\n]*?\")?,\d*,"
    rb"(?:\"[^\"\n]*\")?,[0-9a-f]+\.[0-9a-f]+,\d+,"
)


@dataclass(frozen=True, slots=True)
class _Log(Dialect):
    """A row of any version."""

    def fitted(self, cells: list[str]) -> list[str] | None:
        return cells if len(cells) in WIDTHS else None


_DIALECT = _Log("utf-8", ",", '"', 0)


def recognises(name: str, head: bytes) -> bool:
    """Whether one of the first lines begins such a row; the first of all may be cut."""
    return _MARK.search(head, 0, 65536) is not None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole rows, as far as quotes tell."""
    return cut(stream, Lines(), Quotes(b'"', _DIALECT.whole))


def reader(source: str, zone: str, mapping: Mapping | None) -> Rows:
    """A reader of one file; a time with an abbreviation that is not UTC is in `zone`."""
    return Rows(source, zone)


class Rows:
    """Rows to events."""

    def __init__(self, source: str, zone: str) -> None:
        self._source = source
        self._zone = Zone(zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every row of a block."""
        out: list[Read] = []
        for line, raw, cells, problem in records(data, first, _DIALECT):
            out.append(self._row(str(line), raw, cells) if problem is None else self._refused(problem, str(line), raw))
        return out

    def _row(self, position: str, raw: bytes, cells: list[str]) -> Read:
        try:
            return event(_said(cells), raw, form=NAME, position=position, zone=self._zone)
        except (BadRecord, BadTime) as exc:
            return self._refused(f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc), position, raw)

    def _refused(self, reason: str, position: str, raw: bytes) -> Read:
        return set_aside(reason, raw, form=NAME, source=self._source, position=position)


def _said(cells: list[str]) -> Message:
    return Message(
        time=cells[0], user=cells[1], database=cells[2], host=cells[4], session=cells[5], number=cells[6], severity=cells[11],
        code=cells[12], text=cells[13], detail=cells[14], statement=cells[19], program=cells[22] if len(cells) > 22 else "",
    )  # fmt: skip
