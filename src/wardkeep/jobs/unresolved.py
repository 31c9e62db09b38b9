# SPDX-License-Identifier: Apache-2.0
"""Which accounts and patients of an ingest stand in no table of the hospital: they load, and are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.spelling import Spellings

if TYPE_CHECKING:
    from wardkeep.watch.store import Store

#: column of a batch -> (table, its column) in which the name should stand.
TABLES = {"account": ("accounts", "account"), "patient_id": ("patients", "patient_id")}
#: Gathered counts are added up when there are more pieces than this.
PIECES = 64


class Named:
    """Counts how often each account and patient was named, batch by batch."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[pa.Table]] = {column: [] for column in TABLES}

    def add(self, events: pa.RecordBatch) -> None:
        """Take over the names of a batch. A further patient of the same event is no further event of its account."""
        self._count("account", events.filter(pc.equal(events.column("part"), 0)).column("account"))
        self._count("patient_id", events.column("patient_id"))

    def _count(self, column: str, names: pa.Array) -> None:
        counts = pc.value_counts(names.drop_null())
        pieces = self._pieces[column]
        pieces.append(pa.table({"name": counts.field("values"), "n": counts.field("counts")}))
        if len(pieces) > PIECES:
            self._pieces[column] = [_summed(pieces)]

    def unresolved(self, store: Store) -> dict[str, int]:
        """`accounts` and `patients` that no table knows, and the events that name them."""
        found = {}
        for column, (table, key) in TABLES.items():
            named = _summed(self._pieces[column]) if self._pieces[column] else _EMPTY
            known = store.known_table(table).column(key).combine_chunks()
            lost = named.filter(pc.invert(pc.is_in(named.column("name"), value_set=known)))
            if column == "account":
                lost = lost.filter(_strangers(lost.column("name").to_pylist(), store))
            found[table] = lost.num_rows
            found[f"events_of_{table}"] = pc.sum(lost.column("n")).as_py() or 0
        return found


_EMPTY = pa.table({"name": pa.array([], pa.string()), "n": pa.array([], pa.int64())})


def _summed(pieces: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(pieces).group_by("name").aggregate([("n", "sum")]).rename_columns(["name", "n"])


def _strangers(names: list[str], store: Store) -> pa.Array:
    """Which of these are surely none of the table's accounts, however they are written."""
    accounts = store.known_table("accounts").select(["account", "staff_id", "kind"]).to_pylist()
    staff = store.known_table("staff").column("staff_id").to_pylist()
    spellings = Spellings(((row["account"], row["staff_id"], row["kind"]) for row in accounts), staff)
    return pa.array([spellings.account(name) == name for name in names], pa.bool_())
