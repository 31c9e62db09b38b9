# SPDX-License-Identifier: Apache-2.0
"""A hospital for the judgement benchmark, made set-based in DuckDB: skewed use, shifts, worklists, households, misuse.

Only for measuring speed and for noticing gross mistakes: whoever judges quality uses a hospital made by others. Random
numbers are hashes of row numbers and a seed, so that a size gives the same rows everywhere.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

DAY = 86_400_000_000
#: 2026-03-02 in days since 1970-01-01, in Shanghai.
START_DAY = 20_514
OFFSET = 8 * 3_600_000_000
_SQL = Path(__file__).with_suffix(".sql")


def make(con: duckdb.DuckDBPyConnection, *, events: int, days: int = 30, seed: int = 1) -> None:
    """Make the hospital's tables, `events` (about as many as asked) and `label` (eid, misuse kind) in `con`."""
    visits = events * 10 // 41
    sizes = {
        "visits": visits, "staff": max(300, events // 2500), "patients": max(4000, events // 50),
        "encounters": max(3000, visits // 8), "days": days, "day0": START_DAY, "t0": START_DAY * DAY - OFFSET,
        "DAY": DAY, "OFFSET": OFFSET,
    }  # fmt: skip
    con.execute(f"CREATE OR REPLACE MACRO r(i, k) AS (hash(i, k, {seed}) % 1000000) / 1000000.0")
    for statement in _SQL.read_text(encoding="utf-8").format(**sizes).split(";\n"):
        if statement.strip():
            con.execute(statement)
    con.execute("CREATE OR REPLACE TABLE label AS SELECT eid, label FROM events WHERE label <> ''")
    con.execute("ALTER TABLE events DROP COLUMN label")
    con.execute("DROP TABLE bench_visit")
