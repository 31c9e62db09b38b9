# SPDX-License-Identifier: Apache-2.0
"""A hospital folder as the engines see it, in a plain DuckDB connection without a home, a store or keys.

The folder is read by the product's own intake; only the view `events`, which the store makes otherwise, is made here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from wardkeep.watch.event import BATCH_SCHEMA
from wardkeep.watch.hospital import read_context
from wardkeep.watch.intake import load_mapping, mapping_beside, read_batches

ZONE = "Asia/Shanghai"
#: Asia/Shanghai is one offset the year round.
OFFSET_US = 8 * 3_600_000_000

EVENTS = f"""
CREATE TABLE all_events AS SELECT (2026::BIGINT << 40) | row_number() OVER (ORDER BY time, system, event_id) AS eid,
    event_id, event_id AS name, system, time AS time_us, time + {OFFSET_US} AS local_us,
    CAST((time + {OFFSET_US}) // 86400000000 AS INTEGER) AS day, account, patient_id, action, resource, count, purpose,
    breakglass, outcome, workstation, ip, site, session_id, query, duration_ms, '2026' AS log,
    row_number() OVER (ORDER BY time, system, event_id) AS n, kind, time_quality, format, source, position, extra FROM batches;
CREATE VIEW event_detail AS SELECT eid, extra FROM all_events WHERE extra IS NOT NULL;
CREATE VIEW events AS SELECT * FROM all_events WHERE kind = 'access';
"""


def connect(
    folder: Path, *, logs: Path | None = None, threads: int = 2, memory: str = "4GB"
) -> duckdb.DuckDBPyConnection:
    """Tables and events of the folder, normalised. AssertionError where a row was rejected: the simulator writes none.

    logs: where the other systems' files lie as those write them, each read by the mapping beside it.
    """
    con = duckdb.connect(config={"threads": threads, "memory_limit": memory, "preserve_insertion_order": False})
    for context in read_context(folder, zone=ZONE):
        assert not context.rejected, f"{context.name}: {context.rejected[:1]}"
        con.register("incoming", context.table)
        con.execute(f'CREATE TABLE "{context.name}" AS SELECT * FROM incoming')
        con.unregister("incoming")
    parts: list[pa.RecordBatch] = []
    for path in sorted(folder.glob("events*.csv")):
        for batch in read_batches(path, zone=ZONE, format="hospital"):
            assert not batch.rejected, batch.rejected[:1]
            parts.append(batch.events)
    for path in sorted(logs.glob("*.csv")) if logs else ():
        beside = mapping_beside(path)
        assert beside is not None, path.name
        for batch in read_batches(path, zone=ZONE, mapping=load_mapping(beside)):
            assert not batch.rejected, batch.rejected[:1]
            parts.append(batch.events)
    con.register("batches", pa.Table.from_batches(parts, BATCH_SCHEMA))
    con.execute(EVENTS)
    con.unregister("batches")
    return con
