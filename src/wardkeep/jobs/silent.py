# SPDX-License-Identifier: Apache-2.0
"""The silences that a judgement saw, kept with its run and read again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.silence import Silence, SilenceKind, silences
from wardkeep.watch.store import StoreError

if TYPE_CHECKING:
    import duckdb

    from wardkeep.home import Home
    from wardkeep.watch.cases.models import Run

ARTIFACT = "silences"
#: How long before the newest one a silence is still told.
RECENT = timedelta(days=14)
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("kind", "system", "first", "last")),
        *((name, pa.int64()) for name in ("from_us", "to_us", "expected", "got")),
    ]
)


def silences_in(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """What a run keeps."""
    return pa.Table.from_pylist([asdict(one) for one in silences(DuckEngine(con))], schema=_SCHEMA)


def silences_of(home: Home, run: Run | None) -> list[Silence]:
    """What a run kept, newest first, and no older than RECENT; none where it kept none or that cannot be read."""
    if run is None:
        return []
    try:
        rows = home.store().load_run(str(run.pk), ARTIFACT).to_pylist()
    except StoreError:
        return []  # of a run before silences were kept; damage is what `ledger verify` names
    found = [Silence(**{**row, "kind": SilenceKind(row["kind"])}) for row in rows]
    newest = max((one.to_us for one in found), default=0)
    recent = [one for one in found if one.to_us >= newest - RECENT // timedelta(microseconds=1)]
    return sorted(recent, key=lambda one: (-one.to_us, one.system))
