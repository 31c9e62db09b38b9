# SPDX-License-Identifier: Apache-2.0
"""A segment: the events of one local day from one batch, sealed whole.

The plaintext of the sealed file is two Parquet files and a trailer:

    engine      the columns that judgements read (ENGINE)
    evidence    what only verification and replay read (EVIDENCE): salt, hash of the raw record, extra, occurrence, received
    trailer     length of engine u64 · length of evidence u64 · "WKSG" · schema version u32     (little-endian)

Rows of both parts correspond by position, and row i of a segment has the index first + i in the ledger. The associated data of
the seal holds the segment's id, its row count and the schema version, so that no file can stand in for another.

A segment that was made of several (compaction.py) has the trailer's version 2: its engine part has two more columns, the number
of each row in the log and when it was received.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from wardkeep.watch.store.errors import StoreDamaged

SCHEMA_VERSION = 1
COMPACTED_VERSION = 2
TRAILER = struct.Struct("<QQ4sI")
MAGIC = b"WKSG"

ENGINE = pa.schema(
    [
        pa.field("event_id", pa.string()),
        pa.field("part", pa.int32()),
        pa.field("time_us", pa.int64()),
        pa.field("offset_s", pa.int32()),
        pa.field("day", pa.int32()),
        pa.field("account", pa.string()),
        pa.field("patient_id", pa.string()),
        pa.field("action", pa.string()),
        pa.field("resource", pa.string()),
        pa.field("count", pa.int64()),
        pa.field("purpose", pa.string()),
        pa.field("breakglass", pa.bool_()),
        pa.field("outcome", pa.string()),
        pa.field("system", pa.string()),
        pa.field("workstation", pa.string()),
        pa.field("ip", pa.string()),
        pa.field("site", pa.string()),
        pa.field("session_id", pa.string()),
        pa.field("query", pa.string()),  # sealed, see retention.py
        pa.field("duration_ms", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("time_quality", pa.string()),
        pa.field("format", pa.string()),
        pa.field("source", pa.string()),
        pa.field("position", pa.string()),
        pa.field("amends", pa.string()),  # the index of the event that this one corrects
        pa.field("shared_id", pa.bool_()),  # another system had used this event_id before
    ]
)
EVIDENCE = pa.schema(
    [
        pa.field("salt", pa.binary(16)),
        pa.field("raw_sha256", pa.binary(32)),
        pa.field("extra", pa.string()),
        pa.field("occurrence", pa.int32()),
        pa.field("received_us", pa.int64()),
    ]
)
ROWS = pa.schema([*ENGINE, *EVIDENCE])
#: What the rows of a compacted segment have besides.
NUMBER = pa.field("n", pa.int64())
COMPACTED = pa.schema([*ENGINE, NUMBER, EVIDENCE.field("received_us")])
#: Columns with few values; a dictionary for the rest would only cost time.
_DICTIONARY = [
    "account",
    "patient_id",
    "action",
    "resource",
    "purpose",
    "outcome",
    "system",
    "workstation",
    "ip",
    "site",
    "session_id",
    "kind",
    "time_quality",
    "format",
    "source",
    "amends",
]


def aad(identity: str, rows: int, *, kind: str = "segment", version: int = SCHEMA_VERSION) -> bytes:
    """Associated data of a sealed file of the store: what it is, and how much is in it."""
    return f"wardkeep store {kind} {identity} rows {rows} schema {version}".encode()


def pack(rows: pa.Table) -> tuple[bytes, int]:
    """The plaintext of a segment whose columns are ROWS, and the size of its engine part in bytes.

    With the column of NUMBER besides it is a compacted one.
    """
    compacted = NUMBER.name in rows.column_names
    engine = to_parquet(rows.select((COMPACTED if compacted else ENGINE).names), dictionary=_DICTIONARY)
    evidence = to_parquet(rows.select(EVIDENCE.names))
    version = COMPACTED_VERSION if compacted else SCHEMA_VERSION
    trailer = TRAILER.pack(len(engine), len(evidence), MAGIC, version)
    return b"".join((engine, evidence, trailer)), len(engine)


@dataclass(frozen=True, slots=True)
class Parts:
    """The two Parquet files of an opened segment."""

    engine: memoryview
    evidence: memoryview

    def rows(self) -> pa.Table:
        """All columns of all rows."""
        left, right = from_parquet(self.engine).select(ENGINE.names), from_parquet(self.evidence)
        if left.num_rows != right.num_rows:
            raise StoreDamaged(f"a segment whose parts have {left.num_rows} and {right.num_rows} rows")
        return pa.table([*left.columns, *right.columns], schema=ROWS)


def unpack(plaintext: bytes, name: str) -> Parts:
    """Take a segment's plaintext apart. Raises StoreDamaged naming `name`."""
    view = memoryview(plaintext)
    if len(view) < TRAILER.size:
        raise StoreDamaged(f"segment {name} is too short")
    engine, evidence, magic, version = TRAILER.unpack(view[-TRAILER.size :])
    if magic != MAGIC or engine + evidence + TRAILER.size != len(view):
        raise StoreDamaged(f"segment {name} has no valid trailer")
    if version not in (SCHEMA_VERSION, COMPACTED_VERSION):
        raise StoreDamaged(f"segment {name} has schema version {version}, which this Wardkeep does not know")
    return Parts(view[:engine], view[engine : engine + evidence])


def to_parquet(table: pa.Table, *, dictionary: list[str] | bool = False) -> bytes:
    """A table as one Parquet file in memory (zstd)."""
    sink = io.BytesIO()
    known = [name for name in dictionary if name in table.column_names] if isinstance(dictionary, list) else dictionary
    # Random bytes do not compress.
    how = {name: "NONE" if name in ("salt", "raw_sha256") else "ZSTD" for name in table.column_names}
    level = {name: 1 for name, kind in how.items() if kind == "ZSTD"}
    pq.write_table(table, sink, compression=how, compression_level=level, use_dictionary=known, row_group_size=131_072)
    return sink.getvalue()


def from_parquet(raw: bytes | memoryview, *, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file in memory as a table, or some columns of it."""
    return pq.read_table(pa.BufferReader(pa.py_buffer(raw)), columns=columns, use_threads=False)
