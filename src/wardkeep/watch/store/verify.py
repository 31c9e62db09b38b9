# SPDX-License-Identifier: Apache-2.0
"""Whether the store is what was sealed: every row against its entry, every file against its hash, and nothing beside them.

Each damage is named by the smallest unit that can be read:

- `row`: an entry (`2026:123`) whose stored row is not the one that was sealed
- `chunk`, `file`: a sealed file, with the number of its chunk (1 MiB each, from 0) where one can be told
- `index`: the key index of a segment; `batch`: what a batch in `pending/` says of itself
- `manifest row`, `manifest page`, `manifest`: see manifest.py
- `missing`: a file, a batch, or entries of events whose rows the store does not hold
- `stray`: a file that the store did not write

What a crash left for the next session to finish is no damage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.keys.errors import SealedError
from wardkeep.ledger import EVENT_LEAF_SIZE, EVENT_LEAF_VERSION, LedgerReader, Problem, format_index
from wardkeep.watch.store import quarantine
from wardkeep.watch.store.canonical import leaves_all
from wardkeep.watch.store.context import schema_of
from wardkeep.watch.store.dedup import Hasher
from wardkeep.watch.store.entries import Entries
from wardkeep.watch.store.errors import StoreDamaged
from wardkeep.watch.store.folder import KEYS, KINDS, PENDING, READING, SEALED
from wardkeep.watch.store.keyindex import SegmentKeys
from wardkeep.watch.store.manifest import Contents, FileRow
from wardkeep.watch.store.pending import DESCRIPTION, SEALED_ACT, Pending
from wardkeep.watch.store.quarantine import RECORD
from wardkeep.watch.store.segment import from_parquet, unpack
from wardkeep.watch.store.times import days, offsets

if TYPE_CHECKING:
    from wardkeep.watch.store.store import Store

#: Called with how many rows were checked, and how many there are.
Progress = Callable[[int, int], None]
#: Entries that are read from the ledger at once.
AT_ONCE = 65_536
_OWN = {"manifest.sqlite3", "manifest.sqlite3-journal", "manifest.pages", "manifest.lock", "lock", READING}
_DRAFTS = {"manifest.new", "manifest.new-journal", "manifest.pages.new"}


def verify_store(store: Store, reader: LedgerReader, *, progress: Progress | None = None) -> Iterator[Problem]:
    """Everything that is not as it was sealed. Needs the keys, and no lock."""
    with store.folder.reading():
        yield from _Check(store, reader, progress or (lambda done, size: None)).run()


class _Check:
    """One verification. What the ledger holds is read first, what is on its way second, the manifest last: each batch is
    then seen in at least one of them, also while a session goes on."""

    def __init__(self, store: Store, reader: LedgerReader, progress: Progress) -> None:
        self._store, self._reader, self._progress = store, reader, progress
        self._folder = store.folder
        self._hasher = Hasher(self._folder.key("hash"))
        self._checked = 0

    def run(self) -> Iterator[Problem]:
        self._entries = Entries(self._reader)
        pending, problems = self._pending()
        yield from problems
        contents = self._store.manifest.contents()
        for fault in contents.faults:
            yield Problem(fault.kind, fault.where)
        if not contents.faults:
            yield from self._pages()
        rows = sum(row.rows for row in contents.files if row.kind == "segment")
        for row in contents.files:
            if row.state != "present":
                continue
            yield from self._file(row)
            if row.kind == "segment":
                self._checked += row.rows
                self._progress(self._checked, rows)
        if contents.faults:
            return  # rows that cannot be trusted are named; what they stood for cannot be told
        yield from self._strays(contents, pending)
        yield from self._unclaimed(contents, pending)
        held = max((row.seq for row in contents.batches), default=0)
        if held < self._entries.sent and not any(one.seq > held for one in pending):
            yield Problem(
                "missing", f"batches {held + 1} to {self._entries.sent}", "the ledger has them, the store does not"
            )

    # -- the manifest ----------------------------------------------------------------------------------------------

    def _pages(self) -> Iterator[Problem]:
        """Bytes of the manifest that no row uses; the rows have proved right."""
        if self._folder.path.is_dir():
            with self._folder.commit_lock():
                for where in self._store.manifest.changed_pages():
                    yield Problem("manifest page", where)

    # -- files -----------------------------------------------------------------------------------------------------

    def _file(self, row: FileRow) -> Iterator[Problem]:
        path = self._folder.place(row.kind, row.id)
        plaintext, problem = self._opened(path, row.kind, row, row.sha256)
        found: list[Problem] = []
        if plaintext is not None:
            found = list(
                self._segment(row, path, plaintext) if row.kind == "segment" else self._other(row, path, plaintext)
            )
        yield from found
        if problem is not None and not found:
            yield problem

    def _other(self, row: FileRow, path: Path, plaintext: bytes) -> Iterator[Problem]:
        yield from self._act(row, path)
        try:
            _readable(row, plaintext)
        except (pa.ArrowException, StoreDamaged, KeyError, ValueError):
            yield Problem("file", self._folder.shown(path), "it does not hold what it should")

    def _opened(self, path: Path, kind: str, row: FileRow, digest: str) -> tuple[bytes | None, Problem | None]:
        """The plaintext of a file, and what is wrong with the file. Both, where it was sealed again with our keys."""
        shown = self._folder.shown(path)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None, Problem("missing", shown)
        except OSError as error:
            return None, Problem("file", shown, error.strerror or "it cannot be read")
        try:
            plaintext = self._folder.unseal(raw, shown, kind=kind, identity=row.id, rows=row.rows)
        except SealedError as error:
            if error.chunk is None:
                return None, Problem("file", shown, "its header is not what was written")
            return None, Problem("chunk", f"{shown} chunk {error.chunk}")
        if hashlib.sha256(raw).hexdigest() != digest:
            return plaintext, Problem("file", shown, "it was sealed again by someone who has the key")
        return plaintext, None

    def _segment(self, row: FileRow, path: Path, plaintext: bytes) -> Iterator[Problem]:
        try:
            table = unpack(plaintext, row.id).rows()
        except (StoreDamaged, pa.ArrowException) as error:
            yield Problem("file", self._folder.shown(path), f"it is no segment: {type(error).__name__}")
            return
        if table.num_rows != row.rows:
            yield Problem("file", self._folder.shown(path), f"{table.num_rows} rows, the manifest says {row.rows}")
            return
        yield from self._rows(row, table)
        yield from self._index(row, table)

    def _rows(self, row: FileRow, table: pa.Table) -> Iterator[Problem]:
        salted = b"".join(table.column("salt").to_pylist())
        found = leaves_all(table, salted)
        log, numbers = row.log or "", row.numbers
        yield from self._beyond(row)
        for first, begins, rows in numbers.spans():
            yield from self._run(log, first, found[begins : begins + rows])
        times = table.column("time_us").to_numpy()
        offset = offsets(times, self._store.zone)
        wrong = (table.column("offset_s").to_numpy() != offset) | (
            table.column("day").to_numpy() != days(times, offset)
        )
        for at in np.flatnonzero(wrong).tolist():
            yield Problem("row", format_index(log, numbers.of(at)), "its local day is not that of its time")

    def _run(self, log: str, first: int, found: list[bytes]) -> Iterator[Problem]:
        """Rows whose numbers follow on one another, against their entries."""
        held = min(len(found), (self._entries.end(log) or 0) - first)
        for start in range(0, held, AT_ONCE):
            end = min(start + AT_ONCE, held)
            sealed = self._entries.bodies(log, first + start, first + end - 1)
            if sealed == found[start:end]:
                continue
            for number, (mine, theirs) in enumerate(zip(found[start:end], sealed, strict=True), start):
                if theirs is not None and mine != theirs:
                    yield Problem("row", format_index(log, first + number), "the row is not the one that was sealed")

    def _index(self, row: FileRow, table: pa.Table) -> Iterator[Problem]:
        path = self._folder.place("segment", row.id, KEYS)
        raw, problem = self._opened(path, "keys", row, str(row.facts.get("keys", "")))
        if raw is None or problem is not None:
            yield problem or Problem("missing", self._folder.shown(path))
            return
        try:
            index = SegmentKeys.unpack(raw, row.id)
        except StoreDamaged as error:
            yield Problem("index", self._folder.shown(path), str(error))
            return
        texts = [self._store.queries.open(text) for text in table.column("query").to_pylist()]
        lost = any(a is None and b is not None for a, b in zip(texts, table.column("query").to_pylist(), strict=True))
        events = self._hasher.events(_as_batch(table, texts))
        again = SegmentKeys.of(
            keys=events.keys,
            rows=events.starts,
            contents=events.contents,
            names=events.names,
            patients=self._hasher.distinct(table.column("patient_id")),
            accounts=self._hasher.distinct(table.column("account")),
        )
        for name in SegmentKeys.__slots__:
            if name == "contents" and lost:
                continue
            if not np.array_equal(getattr(index, name), getattr(again, name)):
                yield Problem("index", self._folder.shown(path), f"its {name} are not those of the segment")
                return

    def _beyond(self, row: FileRow) -> Iterator[Problem]:
        """Entries that the ledger should have and does not: it is an older one, or another."""
        end = self._entries.end(row.log or "")
        if row.log is None or row.last is None or row.first is None or end is None or row.last < end:
            return
        where = f"{format_index(row.log, max(row.first, end))} to {row.last}"
        yield Problem("missing", where, f"the ledger does not hold the entries of {row.id}")

    def _act(self, row: FileRow, path: Path) -> Iterator[Problem]:
        """The act that sealed a file names its hash."""
        if row.log is None or row.first is None:
            return
        yield from self._beyond(row)
        if row.first >= (self._entries.end(row.log) or 0):
            return
        body = self._entries.act(row.log, row.first)
        if body is None:
            return
        try:
            said = json.loads(body)
            named = {one["id"]: one["sha256"] for one in said["files"]} if said["act"] == SEALED_ACT else {}
        except (ValueError, KeyError, TypeError):
            named = {}
        if named.get(row.id) != row.sha256:
            yield Problem(
                "file", self._folder.shown(path), f"entry {format_index(row.log, row.first)} does not name its hash"
            )

    # -- what is on its way, and what nobody knows -----------------------------------------------------------------

    def _pending(self) -> tuple[list[Pending], list[Problem]]:
        found, problems = [], []
        folder = self._folder.pending
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.name.endswith(".new") or not path.is_dir():
                continue
            where = path / DESCRIPTION
            try:
                one = Pending.decode(where.read_bytes(), self._folder.key("manifest"), self._folder.shown(where))
            except StoreDamaged:
                problems.append(Problem("batch", self._folder.shown(where)))
            except OSError:
                if path.exists():
                    problems.append(Problem("missing", self._folder.shown(where)))
            else:
                found.append(one)
                problems += self._pending_files(path, one)
        return found, problems

    def _pending_files(self, folder: Path, one: Pending) -> Iterator[Problem]:
        wanted = [(row, SEALED, row.kind, row.sha256) for row in one.files]
        wanted += [(row, KEYS, "keys", str(row.facts["keys"])) for row in one.segments()]
        for row, ending, kind, digest in wanted:
            path = folder / (row.id + ending)
            placed = self._folder.place(row.kind, row.id, ending)
            if not path.exists() and placed.exists():
                path = placed
            _, problem = self._opened(path, kind, row, digest)
            if problem is not None and (folder / DESCRIPTION).exists():
                yield problem

    def _strays(self, contents: Contents, pending: list[Pending]) -> Iterator[Problem]:
        known = set()
        for row in [*contents.files, *(row for one in pending for row in one.files)]:
            known.add(f"{KINDS[row.kind]}/{row.id}{SEALED}")
            if row.kind == "segment":
                known.add(f"{KINDS[row.kind]}/{row.id}{KEYS}")
        for path in sorted(self._folder.path.rglob("*")) if self._folder.path.is_dir() else []:
            shown = self._folder.shown(path)
            top, _, rest = shown.partition("/")
            if path.is_dir():
                if not rest and top not in (PENDING, *KINDS.values()):
                    yield Problem("stray", shown)
            elif top == PENDING:
                if rest.count("/") != 1:
                    yield Problem("stray", shown)
            elif shown not in known and shown not in _OWN and shown not in _DRAFTS:
                yield Problem("stray", shown)

    def _unclaimed(self, contents: Contents, pending: list[Pending]) -> Iterator[Problem]:
        """Entries of events that belong to no batch."""
        committed = {row.seq for row in contents.batches}
        waits = any(one.seq and one.seq not in committed for one in pending)
        for log, size in self._entries.sizes.items():
            ranges = sorted(
                (row.first, row.last) for row in contents.batches if row.log == log and row.first is not None
            )
            gaps, at = [], 0
            for first, last in ranges:
                if first > at:
                    gaps.append((at, first - 1))
                at = max(at, (last or 0) + 1)
            if at < size and not waits:
                gaps.append((at, size - 1))
            for first, last in gaps:
                yield from self._events_in(log, first, last)

    def _events_in(self, log: str, first: int, last: int) -> Iterator[Problem]:
        run: list[int] = []
        for start in range(first, last + 1, AT_ONCE):
            end = min(start + AT_ONCE - 1, last)
            bodies = self._entries.bodies(log, start, end)
            run += [n for n, body in enumerate(bodies, start) if _is_event(body)]
        if run:
            where = f"{format_index(log, run[0])} to {run[-1]}" if len(run) > 1 else format_index(log, run[0])
            yield Problem("missing", where, f"{len(run)} entries of events whose rows the store does not hold")


def _is_event(body: bytes | None) -> bool:
    return body is not None and len(body) == EVENT_LEAF_SIZE and body[0] == EVENT_LEAF_VERSION


def _readable(row: FileRow, plaintext: bytes) -> None:
    """Raises where a context, quarantine or run file is not what it should be."""
    table = from_parquet(plaintext)
    if table.num_rows != row.rows:
        raise StoreDamaged(f"{row.id} has {table.num_rows} rows")
    if row.kind == "context" and table.column_names != [*schema_of(row.facts["table"]).names, "op"]:
        raise StoreDamaged(f"{row.id} has other columns")
    if row.kind == "quarantine" and table.column_names != quarantine.SCHEMA.names:
        raise StoreDamaged(f"{row.id} has other columns")


def _as_batch(table: pa.Table, texts: list[str | None]) -> pa.Table:
    """The rows of a segment as they were when they came in."""
    columns: dict[str, Any] = {"time": table.column("time_us"), "query": pa.array(texts, pa.string())}
    given = pa.table([columns[name] if name in columns else table.column(name) for name in RECORD.names], schema=RECORD)
    nameless = pc.is_valid(given.column("occurrence"))
    ids = pc.if_else(nameless, None, given.column("event_id"))
    return given.set_column(0, RECORD.field("event_id"), ids)
