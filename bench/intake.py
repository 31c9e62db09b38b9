# SPDX-License-Identifier: Apache-2.0
"""Benchmark 2: FHIR NDJSON to sealed, stored, deduplicated rows, beside DuckDB's bare read_json of the same file.

    python -m bench intake [--quick]

Each round reads the file with DuckDB (two threads, every field, into a table in memory; and, as a second peer, every field but
nothing kept), then ingests it into a new home: parsed in worker processes, hashed, told apart, sealed, synced, appended to
the ledger, committed. The file is what the simulator writes for the EMR, repeated under other ids until it is large enough.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

import simulate
from bench.figure import Figure
from wardkeep.keys import Keyring
from wardkeep.ledger import Ledger
from wardkeep.watch.intake import read_batches
from wardkeep.watch.store import Report, Store

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
EVENTS, QUICK = 500_000, 30_000
ROUNDS = 5
#: Processes that parse; the main one hashes, seals and appends.
WORKERS = 2
_READ = "read_json(?, format = 'newline_delimited', maximum_object_size = 16777216)"
KEPT = f"CREATE TABLE bare AS SELECT * FROM {_READ}"
COUNTED = f"SELECT count(COLUMNS(*)) FROM {_READ}"
_ID = re.compile(rb'"id": ?"([^"]+)"')


def figures(*, quick: bool) -> list[Figure]:
    """Rounds of both, one after the other."""
    with tempfile.TemporaryDirectory(prefix="wardkeep-bench-") as place:
        folder = Path(place)
        path = a_file(folder, QUICK if quick else EVENTS)
        size = path.stat().st_size
        print(f"{path.name}: {size / 1e6:,.0f} MB", file=sys.stderr, flush=True)
        ours, theirs, counted, again, own = [], [], [], [], []
        for number in range(2 if quick else ROUNDS):
            rows, bare = read_json(path, KEPT)
            _, seen = read_json(path, COUNTED)
            with a_home(folder / f"home-{number}") as (store, ledger):
                busy = time.process_time()
                report, seconds = take_in(store, ledger, path)
                own.append((time.process_time() - busy) / report.read * 1e6)
                repeated, twice = take_in(store, ledger, path)
            assert report.accepted == rows == repeated.duplicates, (rows, report, repeated)
            print(f"round {number}: bare {bare:.2f} s, ours {seconds:.2f} s, again {twice:.2f} s", file=sys.stderr)
            theirs.append(rows / bare)
            counted.append(rows / seen)
            ours.append(rows / seconds)
            again.append(rows / twice)
    peer, other = "read_json into a table", "read_json, nothing kept"
    return [
        Figure(
            what="intake: FHIR to sealed rows",
            unit="events/s",
            ours=ours,
            peer=peer,
            theirs=theirs,
            goal=0.4,
            floor=0.25,
            of_ratio=True,
        ),
        Figure(what="intake: FHIR to sealed rows", unit="events/s", ours=ours, peer=other, theirs=counted),
        Figure(what="intake: the same file once more", unit="events/s", ours=again, peer=peer, theirs=theirs),
        Figure(what="intake: main process", unit="µs CPU an event", ours=own, less_is_better=True),
    ]


def a_file(folder: Path, events: int) -> Path:
    """The simulator's EMR log, repeated under other ids up to about so many events."""
    hospital = simulate.build(1, 60, 3000, 4) if events <= QUICK else simulate.build(1, 300, 20_000, 30)
    simulate.write(hospital, folder / "source", style="foreign")
    (source,) = (folder / "source").rglob("emr-audit.ndjson")
    lines = source.read_bytes().splitlines(keepends=True)
    path = folder / "audit.ndjson"
    with path.open("wb") as file:
        written = 0
        while written < events:
            mark = b"r%d-" % written
            for line in lines[: events - written]:
                file.write(_ID.sub(rb'"id": "' + mark + rb'\1"', line, count=1) if written else line)
            written += len(lines)
        file.flush()
        os.fsync(file.fileno())
    return path


def read_json(path: Path, sql: str) -> tuple[int, float]:
    """DuckDB alone: rows, and seconds for all their columns."""
    with duckdb.connect(config={"threads": 2}) as con:
        began = time.perf_counter()
        found = con.execute(sql, [str(path)]).fetchone() or (0,)
        return int(found[0]), time.perf_counter() - began


def take_in(store: Store, ledger: Ledger, path: Path) -> tuple[Report, float]:
    """The whole road: what it did, and seconds until everything is durable and visible."""
    began = time.perf_counter()
    with store.intake(ledger, received_at=NOW) as session:
        session.file(read_batches(path, zone=ZONE, workers=WORKERS))
        report = session.report()
    return report, time.perf_counter() - began


@contextmanager
def a_home(folder: Path) -> Iterator[tuple[Store, Ledger]]:
    """A store and a ledger with keys of their own."""
    keyring: Any = Keyring.create(folder / "keys", provider="file")
    signer = keyring.signer("ledger")
    Ledger.create(folder / "ledger", origin="bench.example/hospital", signer=signer, at=NOW)
    store = Store(folder / "store", keyring=keyring, tenant="bench", zone=ZONE, ledger_folder=folder / "ledger")
    with Ledger.connect(folder / "ledger", signer=signer, clock=lambda: datetime.now(UTC)) as ledger:
        yield store, ledger
