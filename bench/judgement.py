# SPDX-License-Identifier: Apache-2.0
"""Benchmark 1: explaining, detecting and ranking a month of accesses, beside bare queries over the same Parquet files.

    python -m bench judgement [--quick]

The bare queries (bench/bare.sql) are the five that were measured when the engine was chosen: an explanation by
account-patient-day, a peer baseline, a pruned ten-minute window, kinship, first-seen pairs. They are what any five lines of
SQL cost here; ours do every reason and every detection. Both run in fresh connections with two threads, in turn.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb

from bench.figure import Figure
from bench.judgement_data import make
from wardkeep.watch.engine import DuckEngine, Query, parse
from wardkeep.watch.judgement import judge
from wardkeep.watch.thresholds import Thresholds

EVENTS, QUICK_EVENTS = 20_000_000, 200_000
ROUNDS, QUICK_ROUNDS = 3, 1
#: The bare queries count distinct texts and need more; they run in a process of their own, so that the peak said is ours.
THREADS, MEMORY, BARE_MEMORY = 2, "6GB", "12GB"
BARE: dict[str, Query] = parse(Path(__file__).with_name("bare.sql").read_text(encoding="utf-8"), "bare.sql")


def write(folder: str, events: int) -> None:
    """The hospital as Parquet files, events in order of day. Runs in a process of its own: its memory is not ours."""
    con = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False})
    con.execute("SET enable_progress_bar = false")
    make(con, events=events)
    for (name,) in con.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
    ).fetchall():
        order = "ORDER BY day" if name == "events" else ""
        con.execute(
            f"COPY (SELECT * FROM {name} {order}) TO '{folder}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )


def connect(folder: Path, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """The hospital as the store hands it to a judgement: views over Parquet, nothing spilled."""
    con = duckdb.connect(config={"threads": THREADS, "memory_limit": memory, "preserve_insertion_order": False})
    con.execute("SET temp_directory = ''")
    con.execute("SET enable_progress_bar = false")
    for path in sorted(folder.glob("*.parquet")):
        con.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{path}')")
    return con


def ours(folder: Path) -> float:
    """Seconds of a whole judgement."""
    with connect(folder) as con:
        began = time.perf_counter()
        ((last,),) = con.execute("SELECT max(time_us) FROM events").fetchall()
        done = judge(con, thresholds=Thresholds(), as_of_us=last + 1)
        took = time.perf_counter() - began
        print(
            f"   judged: {done.explained / done.events:.3f} explained, {len(done.cases)} cases, {took:.1f} s",
            file=sys.stderr,
        )
    return took


def theirs(folder: Path) -> float:
    """Seconds of the bare queries, one after the other."""
    with connect(folder, BARE_MEMORY) as con:
        engine = DuckEngine(con)
        began = time.perf_counter()
        for query in BARE.values():
            engine.make(query, {})
        took = time.perf_counter() - began
        print(f"   bare: {took:.1f} s", file=sys.stderr)
    return took


def figures(*, quick: bool) -> list[Figure]:
    """Events a second of ours and of the bare queries, round by round."""
    apart = ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))
    with tempfile.TemporaryDirectory(prefix="wardkeep-bench-") as place, apart:
        folder = Path(place)
        apart.submit(write, place, QUICK_EVENTS if quick else EVENTS).result()
        with connect(folder) as con:
            ((rows,),) = con.execute("SELECT count(*) FROM events").fetchall()
        print(f"   {rows:,} events", file=sys.stderr)
        us, them = [], []
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            us.append(rows / ours(folder))
            them.append(rows / apart.submit(theirs, folder).result())
    return [
        Figure(
            what=f"judgement of {rows / 1e6:.1f} M events, every reason and detection, cases ranked", unit="events/s", ours=us,
            peer="five bare queries", theirs=them, goal=1e6, floor=5e5,
        )
    ]  # fmt: skip
