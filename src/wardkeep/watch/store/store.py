# SPDX-License-Identifier: Apache-2.0
"""`Store`: the sealed events, tables, quarantine and runs of one home, and the questions that can be put to them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from wardkeep.watch.hospital.tables import KEPT
from wardkeep.watch.store import quarantine
from wardkeep.watch.store.arrivals import Arrived, arrived
from wardkeep.watch.store.canonical import render
from wardkeep.watch.store.context import state
from wardkeep.watch.store.dedup import Hasher
from wardkeep.watch.store.errors import NotStored, StoreError
from wardkeep.watch.store.folder import Folder, Keys, disk
from wardkeep.watch.store.known import Known
from wardkeep.watch.store.manifest import FileRow, Manifest
from wardkeep.watch.store.pending import Appends, Draft, Pending, place
from wardkeep.watch.store.quarantine import Piece
from wardkeep.watch.store.remembered import KnownTables
from wardkeep.watch.store.retention import QueryKeys
from wardkeep.watch.store.segment import from_parquet, to_parquet, unpack
from wardkeep.watch.store.views import Opening, Question, connect, hashes_of, limit_bytes

if TYPE_CHECKING:
    from wardkeep.watch.store.intake import Intake

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Store:
    """A store; making one touches nothing. Reading needs no lock."""

    def __init__(self, folder: Path, *, keyring: Keys, tenant: str, zone: str, ledger_folder: Path) -> None:
        self.folder = Folder(folder, keyring=keyring, tenant=tenant)
        self.zone, self.ledger_folder = zone, ledger_folder
        #: Opens and seals the texts of queries.
        self.queries = QueryKeys(keyring, tenant=tenant)
        #: What is remembered between two sessions; None where each looks anew.
        self._memory: Memory | None = None

    @cached_property
    def manifest(self) -> Manifest:
        return Manifest(self.folder.path / "manifest.sqlite3", key=self.folder.key("manifest"))

    # -- writing ---------------------------------------------------------------------------------------------------

    def intake(self, ledger: Appends, *, received_at: datetime, wait: float = 10.0) -> Intake:
        """A session that takes in; use it in a `with`. Raises StoreBusy when another one goes on for `wait` seconds."""
        from wardkeep.watch.store.intake import Intake  # noqa: PLC0415

        return Intake(self, ledger, received_at=received_at, wait=wait)

    def remember(self) -> None:
        """Keep what is known of stored events between sessions: for a process that takes in every few seconds. It costs 16
        bytes an event, and what other processes store or compact meanwhile is seen by the manifest."""
        self._memory = Memory()

    def known_events(self) -> Known:
        """The stored events, as far as keys and contents go."""
        segments = self.manifest.files("segment")
        if self._memory is None:
            return Known(self.folder, segments, self.queries)
        if self._memory.known is None:
            self._memory.known = Known(self.folder, [], self.queries)
        self._memory.known.see(segments)
        return self._memory.known

    def save_run(self, run_id: str, name: str, table: pa.Table) -> None:
        """Keep what a judgement found under (run, name). Raises StoreError where that is taken, StoreFull."""
        identity = _run_file(run_id, name)
        self.folder.make()
        meta = json.dumps({"run": run_id, "name": name})
        with self.folder.commit_lock():
            with disk(self.folder.path):
                self.manifest.create()
            if any(row.id == identity for row in self.manifest.files("run")):
                raise StoreError(f"run {run_id} has {name} already", hint="a run is kept once")
            pending = Pending(name=identity, seq=0, received_us=0)
            row = FileRow(
                id=identity, kind="run", seq=0, log=None, first=None, last=None, rows=table.num_rows, meta=meta
            )
            with Draft(self.folder, pending) as draft:
                draft.add(row, to_parquet(table))
                draft.ready()
            place(self.folder, self.manifest, pending, None)

    # -- reading ---------------------------------------------------------------------------------------------------

    def connect(
        self,
        *,
        from_us: int | None = None,
        to_us: int | None = None,
        as_of_us: int | None = None,
        patients: Sequence[str] | None = None,
        accounts: Sequence[str] | None = None,
        details: bool = False,
        memory_limit: str = "4GB",
        threads: int = 2,
    ) -> duckdb.DuckDBPyConnection:
        """A connection with the views `events`, `all_events` and one a table that was ever loaded.

        from_us (inclusive), to_us (exclusive): by the time of the event. as_of_us: only what was received by then.
        patients, accounts: only rows that name one of them (both, where both are given). details: also the view
        `event_detail`, for attribution. Close it: the decrypted files go with it. Raises RangeTooLarge, StoreDamaged.
        """
        question = Question(from_us=from_us, to_us=to_us, as_of_us=as_of_us, patients=patients, accounts=accounts)
        hasher = Hasher(self.folder.key("hash"))
        with self.folder.reading():  # until all that is asked for is in memory
            contents = self.manifest.trusted()
            loaded = dict.fromkeys(row.facts["table"] for row in contents.files if row.kind == "context")
            tables = [name for name in loaded if name not in KEPT]
            opened = connect(
                Opening(self.folder, contents, question, limit=limit_bytes(memory_limit)),
                question,
                self.queries,
                persons=(hashes_of(patients, hasher), hashes_of(accounts, hasher)),
                tables=tables,
                details=details,
                memory_limit=memory_limit,
                threads=threads,
            )
        return cast(duckdb.DuckDBPyConnection, opened)

    def sealed(self, log: str, n: int) -> tuple[bytes, bytes]:
        """The salt and the canonical row to which the entry `n` of a log commits. Raises NotStored, StoreDamaged."""
        with self.folder.reading():
            for row in self.manifest.files("segment"):
                if row.log == log and (at := row.numbers.row(n)) is not None:
                    (values,) = unpack(self._plain(row), row.id).rows().slice(at, 1).to_pylist()
                    return values["salt"], render(values, version=row.canonical)
        raise NotStored(
            f"the store has no event for the entry {log}:{n}", hint="an act has no row: ask for its proof alone"
        )

    def load_run(self, run_id: str, name: str) -> pa.Table:
        """What a run kept. Raises NotStored, StoreDamaged."""
        identity = _run_file(run_id, name)
        for row in self.manifest.files("run"):
            if row.id == identity:
                return from_parquet(self._plain(row))
        raise NotStored(f"run {run_id} has kept no {name}")

    def pieces(self) -> list[Piece]:
        """Everything in quarantine, oldest first."""
        return self._pieces()

    def _pieces(self, *, file: str | None = None) -> list[Piece]:
        contents = self.manifest.trusted()
        received = {row.seq: row.received_us for row in contents.batches}
        states = contents.settled
        return [
            piece
            for row in contents.files
            if row.kind == "quarantine" and row.state == "present" and file in (None, row.id)
            for piece in quarantine.unpack(self._plain(row), row.id, received[row.seq], states)
        ]

    def piece(self, piece_id: str) -> Piece:
        """One piece of quarantine. Raises NotStored."""
        for piece in self._pieces(file=piece_id.rpartition("-")[0]):
            if piece.id == piece_id:
                return piece
        raise NotStored(f"there is no piece {piece_id} in quarantine", hint="see `wardkeep quarantine list`")

    def marks(self) -> set[bytes]:
        """What tells the pieces in quarantine apart."""
        memory = self._memory or Memory()
        for row in self.manifest.files("quarantine"):
            if row.id not in memory.marked:
                table = pq.read_table(pa.BufferReader(self._plain(row)), columns=["mark"])
                memory.marks.update(table.column("mark").to_pylist())
                memory.marked.add(row.id)
        return memory.marks

    def arrived(self, *, since_day: int) -> list[Arrived]:
        """What came of each system since a local day. Raises StoreDamaged."""
        contents = self.manifest.trusted()
        present = (row for row in contents.files if row.state == "present")
        return arrived(present, contents.batches, since_day=since_day)

    def tables(self) -> dict[str, int]:
        """Rows known now of each table that was ever loaded."""
        names = dict.fromkeys(row.facts["table"] for row in self.manifest.files("context"))
        return {name: self.known_table(name).num_rows for name in names if name not in KEPT}

    def loads(self) -> tuple[str, ...]:
        """What tells one state of the tables from another: the loads that made it."""
        return tuple(row.id for row in self.manifest.files("context"))

    def known_table(self, name: str, *, feeds: bool = False) -> pa.Table:
        """What is known of a table now; `feeds`: of the loads of feeds alone."""
        loads = [row for row in self.manifest.files("context") if row.facts["table"] == name]
        if feeds:
            loads = [row for row in loads if row.facts.get("feed")]
        if self._memory is not None:
            return self._memory.tables.known(name, loads, lambda row: from_parquet(self._plain(row)), feeds=feeds)
        return state(name, [from_parquet(self._plain(row)) for row in loads])

    def _plain(self, row: FileRow) -> bytes:
        path = self.folder.place(row.kind, row.id)
        return self.folder.read(path, kind=row.kind, identity=row.id, rows=row.rows)


@dataclass(slots=True)
class Memory:
    """What one process remembers of the store between two sessions."""

    known: Known | None = None
    #: The marks of the pieces in quarantine, and the files that they are from.
    marks: set[bytes] = field(default_factory=set)
    marked: set[str] = field(default_factory=set)
    tables: KnownTables = field(default_factory=KnownTables)


def _run_file(run_id: str, name: str) -> str:
    if not _NAME.fullmatch(run_id) or not _NAME.fullmatch(name):
        raise StoreError(f"{run_id!r}, {name!r} cannot name a run's artifact: use letters, digits, dots and dashes")
    return f"r-{run_id}-{name}"
