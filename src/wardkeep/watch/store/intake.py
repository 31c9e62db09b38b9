# SPDX-License-Identifier: Apache-2.0
"""`Intake`: one session in which events, tables and what was set aside go into the store.

The store's lock is held from beginning to end. First what a crash left is finished. Then events gather; about every
`FLUSH` rows they are told apart (new, repeated, contradicting), sealed and appended. What has not been flushed when an error
ends the session is not lost: it is still in the input.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.ledger import format_index
from wardkeep.watch.hospital.context import engine_key
from wardkeep.watch.hospital.tables import TABLES
from wardkeep.watch.store import quarantine
from wardkeep.watch.store.context import change
from wardkeep.watch.store.dedup import Events, Hasher, mark, occurrences
from wardkeep.watch.store.errors import NotStored
from wardkeep.watch.store.folder import disk
from wardkeep.watch.store.keyindex import HashSet
from wardkeep.watch.store.known import Known, Place, key_of
from wardkeep.watch.store.manifest import REOPENED, DoneRow, FileRow
from wardkeep.watch.store.pending import Appends, Draft, Pending, finish, finish_all
from wardkeep.watch.store.quarantine import CONFLICT, RECORD
from wardkeep.watch.store.rows import Sealing
from wardkeep.watch.store.segment import to_parquet
from wardkeep.watch.store.times import days, microseconds, offsets

if TYPE_CHECKING:
    from wardkeep.watch.store.store import Store

#: Rows that make a batch.
FLUSH = 100_000
#: Bytes of set-aside pieces that make a batch.
FLUSH_BYTES = 64 << 20
#: What became of a piece that needs no reading.
DISMISSED = "dismissed"
Progress = Callable[[int, int], None]


class EventBatch(Protocol):
    """A batch as readers yield it (watch.intake.Batch)."""

    @property
    def events(self) -> pa.RecordBatch: ...
    @property
    def rejected(self) -> Sequence[Any]: ...
    @property
    def records(self) -> int: ...
    @property
    def done(self) -> int: ...
    @property
    def size(self) -> int: ...


class LoadedTable(Protocol):
    """A table as readers yield it (watch.hospital.Context)."""

    @property
    def name(self) -> str: ...
    @property
    def table(self) -> pa.Table: ...
    @property
    def rejected(self) -> Sequence[Any]: ...
    @property
    def full(self) -> bool: ...
    @property
    def held(self) -> pa.Table | None: ...
    @property
    def feed(self) -> bool: ...
    @property
    def gone(self) -> pa.Table | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a session did. read = accepted + duplicates + quarantined."""

    #: Records accounted for: events, and pieces that are none.
    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    #: Entries of events in the ledger: one an event and patient.
    sealed: int = 0
    first_index: str | None = None
    last_index: str | None = None
    #: Of those quarantined: events that contradict a stored one.
    conflicts: int = 0
    #: Tables that were loaded, and how many rows of each are known now.
    tables: dict[str, int] = field(default_factory=dict)


