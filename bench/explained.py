# SPDX-License-Identifier: Apache-2.0
"""What the explanations alone do on simulated hospitals: no detections, no cases, no reading of files.

    python -m bench.explained [--seeds 5] [--setting B] [--undocumented 0.20]

The tables go from the simulator straight into DuckDB, so that a reason can be worked on without the rest of the product.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time

import duckdb
import pyarrow as pa

import simulate
from bench import relations
from bench.outcome import Outcome
from bench.shares import explanations, leaks
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.explain.explain import REASON_OF, explain, stand_ins
from wardkeep.watch.hospital.tables import TABLES
from wardkeep.watch.thresholds import Thresholds

OFFSET_US = 8 * 3_600_000_000
_TIME = "epoch_us(strptime(left({0}, 19), '%Y-%m-%dT%H:%M:%S')) - " + str(OFFSET_US)
_SHAPES = {
    "time": f"CASE WHEN {{0}} <> '' THEN {_TIME} END",
    "date": "CASE WHEN {0} <> '' THEN CAST(CAST({0} AS DATE) - DATE '1970-01-01' AS INTEGER) END",
    "flag": "coalesce({0} = '1', FALSE)",
    "list": "CASE WHEN {0} <> '' THEN ';' || {0} || ';' ELSE '' END",
    "text": "nullif({0}, '')",
}
EVENTS = f"""
CREATE TABLE events AS SELECT row_number() OVER () AS eid, event_id, event_id AS name, system, t AS time_us,
  t + {OFFSET_US} AS local_us, CAST((t + {OFFSET_US}) // 86400000000 AS INTEGER) AS day,
  nullif(account, '') AS account, nullif(patient_id, '') AS patient_id, action, resource,
  coalesce(TRY_CAST(count AS BIGINT), 1) AS count, purpose, coalesce(breakglass = '1', FALSE) AS breakglass,
  coalesce(nullif(outcome, ''), 'success') AS outcome, nullif(workstation, '') AS workstation, nullif(ip, '') AS ip, site,
  session_id, query, CAST(TRY_CAST(duration_s AS DOUBLE) * 1000 AS BIGINT) AS duration_ms, '2026' AS log,
  row_number() OVER () AS n, 'access' AS kind, 'offset' AS time_quality, 'hospital' AS format,
  'events.csv' AS source, '' AS position
FROM (SELECT *, {_TIME.format("time")} AS t FROM events_text)
"""  # fmt: skip


def connect(hospital: simulate.Hospital, *, threads: int = 2, memory: str = "4GB") -> duckdb.DuckDBPyConnection:
    """The hospital's tables and events, normalised as the engines see them."""
    con = duckdb.connect(config={"threads": threads, "memory_limit": memory})
    for name, table in hospital.tables.items():
        shape = TABLES[name]
        con.register("rows_text", table)
        there = set(table.column_names)
        columns = [
            (_SHAPES[c.type].format(f'"{c.name}"') if c.name in there else "NULL") + f' AS "{c.engine_name}"'
            for c in shape.columns
        ]
        src = f'"{shape.id}"' if shape.id else f"'{name}.csv:' || (row_number() OVER () + 1)"
        con.execute(f'CREATE TABLE "{name}" AS SELECT {", ".join(columns)}, {src} AS src FROM rows_text')
        con.unregister("rows_text")
    con.register("events_text", hospital.events)
    con.execute(EVENTS)
    con.unregister("events_text")
    return con


def numbers(con: duckdb.DuckDBPyConnection, thresholds: Thresholds | None = None) -> dict[str, int | float]:
    """Thresholds and the whole time of the events, as the texts want them."""
    given = dataclasses.asdict(thresholds or Thresholds())
    first, last = con.execute("SELECT min(time_us), max(time_us) + 1 FROM events").fetchone() or (0, 0)
    return {**{k: v for k, v in given.items() if isinstance(v, int | float)}, "from_us": first, "to_us": last}


def explained(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Run the explanations; one row per explained event, by the event's name."""
    engine = DuckEngine(con)
    stand_ins(engine)
    given = numbers(con)
    explain(engine, given)
    con.execute("CREATE OR REPLACE TEMP TABLE reason_of AS " + REASON_OF.replace(":from_us", str(given["from_us"])))
    return con.sql(
        "SELECT e.name AS event_id, r.reason, r.source_table, r.source_id, r.support FROM reason_of r JOIN events e USING (eid)"
    ).to_arrow_table()


def measure(hospital: simulate.Hospital, *, threads: int = 2) -> tuple[Outcome, duckdb.DuckDBPyConnection]:
    """Explain one hospital; the shares, and the connection in which every table of the explanations stands."""
    raw = relations.connect(hospital, threads=threads)
    con = connect(hospital, threads=threads)
    p = hospital.parameters
    out = Outcome(seed=p.seed, setting=p.setting, days=p.days)
    began = time.perf_counter()
    reasons = explained(con)
    out.seconds = time.perf_counter() - began
    explanations(out, raw, hospital, reasons)
    leaks(out, raw)
    raw.close()
    return out, con


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.explained", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--setting", default="B", choices=["A", "B", "C", "none"])
    parser.add_argument("--undocumented", type=float, default=0.20)
    call = parser.parse_args(words)
    names = ("docum.", "true", "undoc.", "learned", "all", "first", "cleared", "easy", "hard")
    print("seed" + "".join(f"{name:>8}" for name in names) + "       s")
    for seed in range(call.first_seed, call.first_seed + call.seeds):
        hospital = simulate.build(seed, setting=call.setting, undocumented=call.undocumented)
        o, con = measure(hospital)
        con.close()
        shares = (o.documented, o.true, o.undocumented, o.learned, o.legitimate, o.first, o.cleared)
        cells = "".join(f"{share:8.4f}" for share in (*shares, o.leaked("easy"), o.leaked("hard")))
        print(f"{seed:4}{cells}{o.seconds:8.1f}")
        for what, found in (
            ("false", o.false_by_reason),
            ("documented, missed", o.documented_missed),
            ("undocumented, found", o.undocumented_found),
            ("leak", o.leak_by_kind),
        ):
            print(f"     {what}: {found}", file=sys.stderr)
        if o.unchecked:
            print(f"     not checked: {o.unchecked}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
