# SPDX-License-Identifier: Apache-2.0
"""Compaction: many small segments of a day become one. No row, number or entry changes, and nobody who reads is disturbed.

    1  the rows of the small ones, in the order of their numbers, sealed into pending/<name> with the ids of those
       that they replace; from here on it will be finished, by us or by the next session after a crash
    2  in one transaction the manifest names the new one, and retires the old ones: who asks from now on reads the new one
    3  when nobody reads, the files of the retired go, then their rows; batches that no file needs any more become one row

The ledger hears of none of this: a row is proved by its own entry, wherever it lies.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.store.arrivals import delays_of
from wardkeep.watch.store.folder import KEYS, SEALED, disk, sync
from wardkeep.watch.store.keyindex import SegmentKeys
from wardkeep.watch.store.manifest import BatchRow, Contents, FileRow
from wardkeep.watch.store.numbers import joined
from wardkeep.watch.store.pending import Draft, Pending, place, waiting
from wardkeep.watch.store.segment import NUMBER, pack, unpack
from wardkeep.watch.store.times import iso_day
from wardkeep.watch.store.views import read_keys

if TYPE_CHECKING:
    from wardkeep.watch.store.store import Store

#: So many segments of one size are worth joining; a row is then written again about once for each power of it.
WORTH = 8
#: A joined segment has no more rows, and is made of no more segments.
MOST_ROWS, MOST_SEGMENTS = 1_000_000, 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Compacted:
    """What was done."""

    days: int = 0
    #: Segments that were joined, and those that they became.
    before: int = 0
    after: int = 0
    #: Retired segments whose files went, and those that somebody may still read.
    removed: int = 0
    waiting: int = 0


def compact(store: Store, *, wait: float = 10.0, everything: bool = False) -> Compacted:
    """Join what is worth joining; with `everything` all small segments of each day. Raises StoreBusy, StoreFull, StoreDamaged.

    The store's lock is held for one group at a time, so that a session that takes in waits no longer than that.
    """
    if not store.manifest.path.exists():
        return Compacted()
    groups = worth(store.manifest.files("segment"), everything=everything)
    days, before, after = set(), 0, 0
    for group in groups:
        with store.folder.lock(wait=wait):
            here = {row.id: row for row in store.manifest.files("segment")}
            rows = [here[row.id] for row in group if row.id in here]
            if len(rows) < 2 or waiting(store.folder):
                continue  # another one joined them, or a crash left something that the next session finishes first
            _join(store, rows)
        days.add(rows[0].day)
        before, after = before + len(rows), after + 1
    with store.folder.lock(wait=wait):
        removed, kept = _sweep(store)
    return Compacted(days=len(days), before=before, after=after, removed=removed, waiting=kept)


def due(store: Store) -> bool:
    """Whether `compact` would do anything: segments that are worth joining, or files that nobody may need any more."""
    if not store.manifest.path.exists():
        return False
    files = store.manifest.trusted().files
    return any(row.state == "retired" for row in files) or bool(worth(store.manifest.files("segment")))


def worth(segments: Sequence[FileRow], *, everything: bool = False) -> list[list[FileRow]]:
    """Which segments to join: of one day and log, and of about one size, so that few rows are written often."""
    found: dict[tuple[Any, ...], list[FileRow]] = {}
    for row in segments:
        # An amendment stays by itself: what it corrects depends on the moment that is asked for.
        if row.rows < MOST_ROWS // 2 and row.log is not None and "amends" not in row.facts:
            size = 0 if everything else int(math.log(row.rows, WORTH))
            found.setdefault((row.log, row.day, row.canonical, size), []).append(row)
    groups = []
    for _, rows in sorted(found.items(), key=lambda one: one[0]):
        for group in _cut(sorted(rows, key=lambda row: row.first or 0)):
            if len(group) >= (2 if everything else WORTH):
                groups.append(group)
    return groups


def _cut(rows: Sequence[FileRow]) -> list[list[FileRow]]:
    groups: list[list[FileRow]] = [[]]
    count = 0
    for row in rows:
        if groups[-1] and (count + row.rows > MOST_ROWS or len(groups[-1]) >= MOST_SEGMENTS):
            groups.append([])
            count = 0
        groups[-1].append(row)
        count += row.rows
    return groups


def _join(store: Store, rows: Sequence[FileRow]) -> None:
    """Steps 1 and 2. The store's lock is held."""
    folder, contents = store.folder, store.manifest.trusted()
    tables, numbers = [], []
    for row in rows:
        raw = folder.read(folder.place("segment", row.id), kind="segment", identity=row.id, rows=row.rows)
        tables.append(unpack(raw, row.id).rows())
        numbers.append(row.numbers.all())
    every = np.concatenate(numbers)
    order = np.argsort(every, kind="stable")
    table = pa.concat_tables(tables).take(pa.array(order)).combine_chunks()
    table = table.append_column(NUMBER, pa.array(every[order], NUMBER.type))
    plaintext, engine = pack(table)
    row = _row(rows, contents, table, engine)
    pending = Pending(name=row.id, seq=0, received_us=0, replaces=[one.id for one in rows])
    with Draft(folder, pending) as draft:
        draft.add(row, plaintext, keys=_keys(store, rows, order).pack())
        draft.ready()
    with folder.commit_lock():
        place(folder, store.manifest, pending, None)


