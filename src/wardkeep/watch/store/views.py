# SPDX-License-Identifier: Apache-2.0
"""A DuckDB connection over decrypted files that exist in memory only.

Each file that a question needs is decrypted into an anonymous file and read as `/proc/self/fd/N`. The connection may open
these and nothing else; it loads no extension, spills nothing to a disk, and its configuration is locked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from wardkeep.watch.hospital.tables import STATES
from wardkeep.watch.store.context import schema_of, state_sql
from wardkeep.watch.store.detail import details
from wardkeep.watch.store.errors import RangeTooLarge, StoreError
from wardkeep.watch.store.folder import KEYS, Folder
from wardkeep.watch.store.keyindex import Hashes, SegmentKeys
from wardkeep.watch.store.manifest import Contents, FileRow
from wardkeep.watch.store.merges import OF_PATIENTS, same_person, view_sql
from wardkeep.watch.store.retention import QueryKeys
from wardkeep.watch.store.segment import ENGINE

ENGINE_COLUMNS = (
    "e.account, e.patient_id, e.action, e.resource, e.count, e.purpose, e.breakglass, e.outcome, e.workstation, e.ip, "
    "e.site, e.session_id, open_query(e.query) AS query, e.duration_ms"
)
#: Columns of the views, in order.
EVENT_COLUMNS = (
    *("eid", "event_id", "name", "system", "time_us", "local_us", "day", "account", "patient_id", "action", "resource"),
    *("count", "purpose", "breakglass", "outcome", "workstation", "ip", "site", "session_id", "query", "duration_ms"),
    *("log", "n", "kind", "time_quality", "format", "source", "position", "received_us", "amends"),
)
_SAME = ("patient_id", "other_id")
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


class Connection:
    """A DuckDB connection and the anonymous files behind it: both go with `close`. Everything else is DuckDB's own."""

    def __init__(self, con: duckdb.DuckDBPyConnection, descriptors: list[int]) -> None:
        self._con, self._descriptors = con, descriptors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def close(self) -> None:
        self._con.close()
        while self._descriptors:
            os.close(self._descriptors.pop())

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Which part of the store is asked."""

    from_us: int | None = None
    to_us: int | None = None
    as_of_us: int | None = None
    patients: Sequence[str] | None = None
    accounts: Sequence[str] | None = None

    def reaches(self, row: FileRow) -> bool:
        """Whether a segment may hold events of the span."""
        return not (
            (self.from_us is not None and row.max_us is not None and row.max_us < self.from_us)
            or (self.to_us is not None and row.min_us is not None and row.min_us >= self.to_us)
        )


class Opening:
    """The making of one connection."""

    def __init__(self, folder: Folder, contents: Contents, question: Question, *, limit: int) -> None:
        self._folder, self._question, self._limit = folder, question, limit
        self._received = {row.seq: row.received_us for row in contents.batches}
        as_of = question.as_of_us
        self._files = [
            row for row in contents.files if row.state == "present" and (as_of is None or self._began(row) <= as_of)
        ]
        self.descriptors: list[int] = []
        #: Asks for the ids that two systems use; None where there is none.
        self.shared: str | None = None

    def _began(self, row: FileRow) -> int:
        """When the first row of a file was received."""
        return int(row.facts["received"][0]) if row.compacted else self._received.get(row.seq, 0)

    def segments(self, persons: tuple[Hashes | None, Hashes | None]) -> list[FileRow]:
        """The segments that the question needs. Raises RangeTooLarge."""
        found = [row for row in self._files if row.kind == "segment" and self._question.reaches(row)]
        if any(wanted is not None for wanted in persons):
            found = [row for row in found if self.keys_of(row).names_any(*persons)]
        size = sum(row.plain_bytes for row in found)
        if size > self._limit:
            raise RangeTooLarge(
                f"the events asked for take {size / 1e6:,.0f} MB, the limit is {self._limit / 1e6:,.0f} MB",
                hint="ask for fewer days, or raise engine.memory_limit",
            )
        return found

    def keys_of(self, row: FileRow) -> SegmentKeys:
        return read_keys(self._folder, row)

    def path(self, row: FileRow) -> str:
        """Decrypt a file into memory; the path under which DuckDB reads it."""
        place = self._folder.place(row.kind, row.id)
        descriptor = self._folder.memfd(
            place, kind=row.kind, identity=row.id, rows=row.rows, upto=row.plain_bytes or 1 << 62
        )
        self.descriptors.append(descriptor)
        return f"/proc/self/fd/{descriptor}"

    def details(self, rows: Sequence[FileRow]) -> pa.Table:
        """What a few of the segments' sources say beyond the common columns."""
        return details(self._folder, rows)

    def context(self) -> dict[str, list[str]]:
        """table -> its loads, oldest first."""
        found: dict[str, list[str]] = {}
        for row in self._files:
            if row.kind == "context" and row.facts["table"] != STATES:
                found.setdefault(row.facts["table"], []).append(self.path(row))
        return found

    def events_sql(self, rows: Sequence[FileRow]) -> str:
        """All events of the segments, as engines see them."""
        plain, made = _apart(rows)
        columns, parts = ", ".join(f'"{name}"' for name in ENGINE.names), []
        if plain:
            first = [eid(row.log or "0", row.first or 0) for row in plain]
            received = [self._received[row.seq] for row in plain]
            parts.append(f"""
                SELECT {columns}, ({_list(first)})[file_index::BIGINT + 1] + file_row_number AS eid,
                       ({_list(received)})[file_index::BIGINT + 1] AS received_us
                FROM read_parquet({self._paths(plain)}) {_where(self._filters())}""")  # noqa: S608 - as below
        if made:
            first = [eid(row.log or "0", 0) for row in made]
            parts.append(f"""
                SELECT {columns}, ({_list(first)})[file_index::BIGINT + 1] + n AS eid, received_us
                FROM read_parquet({self._paths(made)}) {_where([*self._filters(), *self._in_time()])}""")  # noqa: S608
        return f"""
            SELECT e.eid, e.event_id, {self._name()} AS name, e.system, e.time_us,
                   e.time_us + e.offset_s::BIGINT * 1000000 AS local_us, e.day, {ENGINE_COLUMNS},
                   (e.eid >> 40)::VARCHAR AS log, e.eid & {(1 << 40) - 1} AS n, e.kind, e.time_quality, e.format,
                   e.source, e.position, e.received_us, e.amends
            FROM ({" UNION ALL ".join(parts)}) e
        """  # noqa: S608 - numbers and names of our own

    def _paths(self, rows: Sequence[FileRow]) -> str:
        return _texts([self.path(row) for row in rows])

    def _in_time(self) -> list[str]:
        """Which rows of a compacted segment were received by the moment asked for."""
        as_of = self._question.as_of_us
        return [] if as_of is None else [f"received_us <= {as_of:d}"]

    def _filters(self) -> list[str]:
        asked = self._question
        said = []
        if asked.from_us is not None:
            said.append(f"time_us >= {asked.from_us:d}")
        if asked.to_us is not None:
            said.append(f"time_us < {asked.to_us:d}")
        for column, wanted in (("patient_id", asked.patients), ("account", asked.accounts)):
            if wanted is not None:
                said.append(f"{column} IN (SELECT value FROM kept.{column}_asked)")  # noqa: S608
        return said

    def _name(self) -> str:
        shared = [row for row in self._files if row.kind == "segment" and row.facts.get("shared")]
        if not shared:
            return "e.event_id"
        plain, made = _apart(shared)
        self.shared = " UNION ".join(
            f"SELECT event_id FROM read_parquet({self._paths(rows)}) {_where(['shared_id', *more])}"  # noqa: S608
            for rows, more in ((plain, []), (made, self._in_time()))
            if rows
        )
        return """CASE WHEN e.event_id IN (SELECT event_id FROM kept.shared_id)
                       THEN e.system || ':' || e.event_id ELSE e.event_id END"""

    def amended(self) -> list[int]:
        """The numbers of events that a later one amends."""
        return [
            eid(log, n)
            for row in self._files
            for log, first, last in row.facts.get("amends", ())
            for n in range(first, last + 1)
        ]


