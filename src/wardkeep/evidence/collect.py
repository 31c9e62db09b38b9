# SPDX-License-Identifier: Apache-2.0
"""Asking a query of a range: over acts from the entries themselves, over events from rows that the store hands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardkeep.evidence.errors import RangeRefused
from wardkeep.evidence.manifest import Range
from wardkeep.evidence.query import Query
from wardkeep.evidence.record import act_line, act_of, event_line
from wardkeep.ledger import EVENT_LEAF_VERSION, LedgerReader, UnknownEntry, event_leaf, parse_index
from wardkeep.watch.store.canonical import FIELDS, render

#: Entries that are read at once.
AT_ONCE = 1 << 16
EVENT = bytes([EVENT_LEAF_VERSION])

#: (log, first, last, patients or None for all) -> the number and the sealed row of each event, in order.
Rows = Callable[[str, int, int, Sequence[str] | None], Iterable[tuple[int, dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Found:
    """One record of a result: its number in the log, its line, and the entry that was sealed."""

    n: int
    line: bytes
    entry: bytes


@dataclass(slots=True)
class Result:
    """What a query found in a range."""

    found: list[Found]
    #: Entries whose body an act has expunged, so that nothing can be asked of them.
    gone: int = 0

    def text(self) -> bytes:
        """The bytes that anyone gets who asks the same version of the same range."""
        return b"".join(one.line + b"\n" for one in self.found)


def range_of(reader: LedgerReader, first: str, last: str) -> Range:
    """The range between two indexes such as `2026:0`. Raises RangeRefused."""
    try:
        (log, begin), (other, end) = (parse_index(text, current=reader.current) for text in (first, last))
        size = reader.size(log)
    except UnknownEntry as error:
        raise RangeRefused(str(error), hint=error.hint) from None
    if log != other:
        raise RangeRefused(f"{first} and {last} are of two logs", hint="make one bundle for each year")
    if not begin <= end < size:
        raise RangeRefused(f"log {log} has the entries 0 to {size - 1}; {begin} to {end} was asked for")
    return Range(log, begin, end)


def ask(query: Query, values: Mapping[str, str], where: Range, *, reader: LedgerReader, rows: Rows) -> Result:
    """Everything in the range that the query keeps. `values` were checked by the query."""
    if query.over == "acts":
        return acts_in(query, values, where, _bodies(reader, where))
    patients = [
        values[w[1:]] if w[:1] == "$" else w for path, words in query.where if path == ("patient_id",) for w in words
    ]
    found = []
    for n, row in rows(where.log, where.first, where.last, patients or None):
        if query.keeps(row, values):
            fields = {field.name: row[field.name] for field in FIELDS[1]}
            line = event_line(where.log, n, fields, row["salt"])
            found.append(Found(n, line, event_leaf(row["salt"], render(fields))))
    return Result(found)


def acts_in(query: Query, values: Mapping[str, str], where: Range, bodies: Iterable[bytes]) -> Result:
    """What the query keeps of all entries of a range."""
    result = Result([])
    for n, body in enumerate(bodies, where.first):
        if not body:
            result.gone += 1
        elif (act := act_of(body)) is not None and query.keeps(act, values):
            result.found.append(Found(n, act_line(where.log, n, act), body))
    return result


def events_in(reader: LedgerReader, where: Range) -> int:
    """How many entries of the range are events: as many rows a store that lost none holds."""
    return sum(body[:1] == EVENT for body in _bodies(reader, where))


def _bodies(reader: LedgerReader, where: Range) -> Iterator[bytes]:
    for first in range(where.first, where.last + 1, AT_ONCE):
        yield from reader.bodies(where.log, first, min(first + AT_ONCE - 1, where.last))
