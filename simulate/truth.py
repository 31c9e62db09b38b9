# SPDX-License-Identifier: Apache-2.0
"""The truth about log lines: which are misuse, and what caused the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from simulate.draw import Array
from simulate.house import House
from simulate.openings import REASONS, TABLES
from simulate.scene import Case
from simulate.tables import encounter_ids, event_ids, ids, order_ids, patient_ids, staff_ids, take, ticket_ids


def truth(ev: dict[str, Array], cases: list[Case], h: House) -> tuple[pa.Table, pa.Table]:
    """Rows of `misuse` and of `legitimate`."""
    name = event_ids(ev)
    bad = np.flatnonzero(ev["case"] >= 0)
    of = ev["case"][bad]
    misuse = pa.table({
        "event_id": name.take(pa.array(bad)), "kind": take([c.kind for c in cases], of),
        "difficulty": take([c.difficulty for c in cases], of), "case_id": ids("M", of, 4),
        "account": take(h.a_name, ev["account"][bad]),
        "staff_id": staff_ids(ev["actor"][bad]), "patient_id": patient_ids(ev["patient"][bad]),
    })  # fmt: skip
    good = np.flatnonzero((ev["case"] < 0) & (ev["patient"] >= 0))
    table, row = ev["table"][good], ev["row"][good]
    source = _sources(table, row)
    legitimate = pa.table({
        "event_id": name.take(pa.array(good)), "account": take(h.a_name, ev["account"][good]),
        "patient_id": patient_ids(ev["patient"][good]), "reason": take(REASONS, ev["reason"][good]),
        "source_table": take(TABLES, np.where(table > 0, table, -1)), "source_id": source,
        "documented": pa.array(ev["documented"][good]),
    })  # fmt: skip
    return misuse, legitimate


def _sources(table: Array, row: Array) -> pa.Array:
    """Ids of the rows that have one; others are found by account, patient and time."""
    out = np.full(len(table), None, dtype=object)
    makers: dict[str, Callable[[Array], pa.Array]] = {
        "encounters": encounter_ids,
        "orders": order_ids,
        "tickets": ticket_ids,
        "appointments": lambda r: ids("A", r, 7),
    }
    for name, make in makers.items():
        mine = np.flatnonzero(table == TABLES.index(name))
        out[mine] = np.asarray(make(row[mine]).to_pylist(), dtype="O")
    return pa.array(out, pa.string())
