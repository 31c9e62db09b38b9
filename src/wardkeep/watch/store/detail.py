# SPDX-License-Identifier: Apache-2.0
"""What a few sources say beyond the common columns, for those who ask who it was.

It lies in the part of a segment that judgements do not read otherwise, so a segment says whether it has any, and the others
stay closed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.store.folder import Folder
from wardkeep.watch.store.manifest import FileRow
from wardkeep.watch.store.segment import NUMBER, from_parquet, unpack

#: The address that a VPN gave, the account to which a bastion led, in or out of a door: keys of `extra`.
KEYS = ("assigned_ip", "target_account", "direction")
_PATTERN = f'"({"|".join(KEYS)})"'
SCHEMA = pa.schema([("eid", pa.int64()), ("extra", pa.string())])


def count(extra: pa.Array | pa.ChunkedArray) -> int:
    """How many rows say one of these."""
    if extra.null_count == len(extra):
        return 0
    return int(pc.sum(pc.match_substring_regex(extra, _PATTERN)).as_py() or 0)


def details(folder: Folder, rows: Iterable[FileRow]) -> pa.Table:
    """Number and `extra` of the rows that say one of these. Raises StoreDamaged."""
    parts = [_of(folder, row) for row in rows if row.facts.get("details")]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def _of(folder: Folder, row: FileRow) -> pa.Table:
    plaintext = folder.read(folder.place("segment", row.id), kind="segment", identity=row.id, rows=row.rows)
    opened = unpack(plaintext, row.id)
    extra = from_parquet(opened.evidence, columns=["extra"]).column("extra")
    if row.compacted:
        numbers = from_parquet(opened.engine, columns=[NUMBER.name]).column(NUMBER.name).to_numpy()
    else:
        numbers = np.arange(row.rows, dtype=np.int64) + (row.first or 0)
    base = int(row.log or "0") << 40
    table = pa.table([pa.array(numbers.astype(np.int64) + base), extra.combine_chunks()], schema=SCHEMA)
    return table.filter(pc.fill_null(pc.match_substring_regex(table.column("extra"), _PATTERN), fill_value=False))
