# SPDX-License-Identifier: Apache-2.0
"""Stores for tests: a real folder with a real ledger beside it, fixed keys, and rows that fit on a screen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fakes import FakeKeyring
from wardkeep.ledger import Ledger, LedgerError, LedgerReader, verify_ledger
from wardkeep.watch.event import BATCH_SCHEMA
from wardkeep.watch.store import Piece, Report, Store, ingest, verify_store

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
NOON_US = 1_772_424_000_000_000
DAY_US = 86_400_000_000
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
COLUMNS: dict[str, Any] = {
    "event_id": None,
    "part": 0,
    "time": NOON_US,
    "time_quality": "offset",
    "account": "nurse.li",
    "patient_id": "P1",
    "action": "read",
    "resource": "Lab report",
    "count": 1,
    "purpose": None,
    "breakglass": False,
    "outcome": "success",
    "system": "emr",
    "workstation": "WS1",
    "ip": "10.0.0.1",
    "site": None,
    "session_id": None,
    "query": None,
    "duration_ms": None,
    "kind": "access",
    "format": "hospital",
    "source": "events.csv",
    "position": "1",
    "extra": None,
}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A batch as readers yield it."""

    events: pa.RecordBatch
    rejected: Sequence[Any] = ()
    records: int = 0
    source: str = "events.csv"
    done: int = 0
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Set:
    """A piece of input that is no event."""

    raw: bytes
    reason: str = "not-json: it ends early"
    format: str = "fhir"
    source: str = "events.csv"
    position: str = "7"
    truncated: bool = False
    head: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Load:
    """One load of a table."""

    name: str
    table: pa.Table
    rejected: Sequence[Any] = ()
    source: str = "table.csv"
    full: bool = True
    held: pa.Table | None = None
    feed: bool = False
    gone: pa.Table | None = None


def row(event_id: str | None, **changes: Any) -> dict[str, Any]:
    """One event; its raw record is what it says, unless `raw` is given."""
    made = {**COLUMNS, "event_id": event_id, **changes}
    raw = made.pop("raw", None) or repr(sorted(made.items(), key=str)).encode()
    return {**made, "raw_sha256": hashlib.sha256(raw).digest()}


def batch(rows: Iterable[Mapping[str, Any]], rejected: Sequence[Set] = ()) -> Rows:
    events = pa.RecordBatch.from_pylist(list(rows), schema=BATCH_SCHEMA)
    records = events.column("part").to_pylist().count(0) + len(rejected)
    return Rows(events=events, rejected=rejected, records=records)


def many(count: int, *, start: int = 0, ids: bool = True, days: int = 1, system: str = "emr") -> Rows:
    """`count` events of a few accounts, spread over `days`."""
    step = days * DAY_US // max(count, 1)
    return batch(
        row(
            f"{system}-{n}" if ids else None,
            time=NOON_US + (n - start) * step,
            account=f"a{n % 23}",
            patient_id=f"P{n % 211}",
            system=system,
            query=f"select {n}" if n % 97 == 0 else None,
            position=str(n + 1),
            raw=f"{system} record {n}".encode(),
        )
        for n in range(start, start + count)
    )


@dataclass
class Kept:
    """A store and its ledger in one folder."""

    path: Path
    keyring: FakeKeyring = field(default_factory=FakeKeyring)
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        if not (self.path / "ledger").exists():
            self.path.mkdir(parents=True, exist_ok=True)
            Ledger.create(self.path / "ledger", origin="tests.example/hospital", signer=SIGNER, at=NOON)

    @property
    def store(self) -> Store:
        """As another process would open it."""
        return Store(
            self.path / "store",
            keyring=self.keyring,
            tenant="tests",
            zone=self.zone,
            ledger_folder=self.path / "ledger",
        )

    def ledger(self) -> Ledger:
        return Ledger.connect(self.path / "ledger", signer=SIGNER, clock=lambda: NOON)

    def reader(self) -> LedgerReader:
        return LedgerReader(self.path / "ledger")

    def take_in(self, *batches: Rows, at: datetime = NOON) -> Report:
        """Ingest one file."""
        with self.ledger() as ledger:
            return ingest(self.store, ledger, batches, received_at=at)

    def load(self, name: str, rows: Sequence[Mapping[str, Any]], *, at: datetime = NOON, full: bool = True) -> Report:
        """Take in one load of a table."""
        from wardkeep.watch.store.context import schema_of

        table = pa.Table.from_pylist(list(rows), schema=schema_of(name))
        with self.ledger() as ledger, self.store.intake(ledger, received_at=at) as session:
            session.context(Load(name=name, table=table, full=full))
            return session.report()

    def ask(self, sql: str, **question: Any) -> list[tuple[Any, ...]]:
        """Ask a connection of its own."""
        con = self.store.connect(**question)
        try:
            return con.execute(sql).fetchall()
        finally:
            con.close()

    def pieces(self) -> list[Piece]:
        return self.store.pieces()

    def problems(self) -> list[tuple[str, str]]:
        """What the verifications of ledger and store find."""
        found = [(p.kind, p.where) for p in verify_ledger(self.path / "ledger").problems]
        try:
            reader = self.reader()
        except LedgerError:  # and the ledger's own verification has named it
            return found
        return found + [(p.kind, p.where) for p in verify_store(self.store, reader)]
