# SPDX-License-Identifier: Apache-2.0
"""Stored events as they were sealed: each with its number in the log, every field of its canonical row, and its salt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.store.canonical import FIELDS
from wardkeep.watch.store.dedup import Hasher
from wardkeep.watch.store.manifest import FileRow
from wardkeep.watch.store.segment import unpack
from wardkeep.watch.store.views import hashes_of, read_keys

if TYPE_CHECKING:
    from wardkeep.watch.store.store import Store

#: Segments that stay open.
OPEN = 4
SEALED = [*(field.name for field in FIELDS[1]), "salt"]


def held_rows(store: Store, log: str, first: int, last: int) -> int:
    """How many events of the entries `first` to `last` of a log the store holds."""
    return sum(row.numbers.within(first, last) for row in _segments(store, log))


def sealed_rows(
    store: Store, log: str, first: int, last: int, *, patients: Sequence[str] | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events among the entries `first` to `last` of a log, in order. Raises StoreDamaged.

    patients: only those that name one of them; a segment that names none is not opened.
    """
    wanted = hashes_of(patients, Hasher(store.folder.key("hash")))
    opened: OrderedDict[str, pa.Table] = OrderedDict()
    with store.folder.reading():
        rows = [
            row
            for row in _segments(store, log)
            if row.numbers.within(first, last)
            and (wanted is None or read_keys(store.folder, row).names_any(wanted, None))
        ]
        # Compacted segments of two days may take turns in the log: run by run, so that the order is that of the entries.
        spans = sorted((begins, at, count, row.id) for row in rows for begins, at, count in row.numbers.spans())
        by_id = {row.id: row for row in rows}
        for begins, at, count, identity in spans:
            if begins > last or begins + count <= first:
                continue
            table = _opened(store, by_id[identity], opened).slice(at, count)
            numbers = pa.array(range(begins, begins + count), pa.int64())
            kept = pc.and_(pc.greater_equal(numbers, first), pc.less_equal(numbers, last))
            if patients is not None:
                named = pc.is_in(
                    table.column("patient_id").combine_chunks(), value_set=pa.array(list(patients), pa.string())
                )
                kept = pc.and_(kept, named)
            yield from zip(numbers.filter(kept).to_pylist(), table.filter(kept).to_pylist(), strict=True)


def _opened(store: Store, row: FileRow, opened: OrderedDict[str, pa.Table]) -> pa.Table:
    """The rows of a segment; a few stay open."""
    if row.id not in opened:
        path = store.folder.place("segment", row.id)
        plaintext = store.folder.read(path, kind="segment", identity=row.id, rows=row.rows)
        opened[row.id] = unpack(plaintext, row.id).rows().select(SEALED)
        while len(opened) > OPEN:
            opened.popitem(last=False)
    opened.move_to_end(row.id)
    return opened[row.id]


def _segments(store: Store, log: str) -> list[FileRow]:
    """The stored segments of a log."""
    return [
        row
        for row in store.manifest.trusted().files
        if row.kind == "segment" and row.state == "present" and row.log == log and row.first is not None
    ]
