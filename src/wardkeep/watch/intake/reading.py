# SPDX-License-Identifier: Apache-2.0
"""Reading a log: every record of a file, as events one by one, or as batches of columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.batch import Batch, columns_of, joined
from wardkeep.watch.intake.crew import Columns, Crew
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.fhir import FhirReader
from wardkeep.watch.intake.form import Reader
from wardkeep.watch.intake.limits import BATCH, RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.planning import Plan, Readable, plan
from wardkeep.watch.intake.row import Read, Row, to_event


def read_events(
    path: Path, *, zone: str, format: str | None = None, mapping: Mapping | None = None
) -> Iterator[AccessEvent | Rejected]:
    """Every record of a file, in its order; at least one. Raises IntakeError only for what was asked, never for input."""
    with Source(path) as source:
        yield from events_of(source, zone=zone, form=format, mapping=mapping)


def events_of(
    source: Source, *, zone: str, form: str | None, mapping: Mapping | None
) -> Iterator[AccessEvent | Rejected]:
    """Every record of an open source."""
    readable = None if source.unopened else plan(source, zone=zone, form=form, mapping=mapping)
    for reads in _reads(source, readable):
        for read in reads:
            yield to_event(read, source.name) if isinstance(read, Row) else read


def read_batches(
    path: Path, *, zone: str, format: str | None = None, mapping: Mapping | None = None, workers: int = 0,
    rows: int = 50_000,
) -> Iterator[Batch]:  # fmt: skip
    """The same as columns, about `rows` of them at once; with `workers` parsed in so many processes, in the same order."""
    with Source(path) as source:
        parts: list[pa.RecordBatch] = []
        rejected: list[Rejected] = []
        records = held = size = done = 0
        for (events, bad, count), done in _columns(source, zone=zone, form=format, mapping=mapping, workers=workers):
            parts.append(events)
            rejected += bad
            records += count
            held += events.num_rows + len(bad)
            size += events.nbytes + sum(len(piece.raw) for piece in bad)
            if held >= rows or size >= BATCH:
                yield _batch(parts, rejected, records, source, done)
                parts, rejected, records, held, size = [], [], 0, 0, 0
        if records:
            yield _batch(parts, rejected, records, source, done)


def _batch(parts: list[pa.RecordBatch], rejected: list[Rejected], records: int, source: Source, done: int) -> Batch:
    return Batch(
        events=joined(parts), rejected=tuple(rejected), records=records, source=source.name, done=done,
        size=source.size,
    )  # fmt: skip


def _columns(
    source: Source, *, zone: str, form: str | None, mapping: Mapping | None, workers: int
) -> Iterator[tuple[Columns, int]]:
    """Block by block as columns, here or in other processes, and how much of the source was read for them."""
    readable = None if source.unopened else plan(source, zone=zone, form=form, mapping=mapping)
    if not isinstance(readable, Readable) or readable.document or workers < 1:
        for reads in _reads(source, readable):
            yield columns_of(reads, source.name), source.done
        return
    found = False
    with Crew(readable.plan, workers) as crew:
        plain = None if source.packed else source.path.absolute()
        for result, done in crew.read(readable.blocks, plain, lambda: source.done):
            columns = (
                columns_of([overlong(result, readable.plan)], source.name) if isinstance(result, Overlong) else result
            )
            found = found or columns[2] > 0
            yield columns, done
    for reads in _ending(source, readable, found=found):
        yield columns_of(reads, source.name), source.done


def _reads(source: Source, readable: Readable | Rejected | None) -> Iterator[list[Read]]:
    """Block by block; never nothing at all."""
    found = False
    if isinstance(readable, Rejected):
        yield [readable]
    elif readable is not None:
        reader = readable.plan.reader()
        for block in readable.blocks:
            reads = _block(reader, block, readable)
            found = found or bool(reads)
            yield reads
    yield from _ending(source, readable, found=found)


def _block(reader: Reader, block: Block | Overlong, readable: Readable) -> list[Read]:
    if isinstance(block, Overlong):
        return [overlong(block, readable.plan)]
    if readable.document and isinstance(reader, FhirReader):
        return list(reader.document(block.data))
    return reader.parse(block.data, block.line)


def _ending(source: Source, readable: Readable | Rejected | None, *, found: bool) -> Iterator[list[Read]]:
    """What is said of the source when all was read: that it broke, or that nothing was in it."""
    if source.broken is not None:
        yield [source.broken]
    elif isinstance(readable, Readable) and not found:
        yield [nothing(readable.plan)]


def overlong(block: Overlong, plan: Plan) -> Rejected:
    """A line that was too long even to be cut."""
    return Rejected(
        reason=f"too-long: a line of {block.size} bytes, more than {RECORD}", format=plan.said, source=plan.source,
        position=str(block.line), raw=block.head, truncated=True, head=plan.head,
    )  # fmt: skip


def nothing(plan: Plan) -> Rejected:
    """A file in which there is no record is still named."""
    return Rejected(
        reason="empty: the file holds no record", format=plan.said, source=plan.source, position="1", raw=plan.head
    )
