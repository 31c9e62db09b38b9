# SPDX-License-Identifier: Apache-2.0
"""Shares of a simulated hospital's events that were explained: legitimate ones by the simulator's word, and misuse (leak)."""

from __future__ import annotations

import pyarrow as pa

import simulate
from bench.outcome import Outcome
from bench.recheck import recheck
from simulate.calibration import flags


def explanations(out: Outcome, raw, hospital: simulate.Hospital, reasons: pa.Table) -> None:  # type: ignore[no-untyped-def]
    """Shares explained, each by the simulator's word, and how many explanations hold."""
    raw.register("explained", reasons)
    raw.execute("CREATE OR REPLACE TEMP TABLE got AS SELECT event_id, any_value(reason) AS reason, "
                "any_value(support) AS support FROM explained GROUP BY event_id")  # fmt: skip
    base = "FROM legitimate l JOIN who w USING (account) LEFT JOIN got g USING (event_id)"
    share = "avg(CAST(g.event_id IS NOT NULL AS INT))"

    def one(sql: str) -> float:
        row = raw.execute(sql).fetchone()
        return float(row[0]) if row and row[0] is not None else 0.0

    out.documented = one(f"SELECT {share} {base} WHERE l.documented")
    out.undocumented = one(f"SELECT {share} {base} WHERE NOT l.documented AND w.kind <> 'service'")
    out.learned = one(
        f"SELECT avg(CAST(coalesce(g.reason, '') = 'learned' AS INT)) {base} WHERE NOT l.documented AND w.kind <> 'service'"
    )
    out.legitimate = one(f"SELECT {share} {base} WHERE w.kind <> 'service'")
    out.first = one(
        f"SELECT {share} FROM (SELECT l.*, row_number() OVER (PARTITION BY l.account, l.patient_id ORDER BY e.moment) "
        "AS nth FROM legitimate l JOIN ev e USING (event_id)) l JOIN who w USING (account) LEFT JOIN got g USING (event_id) "
        "WHERE nth = 1 AND w.kind <> 'service'"
    )
    for reason, missed, of in raw.execute(
        f"SELECT l.reason, count(*) FILTER (g.event_id IS NULL), count(*) {base} WHERE l.documented GROUP BY 1"
    ).fetchall():
        out.documented_missed[reason] = (missed, of)
    for reason, found, of in raw.execute(
        f"SELECT l.reason, count(g.event_id), count(*) {base} WHERE NOT l.documented AND w.kind <> 'service' GROUP BY 1"
    ).fetchall():
        out.undocumented_found[reason] = (found, of)
    named = reasons.select(["event_id", "reason", "source_table", "source_id"])
    checked = recheck(raw, hospital, named)
    out.true, out.named = checked.share, checked.named
    out.false_by_reason, out.unchecked = checked.false_by_reason, checked.unknown
    lines = hospital.lines
    touch = (lines["patient"] >= 0) & (lines["case"] < 0) & (lines["actor"] >= 0)
    tied = flags(hospital, lines["account"][touch], lines["patient"][touch])
    marked = tied["co-worker"] | tied["VIP"] | tied["family"] | tied["neighbour"]
    names = hospital.events["event_id"].filter(pa.array(touch)).filter(pa.array(marked))
    raw.register("flagged", pa.table({"event_id": names}))
    out.cleared = one(f"SELECT {share} FROM flagged f LEFT JOIN got g USING (event_id)")


def leaks(out: Outcome, raw) -> None:  # type: ignore[no-untyped-def]
    """Misuse that the product explains away, by difficulty and by kind (events with a patient)."""
    for column, where in (("difficulty", out.leak), ("kind", out.leak_by_kind)):
        for value, leaked, of in raw.execute(
            f"SELECT m.{column}, count(g.event_id), count(*) FROM misuse m LEFT JOIN got g USING (event_id) "
            "WHERE m.patient_id IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall():
            where[value] = (leaked, of)
