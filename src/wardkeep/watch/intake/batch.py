# SPDX-License-Identifier: Apache-2.0
"""`Batch`: many events as columns, with the pieces that were rejected between them and how far the source was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from wardkeep.watch.event import BATCH_SCHEMA, AccessEvent, Rejected
from wardkeep.watch.intake.limits import SPREAD
from wardkeep.watch.intake.row import Read, Row, to_row

_PATIENTS = Row._fields.index("patients")


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
    columns = list(zip(*rows, strict=True))
    named = columns[_PATIENTS]
    parts: Sequence[int] = (0,) * len(rows)
    patients = [found[0] if found else None for found in named]
    if max(map(len, named)) > 1:
        spread, parts, patients = _spread(rows)
        columns = list(zip(*spread, strict=True))
    by_name: dict[str, Sequence[object]] = dict(zip(Row._fields, columns, strict=True))
    by_name |= {"part": parts, "patient_id": patients, "count": by_name["amount"], "source": (source,) * len(parts)}
    arrays = [_array(by_name[field.name], field.type) for field in BATCH_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=BATCH_SCHEMA), rejected, len(reads)


def _spread(rows: Sequence[Row]) -> tuple[list[Row], list[int], list[str | None]]:
    """A row for each patient of an event, its number, and the patient."""
    spread: list[Row] = []
    parts: list[int] = []
    patients: list[str | None] = []
    for row in rows:
        named = row.patients
        spread.append(row)
        parts.append(0)
        patients.append(named[0] if named else None)
        if len(named) > 1:
            much = len(named) * (len(row.extra or "") + len(row.query or "")) > SPREAD
            more = row._replace(extra=None, query=None) if much else row
            for part, patient in enumerate(named[1:], 1):
                spread.append(more)
                parts.append(part)
                patients.append(patient)
    return spread, parts, patients


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """A column; one that says the same in every row is not converted value by value."""
    first = values[0]
    if first is values[-1] and values.count(first) == len(values):
        return pa.repeat(pa.scalar(first, kind), len(values))
    return pa.array(values, kind)


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
