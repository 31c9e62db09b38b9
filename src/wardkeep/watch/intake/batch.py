# SPDX-License-Identifier: Apache-2.0
"""`Batch`: many events as columns, with the pieces that were rejected between them and how far the source was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa

from wardkeep.watch.event import BATCH_SCHEMA, AccessEvent, Rejected
from wardkeep.watch.intake.limits import SPREAD
from wardkeep.watch.intake.row import Read, Row, to_row

#: Columns of any length.
LONG = frozenset({"query", "extra"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A part of one source, in its order; the rows (patients) of one event are adjacent and in one batch."""

    #: BATCH_SCHEMA.
    events: pa.RecordBatch
    rejected: tuple[Rejected, ...]
    #: Input records accounted for: distinct events and rejected pieces.
    records: int
    #: File name without its folder.
    source: str
    #: Bytes of the source read so far, and its size, for progress.
    done: int
    size: int


def columns_of(reads: Sequence[Read], source: str) -> tuple[pa.RecordBatch, list[Rejected], int]:
    """Rows as columns, the rejected pieces, and how many records both are."""
    rejected = [read for read in reads if isinstance(read, Rejected)]
    rows = [read for read in reads if not isinstance(read, Rejected)] if rejected else cast(Sequence[Row], reads)
    if not rows:
        return pa.RecordBatch.from_pylist([], schema=BATCH_SCHEMA), rejected, len(reads)
    by_name: dict[str, Sequence[object]] = dict(zip(Row._fields, zip(*rows, strict=True), strict=True))
    named = cast(Sequence[tuple[str, ...]], by_name.pop("patients"))
    by_name |= {"count": by_name.pop("amount"), "source": (source,) * len(rows)}
    each = [len(patients) or 1 for patients in named]
    spread = _Spread(rows, each) if max(each) > 1 else None
    arrays = {
        name: _array(values, BATCH_SCHEMA.field(name).type, spread, long=name in LONG)
        for name, values in by_name.items()
    }
    arrays["patient_id"] = pa.array([one for patients in named for one in patients or (None,)], pa.string())
    arrays["part"] = pa.repeat(pa.scalar(0, pa.int32()), len(rows)) if spread is None else spread.parts
    return pa.RecordBatch.from_pydict(arrays, schema=BATCH_SCHEMA), rejected, len(reads)


class _Spread:
    """A row for each patient of an event: which event it is of, and its number; what is long stands in the first alone."""

    def __init__(self, rows: Sequence[Row], each: Sequence[int]) -> None:
        patients = np.array(each)
        at = np.repeat(np.arange(len(rows)), patients)
        parts = np.arange(len(at)) - np.repeat(patients.cumsum() - patients, patients)
        much = [
            count > 1 and count * (len(row.extra or "") + len(row.query or "")) > SPREAD
            for row, count in zip(rows, each, strict=True)
        ]
        self.parts = pa.array(parts, pa.int32())
        self.rows = pa.array(at)
        self.long = pa.array(at, mask=np.array(much)[at] & (parts > 0)) if any(much) else self.rows


def _array(values: Sequence[object], kind: pa.DataType, spread: _Spread | None, *, long: bool = False) -> pa.Array:
    """A column; one that says the same in every row is not converted value by value."""
    first = values[0]
    if first is values[-1] and (first is None or not long) and values.count(first) == len(values):
        return pa.repeat(pa.scalar(first, kind), len(values) if spread is None else len(spread.rows))
    array = pa.array(values, kind)
    if spread is None:
        return array
    return array.take(spread.long if long else spread.rows)


def joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Several record batches as one."""
    if len(batches) == 1:
        return batches[0]
    return pa.concat_batches(batches) if batches else pa.RecordBatch.from_pylist([], schema=BATCH_SCHEMA)


def batches_of(events: Iterable[AccessEvent | Rejected], *, source: str = "", rows: int = 50_000) -> Iterator[Batch]:
    """Events that some other part of the house made, as batches; `source` is taken from them where it is not given."""
    waiting: list[Read] = []
    name, done = source, 0
    for event in events:
        if not source and event.source != name:
            if waiting:
                done += len(waiting)
                yield _whole(waiting, name, done)
                waiting = []
            name = event.source
        waiting.append(event if isinstance(event, Rejected) else to_row(event))
        if len(waiting) >= rows:
            done += len(waiting)
            yield _whole(waiting, name, done)
            waiting = []
    if waiting:
        yield _whole(waiting, name, done + len(waiting))


def _whole(reads: list[Read], source: str, done: int) -> Batch:
    events, rejected, records = columns_of(reads, source)
    return Batch(events=events, rejected=tuple(rejected), records=records, source=source, done=done, size=done)
