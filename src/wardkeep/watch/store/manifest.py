# SPDX-License-Identifier: Apache-2.0
"""The manifest: which sealed files there are. It alone makes a file visible.

SQLite, one writer under the store's lock. Three guards make every edit show:

* each row carries a MAC over all its columns and its table's name, so that a changed or invented row is named;
* rows are numbered without gaps over all tables, and the count is a row with a MAC, so that a removed row is missed;
* the file's pages have a MAC each, in `manifest.pages`, so that even bytes that no row uses cannot change unseen.

The page MACs are written after each commit, with the count for which they hold; a crash in between leaves them older than the
rows, which is no damage, and which the next session (under the lock, after the rows have proved right) puts in order.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from wardkeep.watch.store.errors import StoreDamaged
from wardkeep.watch.store.numbers import Numbers

FORMAT = 1
PAGE = 4096
_SIZE = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchRow:
    """One batch of files and where its leaves went. A batch without leaves has no log."""

    seq: int
    log: str | None
    first: int | None
    last: int | None
    received_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRow:
    """One sealed file. `first` to `last` are its leaves, inclusive: one an event, or the one act that names its hash."""

    id: str
    kind: str  # segment, context, quarantine, run
    seq: int
    log: str | None
    first: int | None
    last: int | None
    rows: int
    #: Local day of a segment's events.
    day: int | None = None
    min_us: int | None = None
    max_us: int | None = None
    #: Bytes of the part that judgements read, in memory.
    plain_bytes: int = 0
    #: SHA-256 of the sealed file.
    sha256: str = ""
    canonical: int = 1
    #: `present`, `retired` where a compacted one stands in its place, or `expunged` by an act.
    state: str = "present"
    #: JSON: systems of a segment, table and load of a context file, run and name of an artifact.
    meta: str = "{}"

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.meta)
        return found

    @property
    def compacted(self) -> bool:
        """Whether it is a segment that was made of several."""
        return self.kind == "segment" and '"runs"' in self.meta

    @property
    def numbers(self) -> Numbers:
        """The numbers of a segment's rows in the log."""
        if self.compacted:
            return Numbers(tuple((first, rows) for first, rows in self.facts["runs"]))
        return Numbers(((self.first or 0, self.rows),))


@dataclass(frozen=True, kw_only=True, slots=True)
class DoneRow:
    """What became of a piece of quarantine: it was replayed, amended or dismissed, or what was dismissed is open again."""

    piece: str
    how: str
    seq: int
    at_us: int


Row = BatchRow | FileRow | DoneRow
TABLES: dict[str, type[Row]] = {"batch": BatchRow, "file": FileRow, "done": DoneRow}
#: What a table has once. A piece may be closed, opened again and read: its last row counts.
_KEYS = {"batch": "seq", "file": "id"}
#: `how` of a piece that waits again.
REOPENED = "reopened"
_NAME_OF = {kind: name for name, kind in TABLES.items()}


@dataclass(slots=True)
class Fault:
    """One thing that is not as it was written."""

    kind: str
    where: str


@dataclass(slots=True)
class Contents:
    """Every row whose MAC holds, and the faults of the others."""

    batches: list[BatchRow] = field(default_factory=list)
    files: list[FileRow] = field(default_factory=list)
    done: list[DoneRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.batches) + len(self.files) + len(self.done)

    @property
    def settled(self) -> dict[str, str]:
        """The pieces that need no more attention, and what became of each."""
        last = {row.piece: row.how for row in self.done}
        return {piece: how for piece, how in last.items() if how != REOPENED}