class Intake:
    """Use it in a `with`; see the module."""

    def __init__(self, store: Store, ledger: Appends, *, received_at: datetime, wait: float = 10.0) -> None:
        self._store, self._ledger, self._wait = store, ledger, wait
        self._received_us = microseconds(received_at)
        self._month = f"{received_at:%Y-%m}"
        self._exits = ExitStack()
        self._known: Known | None = None
        self._marks: set[bytes] | None = None
        self._rows: list[pa.RecordBatch] = []
        self._staged = 0
        self._pieces: list[dict[str, Any]] = []
        self._piece_bytes = 0
        self._done: list[DoneRow] = []
        self._counts = dict.fromkeys(("read", "accepted", "duplicates", "quarantined", "sealed", "conflicts"), 0)
        self._first: str | None = None
        self._last: str | None = None
        self._tables: dict[str, int] = {}
        self._open = False

    def __enter__(self) -> Intake:
        store = self._store
        store.folder.make()
        self._exits.enter_context(store.folder.lock(wait=self._wait))
        try:
            with disk(store.folder.path):
                store.manifest.create()
            #: Batches that a crash had left and that were finished now.
            self.recovered = finish_all(store.folder, store.manifest, self._ledger)
        except BaseException:
            self._exits.close()
            raise
        self._hasher = Hasher(store.folder.key("hash"))
        self._seq = store.manifest.last_seq()
        self._open = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._open = False
            self._exits.close()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def file(self, batches: Iterable[EventBatch], progress: Progress | None = None, *, messages: bool = False) -> None:
        """Take in one source file: identical records without an id are counted within it.

        messages: each record came by itself, and one that is byte for byte as another before it is that one, sent again.
        """
        within = None if messages else HashSet()
        for batch in batches:
            self._stage(batch.events, within)
            for piece in batch.rejected:
                self._set_aside(piece)
            self._counts["read"] += batch.records
            if progress is not None:
                progress(batch.done, batch.size)
            if self._staged >= FLUSH or self._piece_bytes >= FLUSH_BYTES:
                self.flush()

    def context(self, *loads: LoadedTable) -> None:
        """Take in loads of tables (of each table one) as what they change, all of them in one batch."""
        self.flush()
        files = []
        for loaded in loads:
            for piece in loaded.rejected:
                self._set_aside(piece)
                self._counts["read"] += 1
            known = self._store.known_table(loaded.name)
            held = self._held(loaded) if loaded.full else loaded.held
            changed = change(loaded.name, known, loaded.table, full=loaded.full, held=held, gone=loaded.gone)
            if changed.num_rows:
                name = f"c{self._seq + 1:06d}-{loaded.name}"
                meta = {"table": loaded.name, "full": loaded.full} | ({"feed": True} if loaded.feed else {})
                files.append((self._file(name, "context", changed.num_rows, meta), to_parquet(changed)))
        self._commit(files, [])
        for loaded in loads:
            if loaded.name in TABLES:
                self._tables[loaded.name] = self._store.known_table(loaded.name).num_rows

    def _held(self, loaded: LoadedTable) -> pa.Table | None:
        """The rows that a full export does not retract: those that it holds and that cannot be read, and those of feeds."""
        fed = self._store.known_table(loaded.name, feeds=True)
        if not fed.num_rows:
            return loaded.held
        keys = fed.select(engine_key(TABLES[loaded.name]))
        return keys if loaded.held is None else pa.concat_tables([keys, loaded.held.cast(keys.schema)])

    def replayed(self, piece_id: str) -> None:
        """A piece was read well now; it needs no more attention."""
        self._settle(piece_id, "replayed")

    def dismissed(self, piece_id: str) -> None:
        """A person says that a piece needs no reading; it stays where it is, and is closed."""
        self._settle(piece_id, DISMISSED)

    def reopened(self, piece_id: str) -> None:
        """A person says that a piece was dismissed in error: it waits again."""
        if self._settled.get(piece_id) == DISMISSED:
            self._became(piece_id, REOPENED)
            del self._settled[piece_id]

    def amend(self, piece_id: str) -> None:
        """Replay a conflict: its event becomes an amendment of the stored one. Raises NotStored."""
        piece = self._store.piece(piece_id)
        if not piece.is_conflict or piece.state != "open":
            raise NotStored(f"{piece_id} is no open conflict", hint="see `wardkeep quarantine list`")
        self.flush()
        rows = quarantine.decode_event(piece.raw)
        texts = [self._store.queries.open(text) for text in rows.column("query").to_pylist()]
        rows = rows.set_column(
            rows.schema.get_field_index("query"), RECORD.field("query"), pa.array(texts, pa.string())
        )
        events = self._hasher.events(rows)
        places = self.known.places(events.keys, key_of(rows.slice(0, 1).to_pylist()[0]))
        self._settle(piece_id, "amended")
        self._counts["read"] += 1
        self._counts["accepted"] += 1
        if not places:  # the event it contradicts is gone: it is a new one
            self._seal(events, rows, None)
        else:
            self._seal(events, rows, places[-1])

    def report(self) -> Report:
        """What the session did so far."""
        if self._open:
            self.flush()
        return Report(**self._counts, first_index=self._first, last_index=self._last, tables=dict(self._tables))

    # -- staging ---------------------------------------------------------------------------------------------------

    def _stage(self, batch: pa.RecordBatch, within: HashSet | None) -> None:
        if not batch.num_rows:
            return
        ids = batch.column("event_id")
        numbers = self._occurrences(batch, within) if ids.null_count else pa.nulls(batch.num_rows, pa.int32())
        self._rows.append(pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=RECORD))
        self._staged += batch.num_rows

    def _occurrences(self, batch: pa.RecordBatch, within: HashSet | None) -> pa.Array:
        if within is None:
            return pc.if_else(pc.is_null(batch.column("event_id")), pa.scalar(0, pa.int32()), None)
        parts = batch.column("part").to_numpy()
        starts = np.flatnonzero(parts == 0)
        event_of = np.cumsum(parts == 0) - 1
        firsts = pa.Table.from_batches([batch]).take(pa.array(starts))
        nameless = pc.is_null(firsts.column("event_id")).to_numpy()
        hashes = self._hasher.raws(firsts.filter(pa.array(nameless)))
        numbers = np.zeros(len(starts), dtype=np.int32)
        numbers[nameless] = occurrences(hashes, within.counts(hashes))
        within.add(hashes)
        return pa.array(numbers[event_of], pa.int32(), mask=~nameless[event_of])

    def _set_aside(self, piece: Any) -> None:
        self._counts["quarantined"] += 1
        texts = (piece.reason, piece.format, piece.source, piece.position)
        head = getattr(piece, "head", b"")
        found = mark(*(text.encode() for text in texts), piece.raw, head, key=self._store.folder.key("hash"))
        row = {
            "source": piece.source,
            "position": piece.position,
            "reason": piece.reason,
            "format": piece.format,
            "raw": piece.raw,
            "head": head,
            "truncated": piece.truncated,
            "mark": found,
        }
        self._keep_piece(row)

    def _keep_piece(self, row: dict[str, Any]) -> None:
        """Keep a piece of quarantine, unless it is there already."""
        if self._marks is None:
            self._marks = set(self._store.marks())
        if row["mark"] not in self._marks:
            self._marks.add(row["mark"])
            self._pieces.append(row)
            self._piece_bytes += len(row["raw"])

    def _settle(self, piece_id: str, how: str) -> None:
        if piece_id not in self._settled:
            self._became(piece_id, how)
            self._settled[piece_id] = how

    def _became(self, piece_id: str, how: str) -> None:
        self._done.append(DoneRow(piece=piece_id, how=how, seq=self._seq + 1, at_us=self._received_us))

    @cached_property
    def _settled(self) -> dict[str, str]:
        """What became of pieces, read once: nobody else writes while the store is ours."""
        return self._store.manifest.trusted().settled

    @property
    def known(self) -> Known:
        """What is stored; opened when first asked for."""
        if self._known is None:
            self._known = self._store.known_events()
        return self._known

    # -- sealing ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Seal and append what has gathered. Raises StoreFull, StoreDamaged, LedgerError."""
        if not self._rows:
            if self._pieces or self._done:
                self._commit([], [])
            return
        rows = pa.Table.from_batches(self._rows, RECORD).combine_chunks()
        self._rows, self._staged = [], 0
        events = self._hasher.events(rows)
        times = rows.column("time").to_numpy()[events.starts]
        verdict = self.known.judge(events, rows, days(times, offsets(times, self._store.zone)))
        for conflict in verdict.conflicts:
            self._contradicts(rows, events, conflict.event, conflict.fields)
        self._counts["duplicates"] += int(verdict.repeated.sum())
        self._counts["quarantined"] += len(verdict.conflicts)
        self._counts["conflicts"] += len(verdict.conflicts)
        accepted = int(verdict.fresh.sum())
        if accepted < len(events):
            kept = np.repeat(verdict.fresh, events.ends - events.starts)
            rows = rows.filter(pa.array(kept)).combine_chunks()
            lengths = (events.ends - events.starts)[verdict.fresh]
            ends = np.cumsum(lengths)
            events = Events(
                ends - lengths,
                ends,
                events.names[verdict.fresh],
                events.keys[verdict.fresh],
                events.contents[verdict.fresh],
            )
        if accepted:
            self._seal(events, rows, None)
        elif self._pieces or self._done:
            self._commit([], [])
        self._counts["accepted"] += accepted

    def _contradicts(self, rows: pa.Table, events: Events, event: int, fields: Sequence[str]) -> None:
        start, end = int(events.starts[event]), int(events.ends[event])
        ours = rows.slice(start, end - start)
        first = ours.slice(0, 1).to_pylist()[0]
        content = events.contents[event].tobytes()
        sealed = self._store.queries.seal(ours.column("query").to_pylist(), month=self._month)
        ours = ours.set_column(
            ours.schema.get_field_index("query"), RECORD.field("query"), pa.array(sealed, pa.string())
        )
        self._keep_piece(
            {
                "source": first["source"],
                "position": first["position"],
                "reason": f"{CONFLICT}: the event is known, and differs in {', '.join(fields)}",
                "format": first["format"],
                "raw": quarantine.encode_event(ours),
                "head": b"",
                "truncated": False,
                "mark": mark(b"conflict", events.keys[event].tobytes(), content, key=self._store.folder.key("hash")),
            }
        )

    def _seal(self, events: Events, rows: pa.Table, amended: Place | None) -> None:
        """Seal new events (or the amendment of one), with whatever else has gathered."""
        shared = self.known.shared(events, np.ones(len(events), dtype=bool)) if amended is None else None
        sealing = Sealing(
            self._store, self._hasher, received_us=self._received_us, month=self._month, seq=self._seq + 1
        )
        segments = sealing.segments(events, rows, shared, amended)
        self._commit([], segments)

    def _commit(self, files: list[tuple[FileRow, bytes]], segments: list[Any]) -> None:
        """One batch: the three steps."""
        if self._pieces:
            name = f"q{self._seq + 1:06d}"
            files = [*files, (self._file(name, "quarantine", len(self._pieces), {}), quarantine.pack(self._pieces))]
        if not files and not segments and not self._done:
            return
        seq = self._seq + 1
        pending = Pending(name=f"b{seq:06d}", seq=seq, received_us=self._received_us, done=self._done)
        bodies: list[bytes] = []
        with Draft(self._store.folder, pending) as draft:
            for segment in segments:
                draft.add(segment.row, segment.plaintext, keys=segment.keys.pack())
                bodies += segment.leaves
            for row, plaintext in files:
                draft.add(row, plaintext)
            draft.ready()
        receipt = finish(self._store.folder, self._store.manifest, self._ledger, pending, bodies)
        self._pieces, self._piece_bytes, self._done, self._seq = [], 0, [], seq
        if not segments:
            return
        for segment in segments:
            self.known.add(segment.placed(receipt), segment.keys)
        self._counts["sealed"] += len(bodies)
        self._first = self._first or format_index(receipt.log, receipt.first)
        self._last = format_index(receipt.log, receipt.first + len(bodies) - 1)

    def _file(self, name: str, kind: str, rows: int, meta: dict[str, Any]) -> FileRow:
        return FileRow(
            id=name, kind=kind, seq=self._seq + 1, log=None, first=None, last=None, rows=rows, meta=json.dumps(meta)
        )


def ingest(
    store: Store,
    ledger: Appends,
    batches: Iterable[EventBatch],
    *,
    received_at: datetime,
    progress: Progress | None = None,
) -> Report:
    """Take in one source file. Raises StoreError, LedgerError."""
    with store.intake(ledger, received_at=received_at) as session:
        session.file(batches, progress)
        return session.report()


def recover(store: Store, ledger: Appends, *, received_at: datetime) -> int:
    """Finish what a crash left, as each session does first; how many batches that were. Raises StoreError, LedgerError."""
    with store.intake(ledger, received_at=received_at) as session:
        return session.recovered