def _apart(rows: Sequence[FileRow]) -> tuple[list[FileRow], list[FileRow]]:
    """Segments of one batch, and compacted ones."""
    return [row for row in rows if not row.compacted], [row for row in rows if row.compacted]


def _where(said: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(said)}" if said else ""


def eid(log: str, n: int) -> int:
    """The number of an event for engines: the log's year and the index in it."""
    return (int(log) << 40) | n


def read_keys(folder: Folder, row: FileRow) -> SegmentKeys:
    """The key index of a segment. Raises StoreDamaged."""
    place = folder.place("segment", row.id, KEYS)
    return SegmentKeys.unpack(folder.read(place, kind="keys", identity=row.id, rows=row.rows), folder.shown(place))


def connect(
    opening: Opening,
    question: Question,
    queries: QueryKeys,
    *,
    persons: tuple[Hashes | None, Hashes | None],
    tables: Sequence[str],
    details: bool,
    memory_limit: str,
    threads: int,
) -> Connection:
    """Open what the question needs. Raises RangeTooLarge, StoreDamaged."""
    con = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
            # Nothing here is kept: writing temporary tables out on the way would cost a judgement seconds.
            "checkpoint_threshold": "1TB",
        },
    )
    made = Connection(con, opening.descriptors)
    try:
        rows = opening.segments(persons)
        con.execute("CREATE SCHEMA kept")
        for column, wanted in (("patient_id", question.patients), ("account", question.accounts)):
            if wanted is not None:
                _keep(con, f"{column}_asked", pa.table({"value": pa.array(list(wanted), pa.string())}))
        _keep(con, "amended", pa.table({"eid": pa.array(opening.amended(), pa.int64())}))
        con.create_function(  # type: ignore[call-overload]
            "open_query",
            lambda texts: pa.array([queries.open(text) for text in texts.to_pylist()], pa.string()),
            ["VARCHAR"],
            "VARCHAR",
            type="arrow",
            null_handling="special",
        )
        if details:
            _keep(con, "event_detail", opening.details(rows))
            con.execute("CREATE VIEW event_detail AS SELECT * FROM kept.event_detail")
        loads = opening.context()
        sql = opening.events_sql(rows) if rows else None
        paths = [f"/proc/self/fd/{descriptor}" for descriptor in opening.descriptors]
        con.execute(f"SET allowed_paths = {_texts(paths)}")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        if opening.shared is not None:
            con.execute(f"CREATE TABLE kept.shared_id AS SELECT DISTINCT event_id FROM ({opening.shared})")  # noqa: S608
        con.execute(f"CREATE VIEW all_events AS {sql or _no_events()}")
        stands = "AND eid NOT IN (SELECT eid FROM kept.amended)" if opening.amended() else ""
        con.execute(f"CREATE VIEW events AS SELECT * FROM all_events WHERE kind = 'access' {stands}")  # noqa: S608
        merged = "merges" in loads and _merge(con, loads["merges"])
        for name in tables:
            if name in loads:
                con.execute(f'CREATE TABLE kept."{name}" AS {state_sql(name, loads[name])}')
            else:  # loaded, but not yet at the moment asked for
                _keep(con, name, schema_of(name).empty_table())
            shown = view_sql(name) if merged and name in OF_PATIENTS else f'SELECT * FROM kept."{name}"'  # noqa: S608
            con.execute(f'CREATE VIEW "{name}" AS {shown}')
    except BaseException:
        made.close()
        raise
    return made


