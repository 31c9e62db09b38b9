# SPDX-License-Identifier: Apache-2.0
"""What was set aside: pieces that no reader understood, and events that contradict what is stored.

A piece is kept whole, so that it can be read again when a mapping is mended. A conflict holds the new event's rows as JSON,
the text of its query sealed as in a segment; replayed, it becomes an amendment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wardkeep.watch.event import BATCH_SCHEMA
from wardkeep.watch.store.segment import from_parquet, to_parquet

CONFLICT = "conflict"
SCHEMA = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("position", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("format", pa.string()),
        pa.field("raw", pa.binary()),
        pa.field("head", pa.binary()),
        pa.field("truncated", pa.bool_()),
        pa.field("mark", pa.binary(16)),
    ]
)
#: The rows of an event as a conflict keeps them.
RECORD = pa.schema([*BATCH_SCHEMA, pa.field("occurrence", pa.int32())])


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One thing that was set aside."""

    id: str
    source: str
    position: str
    #: A short code, a colon, words; never a patient.
    reason: str
    format: str
    raw: bytes
    #: What must stand before `raw` to read it again.
    head: bytes
    truncated: bool
    received_us: int
    #: `open`, `replayed`, `amended` or `dismissed`.
    state: str

    @property
    def is_conflict(self) -> bool:
        """Whether this is an event that contradicts a stored one: `Intake.amend` replays it."""
        return self.reason.startswith(CONFLICT + ":")


def pack(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The plaintext of a quarantine file."""
    return to_parquet(pa.Table.from_pylist(list(rows), schema=SCHEMA))


def unpack(plaintext: bytes, identity: str, received_us: int, states: Mapping[str, str]) -> list[Piece]:
    """The pieces of a quarantine file; `states` are those that need no more attention."""
    pieces = []
    for number, row in enumerate(from_parquet(plaintext).drop_columns(["mark"]).to_pylist()):
        name = f"{identity}-{number}"
        pieces.append(Piece(id=name, received_us=received_us, state=states.get(name, "open"), **row))
    return pieces


def encode_event(rows: pa.Table) -> bytes:
    """The rows of one event as JSON."""
    said = [{**row, "raw_sha256": row["raw_sha256"].hex()} for row in rows.to_pylist()]
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()


def decode_event(raw: bytes) -> pa.Table:
    """The rows of one event."""
    said = [{**row, "raw_sha256": bytes.fromhex(row["raw_sha256"])} for row in json.loads(raw)]
    return pa.Table.from_pylist(said, schema=RECORD)
