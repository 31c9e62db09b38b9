# SPDX-License-Identifier: Apache-2.0
"""Is each explanation that the product gives true? The row it names is looked up in the exported tables.

A row is a true reason if it exists, concerns the patient, has to do with the account (the person, a department in which the
account belonged on that day, or the front desk), and lies around the day of the event. What was inferred from use is checked
in bench.inferred. Independent of the product's own SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa

from bench.inferred import HOLDS, recheck_inferred
from simulate import Hospital

#: Days around a row in which it may be a reason: preparation before, results and completion after.
BEFORE, AFTER = 3, 15

#: As `belongs`, and a day more after a move, on which somebody still finishes work of the former department.
FINISHING = """CREATE OR REPLACE TEMP TABLE finishing AS SELECT * FROM belongs UNION ALL
    SELECT a.account, x.department, CAST(x."to" AS DATE), CAST(x."to" AS DATE) + 1
    FROM accounts_text a JOIN staff_history_text x USING (staff_id) WHERE x."to" IS NOT NULL"""
#: The account has to do with the department named, on the day of the event.
HERE = (
    "EXISTS (SELECT 1 FROM finishing b WHERE b.account = r.account AND b.department = {} AND r.day BETWEEN b.a AND b.b)"
)
DESK = """EXISTS (SELECT 1 FROM belongs b JOIN staff_text s ON s.department = b.department AND s.role = 'registrar'
    WHERE b.account = r.account AND r.day BETWEEN b.a AND b.b)"""
#: The patient is treated in, or was moved to, the department named.
CARED = """(EXISTS (SELECT 1 FROM en WHERE en.patient_id = r.patient_id AND en.department = {0}
        AND r.day BETWEEN en.a - 3 AND en.b + 15)
    OR EXISTS (SELECT 1 FROM tr WHERE tr.patient_id = r.patient_id AND tr.to_department = {0}
        AND r.day BETWEEN tr.a - 2 AND tr.a + 45))"""
AROUND = """r.day BETWEEN CAST(left({0}, 10) AS DATE) - {before}
    AND coalesce(CAST(left({1}, 10) AS DATE), DATE '2999-01-01') + {after}"""


def _around(start: str, end: str, *, before: int = BEFORE, after: int = AFTER) -> str:
    return AROUND.format(start, end, before=before, after=after)


#: Per table: how its row is named, and when it is a true reason for event `r`.
CHECKS = {
    "encounters": ("x.encounter_id", f"""x.patient_id = r.patient_id AND {_around('x."start"', 'x."end"')}
        AND (x.attending_id = r.staff_id OR {HERE.format("x.department")} OR {DESK} OR EXISTS (SELECT 1 FROM tr
            WHERE tr.patient_id = r.patient_id AND {HERE.format("tr.to_department")}))"""),
    "transfers": ("x.line", f"""x.patient_id = r.patient_id AND {_around("x.time", "x.time", after=45)}
        AND ({HERE.format("x.to_department")} OR {HERE.format("x.from_department")})"""),
    "care_team": ("x.line", f"""x.patient_id = r.patient_id AND x.staff_id = r.staff_id
        AND {_around('x."start"', 'x."end"')}"""),
    "appointments": ("x.appointment_id", f"""x.patient_id = r.patient_id AND {_around("x.time", "x.time")}
        AND (x.staff_id = r.staff_id OR {HERE.format("x.department")} OR {DESK})"""),
    "orders": ("x.order_id", f"""x.patient_id = r.patient_id AND {_around("x.time", "x.time")}
        AND (x.ordered_by = r.staff_id OR {HERE.format("x.performing_department")} OR EXISTS (SELECT 1 FROM en
            WHERE en.encounter_id = x.encounter_id AND {HERE.format("en.department")}))"""),
    "work_items": ("x.line", f"""x.patient_id = r.patient_id AND {_around('x."start"', 'x."end"', before=1, after=1)}
        AND (x.staff_id = r.staff_id OR {HERE.format("x.department")})"""),
    "shifts": ("x.line", f"""x.staff_id = r.staff_id AND {_around('x."start"', 'x."end"', before=1, after=1)}
        AND {CARED.format("x.department")}"""),
    "tickets": ("x.ticket_id", f"""x.account = r.account AND {_around('x."start"', 'x."end"', before=0, after=0)}"""),
    "consents": ("x.line", f"""x.patient_id = r.patient_id AND x.decision = 'permit' AND EXISTS (SELECT 1 FROM tickets_text k
        WHERE k.ticket_id = x.recipient AND k.account = r.account)
        AND {_around('x."start"', 'x."end"', before=0, after=0)}"""),
    "accounts": ("x.account", "x.account = r.account AND x.kind = 'service'"),
    "departments": ("x.department", HERE.format("x.department")),
    "staff_history": ("x.line", "x.staff_id = r.staff_id"),
    "staff": ("x.staff_id", "x.staff_id = r.staff_id"),
}  # fmt: skip


@dataclass
class Checked:
    """How many explanations name a row, how many of those are true, and the false ones by reason."""

    named: int = 0
    true: int = 0
    false_by_reason: dict[str, int] = field(default_factory=dict)
    #: Tables that were named and that this check does not know.
    unknown: tuple[str, ...] = ()

    def count(self, reason: str, table: str, named: int, true: int) -> None:
        self.named += named
        self.true += true
        if named > true:
            label = f"{reason} ({table})"
            self.false_by_reason[label] = self.false_by_reason.get(label, 0) + named - true

    @property
    def share(self) -> float:
        return self.true / self.named if self.named else 1.0


def recheck(con: duckdb.DuckDBPyConnection, hospital: Hospital, reasons: pa.Table) -> Checked:
    """Check `reasons` (event_id, reason, source_table, source_id) over `connect(...)`; those without a row are left out."""
    con.register("given", reasons)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE r AS SELECT g.*, e.account, e.patient_id, e.day, w.staff_id FROM given g "
        "JOIN ev e USING (event_id) JOIN who w USING (account) WHERE g.source_id IS NOT NULL AND e.patient_id IS NOT NULL"
    )
    con.execute(FINISHING)
    out = Checked()
    for reason, name, named, true in recheck_inferred(con):
        out.count(reason, name, named, true)
    usual = f"reason NOT IN ({', '.join(repr(reason) for reason in HOLDS)})"
    tables = [row[0] for row in con.execute(f"SELECT DISTINCT source_table FROM r WHERE {usual} ORDER BY 1").fetchall()]
    out.unknown = tuple(name for name in tables if name not in CHECKS)
    for name in tables:
        if name not in CHECKS:
            continue
        key, holds = CHECKS[name]
        table = hospital.tables[name]
        con.register("x_rows", table.append_column("line", pa.array(np.arange(table.num_rows) + 2)))
        # A row without an id is named by its file and line.
        wanted = "TRY_CAST(split_part(r.source_id, ':', -1) AS BIGINT)" if key == "x.line" else "r.source_id"
        rows = con.execute(
            f"SELECT r.reason, count(*), count(*) FILTER (coalesce({holds}, false)) FROM r "
            f"LEFT JOIN x_rows x ON {key} = {wanted} WHERE r.source_table = '{name}' AND {usual} GROUP BY ALL"
        ).fetchall()
        for reason, named, true in rows:
            out.count(reason, name, named, true)
    return out