def _merge(con: duckdb.DuckDBPyConnection, files: Sequence[str]) -> bool:
    """Keep which numbers are of one person; whether there are any."""
    found = con.execute(f"SELECT retired_id, patient_id FROM ({state_sql('merges', files)})").fetchall()  # noqa: S608
    pairs = same_person(found)
    columns = list(zip(*pairs, strict=True)) or [(), ()]
    _keep(con, "same_person", pa.table({n: pa.array(c, pa.string()) for n, c in zip(_SAME, columns, strict=True)}))
    return bool(pairs)


def _keep(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register("incoming_table", table)
    con.execute(f'CREATE TABLE kept."{name}" AS SELECT * FROM incoming_table')  # noqa: S608
    con.unregister("incoming_table")


def _no_events() -> str:
    kinds: Mapping[str, str] = {
        **dict.fromkeys(("eid", "time_us", "local_us", "count", "duration_ms", "n", "received_us"), "BIGINT"),
        "day": "INTEGER",
        "breakglass": "BOOLEAN",
    }
    return "SELECT " + ", ".join(f'NULL::{kinds.get(n, "VARCHAR")} AS "{n}"' for n in EVENT_COLUMNS) + " WHERE false"


def _list(numbers: Sequence[int]) -> str:
    return "[" + ",".join(map(str, numbers)) + "]::BIGINT[]"


def _texts(paths: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{path}'" for path in paths) + "]"


def limit_bytes(text: str) -> int:
    """`4GB` as bytes. Raises StoreError."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise StoreError(f"{text!r} is no size", hint="write it as 4GB")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def hashes_of(words: Sequence[str] | None, hasher: Any) -> Hashes | None:
    """The hashes of people who are asked for; None where nobody is."""
    if words is None:
        return None
    found: Hashes = np.unique(hasher.texts(pa.array(list(words), pa.string())))
    return found
