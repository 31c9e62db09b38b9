# SPDX-License-Identifier: Apache-2.0
"""From new events to segments: local days, sealed queries, salts, canonical rows, leaves, key indexes."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.ledger import format_index
from wardkeep.watch.store import detail
from wardkeep.watch.store.arrivals import seen
from wardkeep.watch.store.canonical import SALT, leaves_all, salts
from wardkeep.watch.store.dedup import Events, Hasher, filled_ids
from wardkeep.watch.store.keyindex import SegmentKeys
from wardkeep.watch.store.known import Place
from wardkeep.watch.store.manifest import FileRow
from wardkeep.watch.store.segment import ROWS, pack
from wardkeep.watch.store.times import days, iso_day, offsets

if TYPE_CHECKING:
    from wardkeep.watch.store.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A segment before it is written; its row counts leaves from the batch's first."""

    row: FileRow
    plaintext: bytes
    keys: SegmentKeys
    leaves: list[bytes]

    def placed(self, receipt: Any) -> FileRow:
        """The row with its place in the ledger."""
        first = receipt.first + (self.row.first or 0)
        return replace(self.row, log=receipt.log, first=first, last=first + self.row.rows - 1)


class Sealing:
    """The sealing of one batch."""

    def __init__(self, store: Store, hasher: Hasher, *, received_us: int, month: str, seq: int) -> None:
        self._store, self._hasher = store, hasher
        self._received_us, self._month, self._seq = received_us, month, seq

    def segments(
        self, events: Events, rows: pa.Table, shared: npt.NDArray[np.bool_] | None, amended: Place | None
    ) -> list[Segment]:
        """Segments of the events' rows, cut by local day, in the order of their leaves."""
        lengths = events.ends - events.starts
        table = self._table(rows, np.zeros(len(rows), dtype=bool) if shared is None else np.repeat(shared, lengths))
        if amended is not None:
            table = _with_amends(table, amended)
        event_days = table.column("day").to_numpy()[events.starts]
        if len(event_days) > 1 and (np.diff(event_days) < 0).any():
            order = np.argsort(event_days, kind="stable")
            table = table.take(pa.array(np.argsort(np.repeat(event_days, lengths), kind="stable"))).combine_chunks()
            lengths, event_days = lengths[order], event_days[order]
            starts = np.cumsum(lengths) - lengths
            events = Events(starts, starts + lengths, events.names[order], events.keys[order], events.contents[order])
        salted = salts(table.num_rows)
        column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(SALT), table.num_rows, [None, pa.py_buffer(salted)])
        table = table.set_column(ROWS.get_field_index("salt"), ROWS.field("salt"), column)
        bodies = leaves_all(table, salted)
        cuts = [0, *(np.flatnonzero(np.diff(event_days)) + 1).tolist(), len(event_days)]
        return [self._segment(events, table, bodies, slice(a, b), amended) for a, b in itertools.pairwise(cuts)]

    def _table(self, rows: pa.Table, shared: npt.NDArray[np.bool_]) -> pa.Table:
        """The rows as a segment has them; salts are still missing."""
        times = rows.column("time").to_numpy()
        offset = offsets(times, self._store.zone)
        count = rows.num_rows
        queries = rows.column("query")
        if queries.null_count < count:
            texts = queries.drop_null().to_pylist()
            sealed = pa.array(self._store.queries.seal(texts, month=self._month), pa.string())
            queries = pc.replace_with_mask(queries.combine_chunks(), queries.is_valid().combine_chunks(), sealed)
        made = {
            "event_id": filled_ids(rows),
            "time_us": rows.column("time"),
            "offset_s": pa.array(offset),
            "day": pa.array(days(times, offset)),
            "query": queries,
            "amends": pa.nulls(count, pa.string()),
            "shared_id": pa.array(shared),
            "salt": pa.nulls(count, pa.binary(SALT)),
            "received_us": pa.array(np.full(count, self._received_us, dtype=np.int64)),
        }
        columns = [made[name] if name in made else rows.column(name) for name in ROWS.names]
        return pa.table(columns, schema=ROWS)

    def _segment(
        self, events: Events, table: pa.Table, bodies: list[bytes], cut: slice, amended: Place | None
    ) -> Segment:
        first, last = int(events.starts[cut][0]), int(events.ends[cut][-1])
        part = table.slice(first, last - first)
        times = part.column("time_us").to_numpy()
        plaintext, engine = pack(part)
        day = int(part.column("day")[0].as_py())
        of_systems = seen(part)
        meta: dict[str, Any] = {"systems": sorted(of_systems), "seen": of_systems}
        if shared := int(np.count_nonzero(part.column("shared_id").to_numpy())):
            meta["shared"] = shared
        if said := detail.count(part.column("extra")):
            meta["details"] = said
        if amended is not None:
            numbers = amended.row.numbers
            meta["amends"] = [[amended.row.log, numbers.of(amended.first), numbers.of(amended.last)]]
        row = FileRow(
            id=f"s{self._seq:06d}-{iso_day(day)}",
            kind="segment",
            seq=self._seq,
            log=None,
            first=first,
            last=last - 1,
            rows=last - first,
            day=day,
            min_us=int(times.min()),
            max_us=int(times.max()),
            plain_bytes=engine,
            meta=json.dumps(meta),
        )
        keys = SegmentKeys.of(
            keys=events.keys[cut],
            rows=events.starts[cut] - first,
            contents=events.contents[cut],
            names=events.names[cut],
            patients=self._hasher.distinct(part.column("patient_id")),
            accounts=self._hasher.distinct(part.column("account")),
        )
        return Segment(row=row, plaintext=plaintext, keys=keys, leaves=bodies[first:last])


def _with_amends(table: pa.Table, amended: Place) -> pa.Table:
    """Name in each row the index of the one that it corrects."""
    numbers, log = amended.row.numbers, amended.row.log or ""
    named = [
        format_index(log, numbers.of(min(amended.first + part, amended.last)))
        for part in table.column("part").to_pylist()
    ]
    return table.set_column(ROWS.get_field_index("amends"), ROWS.field("amends"), pa.array(named, pa.string()))
