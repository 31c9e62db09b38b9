# SPDX-License-Identifier: Apache-2.0
"""Stored events as they were sealed: each with its number in the log, every field of its canonical row, and its salt."""

from __future__ import annotations

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

SEALED = [*(field.name for field in FIELDS[1]), "salt"]


def held_rows(store: Store, log: str, first: int, last: int) -> int:
    """How many events of the entries `first` to `last` of a log the store holds."""
    return sum(
        max(0, min(last, begins + row.rows - 1) - max(first, begins) + 1) for begins, row in _segments(store, log)
    )


def sealed_rows(
    store: Store, log: str, first: int, last: int, *, patients: Sequence[str] | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events among the entries `first` to `last` of a log, in order. Raises StoreDamaged.

    patients: only those that name one of them; a segment that names none is not opened.
    """
    wanted = hashes_of(patients, Hasher(store.folder.key("hash")))
    for begins, row in _segments(store, log):
        if begins > last or begins + row.rows <= first:
            continue
        if wanted is not None and not read_keys(store.folder, row).names_any(wanted, None):
            continue
        path = store.folder.place("segment", row.id)
        plaintext = store.folder.read(path, kind="segment", identity=row.id, rows=row.rows)
        table = unpack(plaintext, row.id).rows().select(SEALED)
        numbers = pa.array(range(begins, begins + table.num_rows), pa.int64())
        kept = pc.and_(pc.greater_equal(numbers, first), pc.less_equal(numbers, last))
        if patients is not None:
            named = pc.is_in(
                table.column("patient_id").combine_chunks(), value_set=pa.array(list(patients), pa.string())
            )
            kept = pc.and_(kept, named)
        yield from zip(numbers.filter(kept).to_pylist(), table.filter(kept).to_pylist(), strict=True)


def _segments(store: Store, log: str) -> list[tuple[int, FileRow]]:
    """The stored segments of a log, each behind the number of its first entry, in order."""
    found = [
        (row.first, row)
        for row in store.manifest.trusted().files
        if row.kind == "segment" and row.state == "present" and row.log == log and row.first is not None
    ]
    return sorted(found, key=lambda one: one[0])
