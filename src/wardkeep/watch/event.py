# SPDX-License-Identifier: Apache-2.0
"""`AccessEvent`: one touch of information by one account, and the columns in which many of them travel.

Readers yield records in this shape, the store seals rows of it, the engines read its columns. Field names are those of the
hospital folder contract; times are int64 microseconds since 1970-01-01 UTC, days are local calendar days counted from
1970-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

#: The system of what is opened in Wardkeep itself; no source may call itself so.
OWN_SYSTEM = "wardkeep"


class Action(StrEnum):
    """What an account did; every source's own word is mapped onto one of these."""

    LOGIN = "login"
    LOGOUT = "logout"
    SEARCH = "search"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    PRINT = "print"
    EXPORT = "export"
    QUERY = "query"


class Outcome(StrEnum):
    SUCCESS = "success"
    DENIED = "denied"
    FAILURE = "failure"


class Kind(StrEnum):
    """`access` counts as a touch; `other` (a certificate, a process start) is kept and sealed, never judged."""

    ACCESS = "access"
    OTHER = "other"


class TimeQuality(StrEnum):
    """How far the source's time can be trusted."""

    OFFSET = "offset"  # the source wrote an offset
    ZONE = "zone"  # local time, read in the zone that the mapping names
    AMBIGUOUS = "ambiguous"  # a local time that occurred twice (clocks set back); the first is taken
    SKIPPED = "skipped"  # a local time that never occurred (clocks set forward); read with the offset before the step


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessEvent:
    """One touch as a reader understood it. `patients` holds all that the source names; the store keeps one row each."""

    #: The source's own id, unique within `system`; None where it has none.
    event_id: str | None
    time: int
    time_quality: TimeQuality
    account: str | None
    patients: tuple[str, ...]
    action: Action
    resource: str | None = None
    count: int = 1
    purpose: str | None = None
    breakglass: bool = False
    outcome: Outcome = Outcome.SUCCESS
    system: str
    workstation: str | None = None
    ip: str | None = None
    site: str | None = None
    session_id: str | None = None
    #: The statement or search text, decoded.
    query: str | None = None
    duration_ms: int | None = None
    kind: Kind = Kind.ACCESS
    #: Which reader understood it: `hospital`, `fhir-r4`, `fhir-r5`, `delimited:<mapping>` …
    format: str
    #: File name without its folder, and the position in it: line number, or `Bundle.entry[3]`.
    source: str
    position: str
    #: SHA-256 of the record's bytes as they stood in the file (decompressed, without the line end).
    raw_sha256: bytes
    #: What the common shape has no column for (actors, action_code, subtype, purposes, source_system, client, server,
    #: objects, request_id, description, unknown columns); JSON-ready, key order irrelevant.
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A piece of input that is no event: kept whole, with why, to be replayed when a mapping is mended."""

    reason: str
    format: str
    source: str
    position: str
    #: The bytes as they stood, never more than the reader's limit; `truncated` says that the rest stayed in the file.
    raw: bytes
    truncated: bool = False
    #: What must stand before `raw` to read it again: byte order mark and header line of a delimited file, in its encoding.
    head: bytes = b""


#: The columns of a batch of events as readers hand it to the store (one row per event and patient: `part` counts the
#: patients of one event, 0 where it has none or one).
BATCH_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string()),
        pa.field("part", pa.int32(), nullable=False),
        pa.field("time", pa.int64(), nullable=False),
        pa.field("time_quality", pa.string(), nullable=False),
        pa.field("account", pa.string()),
        pa.field("patient_id", pa.string()),
        pa.field("action", pa.string(), nullable=False),
        pa.field("resource", pa.string()),
        pa.field("count", pa.int64(), nullable=False),
        pa.field("purpose", pa.string()),
        pa.field("breakglass", pa.bool_(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
        pa.field("workstation", pa.string()),
        pa.field("ip", pa.string()),
        pa.field("site", pa.string()),
        pa.field("session_id", pa.string()),
        pa.field("query", pa.string()),
        pa.field("duration_ms", pa.int64()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("format", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("position", pa.string(), nullable=False),
        pa.field("raw_sha256", pa.binary(32), nullable=False),
        pa.field("extra", pa.string()),  # JSON, keys sorted; NULL where empty
    ]
)
