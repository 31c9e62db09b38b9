# SPDX-License-Identifier: Apache-2.0
"""`Batch`: many events as columns, with the pieces that were rejected between them and how far the source was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from wardkeep.watch.event import BATCH_SCHEMA, AccessEvent, Rejected
from wardkeep.watch.intake.limits import SPREAD
from wardkeep.watch.intake.row import Read, Row, to_row


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


def columns_of(reads: Iterable[Read], source: str) -> tuple[pa.RecordBatch, list[Rejected], int]:
    """Rows as columns, the rejected pieces, and how many records both are."""
    rows: list[Row] = []
    rejected: list[Rejected] = []
    parts: list[int] = []
    patients: list[str | None] = []
    records = 0
    for read in reads:
        records += 1
        if isinstance(read, Rejected):
            rejected.append(read)
            continue
        row = read
        named = row.patients
        rows.append(row)
        parts.append(0)
        patients.append(named[0] if named else None)
        if len(named) > 1:
            much = len(named) * (len(row.extra or "") + len(row.query or "")) > SPREAD
            more = row._replace(extra=None, query=None) if much else row
            for part, patient in enumerate(named[1:], 1):
                rows.append(more)
                parts.append(part)
                patients.append(patient)
    return _record_batch(rows, parts, patients, source), rejected, records


def _record_batch(rows: list[Row], parts: list[int], patients: list[str | None], source: str) -> pa.RecordBatch:
    if not rows:
        return pa.RecordBatch.from_pylist([], schema=BATCH_SCHEMA)
    by_name = dict(zip(Row._fields, zip(*rows, strict=True), strict=True))
    by_name["count"] = by_name.pop("amount")
    arrays = []
    for field in BATCH_SCHEMA:
        if field.name == "part":
            arrays.append(pa.array(parts, field.type))
        elif field.name == "patient_id":
            arrays.append(pa.array(patients, field.type))
        elif field.name == "source":
            arrays.append(pa.repeat(source, len(rows)))
        else:
            arrays.append(pa.array(by_name[field.name], field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=BATCH_SCHEMA)


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
