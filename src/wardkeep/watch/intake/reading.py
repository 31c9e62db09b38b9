# SPDX-License-Identifier: Apache-2.0
"""Reading a log: every record of a file, as events one by one, or as batches of columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.batch import Batch, columns_of, joined
from wardkeep.watch.intake.cutting import Overlong
from wardkeep.watch.intake.fhir import FhirReader
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.planning import Plan, plan
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
    for reads in _reads(source, zone=zone, form=form, mapping=mapping):
        for read in reads:
            yield to_event(read, source.name) if isinstance(read, Row) else read


def read_batches(
    path: Path, *, zone: str, format: str | None = None, mapping: Mapping | None = None, workers: int = 0,
    rows: int = 100_000,
) -> Iterator[Batch]:  # fmt: skip
    """The same as columns, about `rows` of them at once; with `workers` parsed in so many processes, in the same order."""
    with Source(path) as source:
        parts: list[pa.RecordBatch] = []
        rejected: list[Rejected] = []
        records = held = 0
        for reads in _reads(source, zone=zone, form=format, mapping=mapping):
            events, bad, count = columns_of(reads, source.name)
            parts.append(events)
            rejected += bad
            records += count
            held += events.num_rows + len(bad)
            if held >= rows:
                yield _batch(parts, rejected, records, source)
                parts, rejected, records, held = [], [], 0, 0
        if records:
            yield _batch(parts, rejected, records, source)


def _batch(parts: list[pa.RecordBatch], rejected: list[Rejected], records: int, source: Source) -> Batch:
    return Batch(
        events=joined(parts), rejected=tuple(rejected), records=records, source=source.name, done=source.done,
        size=source.size,
    )  # fmt: skip


def _reads(source: Source, *, zone: str, form: str | None, mapping: Mapping | None) -> Iterator[list[Read]]:
    """Block by block; never nothing at all."""
    if source.broken is not None and source.size == 0 and source.done == 0:
        yield [source.broken]
        return
    readable = plan(source, zone=zone, form=form, mapping=mapping)
    if isinstance(readable, Rejected):
        yield [readable]
    else:
        found = False
        reader = readable.plan.reader()
        for block in readable.blocks:
            if isinstance(block, Overlong):
                reads: list[Read] = [overlong(block, readable.plan)]
            elif readable.document and isinstance(reader, FhirReader):
                reads = list(reader.document(block.data))
            else:
                reads = reader.parse(block.data, block.line)
            found = found or bool(reads)
            yield reads
        if not found and source.broken is None:
            yield [nothing(readable.plan)]
    if source.broken is not None:
        yield [source.broken]


def overlong(block: Overlong, plan: Plan) -> Rejected:
    """A line that was too long even to be cut."""
    return Rejected(
        reason=f"too-long: a line of {block.size} bytes, more than {RECORD}", format=form_of(plan), source=plan.source,
        position=str(block.line), raw=block.head, truncated=True, head=plan.head,
    )  # fmt: skip


def nothing(plan: Plan) -> Rejected:
    """A file in which there is no record is still named."""
    return Rejected(
        reason="empty: the file holds no record", format=form_of(plan), source=plan.source, position="1", raw=plan.head
    )


def form_of(plan: Plan) -> str:
    """What a piece rejected by this plan is said to be."""
    if plan.mapping is None:
        return "fhir"
    return "hospital" if plan.mapping.name == "hospital" else f"delimited:{plan.mapping.name}"