def _row(rows: Sequence[FileRow], contents: Contents, table: pa.Table, engine: int) -> FileRow:
    runs = joined((first, count) for row in rows for first, _, count in row.numbers.spans())
    received = {row.seq: row.received_us for row in contents.batches}
    came = pc.min_max(table.column("received_us")).as_py()
    seen: dict[str, list[int]] = {}
    for row in rows:
        for system, (count, last_us) in row.facts.get("seen", {}).items():
            before = seen.get(system, [0, last_us])
            seen[system] = [before[0] + count, max(before[1], last_us)]
    meta: dict[str, Any] = {
        "systems": sorted({system for row in rows for system in row.facts.get("systems", ())}),
        "runs": [list(run) for run in runs],
        "received": [came["min"], came["max"]],
        "seen": dict(sorted(seen.items())),
        "delays": delays_of(rows, received),
    }
    if shared := sum(row.facts.get("shared", 0) for row in rows):
        meta["shared"] = shared
    if said := sum(row.facts.get("details", 0) for row in rows):
        meta["details"] = said
    taken = [int(row.id[1:].split("-")[0]) for row in contents.files if row.kind == "segment" and row.id[0] == "m"]
    day = rows[0].day or 0
    return FileRow(
        id=f"m{max(taken, default=0) + 1:06d}-{iso_day(day)}",
        kind="segment",
        seq=max(row.seq for row in rows),
        log=rows[0].log,
        first=runs[0][0],
        last=sum(runs[-1]) - 1,
        rows=table.num_rows,
        day=rows[0].day,
        min_us=min(row.min_us or 0 for row in rows),
        max_us=max(row.max_us or 0 for row in rows),
        plain_bytes=engine,
        canonical=rows[0].canonical,
        meta=json.dumps(meta),
    )


def _keys(store: Store, rows: Sequence[FileRow], order: np.ndarray[Any, np.dtype[np.int64]]) -> SegmentKeys:
    """The index of the joined rows, from those of the parts: nothing is hashed again."""
    parts = [read_keys(store.folder, row) for row in rows]
    begins = np.cumsum([0, *(row.rows for row in rows)])
    where = np.empty(len(order), dtype=np.int64)
    where[order] = np.arange(len(order))
    places = np.concatenate([where[part.rows.astype(np.int64) + at] for part, at in zip(parts, begins, strict=False)])
    by_row = np.argsort(places, kind="stable")
    return SegmentKeys.of(
        keys=np.concatenate([part.keys for part in parts])[by_row],
        rows=places[by_row],
        contents=np.concatenate([part.contents for part in parts])[by_row],
        names=np.concatenate([part.names for part in parts]),
        patients=np.concatenate([part.patients for part in parts]),
        accounts=np.concatenate([part.accounts for part in parts]),
    )


def _sweep(store: Store) -> tuple[int, int]:
    """Step 3. How many retired segments went, and how many wait. The store's lock is held."""
    folder, manifest = store.folder, store.manifest
    with folder.commit_lock():
        contents = manifest.trusted()
        retired = [row for row in contents.files if row.state == "retired"]
        if not retired or waiting(folder):
            return 0, len(retired)
        with disk(folder.path), folder.unread() as alone:
            if not alone:
                return 0, len(retired)
            for row in retired:
                for ending in (SEALED, KEYS):
                    folder.place("segment", row.id, ending).unlink(missing_ok=True)
            sync(folder.place("segment", "x").parent)
            kept = [row for row in contents.files if row.state != "retired"]
            manifest.rewrite(replace(contents, files=kept, batches=_folded(contents.batches, kept)))
    return len(retired), 0


def _folded(batches: Sequence[BatchRow], files: Sequence[FileRow]) -> list[BatchRow]:
    """Batches that no file needs, and whose entries stand before those of the next, become one with it."""
    needed = {row.seq for row in files}
    found: list[BatchRow] = []
    for row in sorted(batches, key=lambda row: row.seq):
        before = found[-1] if found else None
        if (
            before is not None
            and before.seq not in needed
            and before.log is not None
            and (before.log, (before.last or 0) + 1) == (row.log, row.first)
        ):
            found[-1] = replace(row, first=before.first)
        else:
            found.append(row)
    return found