class Manifest:
    """The manifest of a store. Reading needs no lock; `commit` needs the store's."""

    def __init__(self, path: Path, *, key: bytes) -> None:
        self.path, self._key = path, key
        self._pages = path.with_name("manifest.pages")

    def create(self) -> None:
        """Make an empty manifest where there is none."""
        if self.path.exists():
            return
        draft = self.path.with_name("manifest.new")
        draft.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as con:
            con.execute(f"PRAGMA page_size={PAGE}")
            con.execute("BEGIN")
            for name, kind in TABLES.items():
                columns = ", ".join(f'"{f.name}" {_sql_type(str(f.type))}' for f in fields(kind))
                con.execute(f'CREATE TABLE "{name}" (no INTEGER PRIMARY KEY, {columns}, mac BLOB) STRICT')
            for name, key in _KEYS.items():
                con.execute(f'CREATE UNIQUE INDEX "{name}_key" ON "{name}" ("{key}")')
            con.execute(
                "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER, count INTEGER, mac BLOB)"
            )
            con.execute("INSERT INTO head VALUES (1, ?, 0, ?)", (FORMAT, self._mac("head", FORMAT, 0)))
            con.execute("COMMIT")
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(self.path)
        self.mend_pages()

    # -- reading ---------------------------------------------------------------------------------------------------

    def files(self, kind: str | None = None) -> list[FileRow]:
        """The files of a kind that can be read, in the order of their batches. Raises StoreDamaged."""
        return [row for row in self.trusted().files if row.state == "present" and kind in (None, row.kind)]

    def contents(self) -> Contents:
        """Everything that holds, and every fault."""
        found = Contents()
        if not self.path.exists():
            if self._pages.exists() or any(self.path.parent.glob("segments/*")):
                found.faults.append(Fault("missing", self.path.name))
            return found
        try:
            with self._connect() as con:
                con.execute("BEGIN")  # all of it as it was at one moment: a commit beside this waits
                self._read(con, found)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes a damaged schema byte for byte
            found.faults.append(Fault("manifest", f"manifest.sqlite3 cannot be read: {error}"))
        return found

    def last_seq(self) -> int:
        """The number of the last batch; 0 before the first."""
        return max((row.seq for row in self.trusted().batches), default=0)

    def trusted(self) -> Contents:
        """Everything; nothing at all before the first session. Raises StoreDamaged where anything was changed."""
        found = self.contents()
        if found.faults:
            raise StoreDamaged(f"the store's manifest was changed: {found.faults[0].where}")
        return found

    def _read(self, con: sqlite3.Connection, found: Contents) -> None:
        numbers: set[int] = set()
        sorts: dict[str, list[Any]] = {"batch": found.batches, "file": found.files, "done": found.done}
        for name, kind in TABLES.items():
            columns = ", ".join(f'"{f.name}"' for f in fields(kind))
            for number, *values, mac in con.execute(f'SELECT no, {columns}, mac FROM "{name}" ORDER BY no'):  # noqa: S608
                where = f"manifest.sqlite3 table {name} row {number} ({_shown(values[0])})"
                if not isinstance(mac, bytes) or not hmac.compare_digest(mac, self._mac(name, number, *values)):
                    found.faults.append(Fault("manifest row", f"{where} was changed"))
                else:
                    sorts[name].append(kind(**dict(zip((f.name for f in fields(kind)), values, strict=True))))
                numbers.add(number)
        heads = con.execute("SELECT id, format, count, mac FROM head").fetchall()
        if len(heads) != 1 or heads[0][3] != self._mac("head", *heads[0][1:3]):
            found.faults.append(Fault("manifest row", "manifest.sqlite3 table head row 1 was changed"))
            count = max(numbers, default=0)
        else:
            count = int(heads[0][2])
        for number in sorted(set(range(1, count + 1)) - numbers):
            found.faults.append(Fault("manifest row", f"manifest.sqlite3 row {number} is missing"))
        for number in sorted(n for n in numbers if n > count or n < 1):
            found.faults.append(Fault("manifest row", f"manifest.sqlite3 row {number} is beyond the count of {count}"))

    # -- writing ---------------------------------------------------------------------------------------------------

    def commit(self, rows: Iterable[Row]) -> None:
        """Add rows in one transaction, all or none, durable when it returns. The store's lock is held."""
        with self._connect(write=True) as con:
            con.execute("BEGIN IMMEDIATE")
            con.execute('DROP INDEX IF EXISTS "done_key"')  # a manifest from before pieces could be opened again
            count = int(con.execute("SELECT count FROM head").fetchone()[0])
            for row in rows:
                count += 1
                self._insert(con, count, row)
            self._set_count(con, count)
            con.execute("COMMIT")
        self.mend_pages()

    def set_state(self, identity: str, state: str) -> None:
        """Mark a file `present` or `expunged`. The store's lock is held."""
        with self._connect(write=True) as con:
            con.execute("BEGIN IMMEDIATE")
            self._set_state(con, identity, state)
            con.execute("COMMIT")
        self.mend_pages()

    def replace(self, rows: Sequence[Row], *, retired: Iterable[str]) -> None:
        """Add rows and retire the files in whose place they stand, all or none. The store's lock is held."""
        with self._connect(write=True) as con:
            con.execute("BEGIN IMMEDIATE")
            for identity in retired:
                self._set_state(con, identity, "retired")
            count = int(con.execute("SELECT count FROM head").fetchone()[0])
            for number, row in enumerate(rows, count + 1):
                self._insert(con, number, row)
            self._set_count(con, count + len(rows))
            con.execute("COMMIT")
        self.mend_pages()

    def rewrite(self, contents: Contents) -> None:
        """Hold these rows and no others, numbered anew, all or none. The store's lock is held."""
        rows: list[Row] = [*contents.batches, *contents.files, *contents.done]
        with self._connect(write=True) as con:
            con.execute("BEGIN IMMEDIATE")
            for name in TABLES:
                con.execute(f'DELETE FROM "{name}"')  # noqa: S608 - a name of ours
            for number, row in enumerate(rows, 1):
                self._insert(con, number, row)
            self._set_count(con, len(rows))
            con.execute("COMMIT")
        self.mend_pages()

    def _set_count(self, con: sqlite3.Connection, count: int) -> None:
        con.execute("UPDATE head SET count = ?, mac = ?", (count, self._mac("head", FORMAT, count)))

    def _set_state(self, con: sqlite3.Connection, identity: str, state: str) -> None:
        names = [f.name for f in fields(FileRow)]
        columns = ", ".join(f'"{n}"' for n in names)
        number, *values = con.execute(f"SELECT no, {columns} FROM file WHERE id = ?", (identity,)).fetchone()  # noqa: S608
        row = replace(FileRow(**dict(zip(names, values, strict=True))), state=state)
        mac = self._mac("file", number, *astuple(row))
        con.execute("UPDATE file SET state = ?, mac = ? WHERE no = ?", (state, mac, number))

    def _insert(self, con: sqlite3.Connection, number: int, row: Row) -> None:
        name, values = _NAME_OF[type(row)], astuple(row)
        marks = ", ".join("?" * (len(values) + 2))
        con.execute(f'INSERT INTO "{name}" VALUES ({marks})', (number, *values, self._mac(name, number, *values)))  # noqa: S608

    @contextlib.contextmanager
    def _connect(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        # A journal that a crash left must be rolled back before anything can be read; SQLite tells it from a live one.
        mode = "rw" if write or self.path.with_name(f"{self.path.name}-journal").exists() else "ro"
        con = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=10
        )
        try:
            con.execute("PRAGMA synchronous=FULL")
            con.execute("PRAGMA cell_size_check=ON")
            yield con
        finally:
            con.close()

    def _mac(self, *values: object) -> bytes:
        return hmac.digest(self._key, repr(values).encode(), "sha256")

    # -- pages -----------------------------------------------------------------------------------------------------

    def mend_pages(self) -> None:
        """Write the MACs of the pages as they are now."""
        with self._connect() as con:
            count = int(con.execute("SELECT count FROM head").fetchone()[0])
        said = count.to_bytes(8, "big") + b"".join(self._page_macs())
        draft = self._pages.with_name("manifest.pages.new")
        draft.write_bytes(hmac.digest(self._key, said, "sha256") + said)
        draft.replace(self._pages)

    def changed_pages(self) -> list[str]:
        """What is not as it was after the last commit: pages, counted from 1 as SQLite does, or the file of their MACs.

        The rows have proved right, and the lock of commits is held.
        """
        if not self.path.exists():
            return [f"{self.path.name} is missing"] if self._pages.exists() else []
        count = len(self.trusted())
        if not self._pages.exists():
            return [f"{self._pages.name} is missing"] if count else []
        raw = self._pages.read_bytes()
        said = raw[32:]
        if not hmac.compare_digest(raw[:32], hmac.digest(self._key, said, "sha256")):
            return [f"{self._pages.name} was changed"]
        if int.from_bytes(said[:8], "big") != count:
            return []  # a crash came between the rows and this
        held = [said[i : i + _SIZE] for i in range(8, len(said), _SIZE)]
        macs = list(self._page_macs())
        wrong = [i + 1 for i in range(min(len(macs), len(held))) if macs[i] != held[i]]
        wrong += range(min(len(macs), len(held)) + 1, max(len(macs), len(held)) + 1)
        return [f"{self.path.name} page {number}" for number in wrong]

    def _page_macs(self) -> Iterator[bytes]:
        # Through SQLite: to close a file of our own would let go of every lock that this process has on the manifest.
        with self._connect() as con:
            raw = con.serialize()
        raw = raw.ljust(self.path.stat().st_size, b"\0")  # what was put behind the last page is a change, too
        for number, at in enumerate(range(0, len(raw), PAGE), start=1):
            head = number.to_bytes(8, "big")
            yield hashlib.blake2b(raw[at : at + PAGE], key=self._key, digest_size=_SIZE, salt=head).digest()


def _sql_type(annotation: str) -> str:
    return "INTEGER" if annotation.startswith("int") else "TEXT"


def _shown(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 60 else str(value)[:60]
