# SPDX-License-Identifier: Apache-2.0
"""Three ways of finding misuse that a hospital would otherwise use, on the same data and under the same budget.

* naive rules: same department, same address or number, same house, well known, own record, deceased, by night, many records;
* isolation forest (scikit-learn) over what an account did in a day: volumes, hours, systems, new patients;
* relationship only: touches that no row ties to the patient; patients who were never here weigh most (the strongest of four
  weightings that were tried on two seeds), then unusual pairs of departments; no detections.

Each gives cases of one account and one day, ranked within the day. Nothing of the product is used.

    python -m bench.rivals [--seeds 10]        the rivals alone, as a table
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import duckdb
import numpy as np
from sklearn.ensemble import IsolationForest

import simulate
from bench.outcome import budget_rows
from bench.relations import connect
from bench.review import Review, Shown, review, truths

NAIVE = """
WITH t AS (SELECT e.event_id, e.account, e.patient_id, e.day, hour(e.moment) AS hour, w.*, p.name AS p_name,
        p.address AS p_address, p.phone AS p_phone, p.emergency_contact AS contact, p.died_on, p.sensitivity, p.honey,
        s.department AS mate
    FROM ev e JOIN who w USING (account) LEFT JOIN patients_text p ON p.patient_id = e.patient_id
    LEFT JOIN staff_text s ON s.patient_id = e.patient_id
    WHERE e.patient_id IS NOT NULL AND w.kind <> 'service'),
busy AS (SELECT account, day FROM touch GROUP BY ALL HAVING count(*) > 100),
hits AS (
    SELECT event_id, account, patient_id, day, 'co-worker' AS rule FROM t WHERE mate = department
        AND own IS DISTINCT FROM patient_id
    UNION ALL SELECT event_id, account, patient_id, day, 'family' FROM t WHERE address = p_address OR phone = p_phone
        OR contains(contact, phone)
    UNION ALL SELECT event_id, account, patient_id, day, 'surname' FROM t WHERE left(name, 1) = left(p_name, 1)
        AND split_part(address, '号', 1) = split_part(p_address, '号', 1)
    UNION ALL SELECT event_id, account, patient_id, day, 'neighbour' FROM t
        WHERE split_part(address, '号', 1) = split_part(p_address, '号', 1)
    UNION ALL SELECT event_id, account, patient_id, day, 'vip' FROM t WHERE contains(sensitivity, 'vip')
    UNION ALL SELECT event_id, account, patient_id, day, 'self' FROM t WHERE own = patient_id
    UNION ALL SELECT event_id, account, patient_id, day, 'deceased' FROM t WHERE CAST(died_on AS DATE) < day - 7
    UNION ALL SELECT event_id, account, patient_id, day, 'honey' FROM t WHERE honey = '1'
    UNION ALL SELECT event_id, account, patient_id, day, 'night' FROM t
        WHERE (hour < 6 OR hour >= 22) AND role NOT IN ('nurse', 'physician', 'technician')
    UNION ALL SELECT event_id, account, patient_id, day, 'many' FROM t JOIN busy USING (account, day))
SELECT account, day, count(DISTINCT rule || patient_id) AS score, list(DISTINCT event_id) AS events FROM hits GROUP BY ALL
"""

VOLUME = """
WITH first AS (SELECT account, patient_id, min(day) AS day FROM touch GROUP BY ALL),
fresh AS (SELECT account, day, count(*) AS n FROM first GROUP BY ALL),
hourly AS (SELECT account, day, max(n) AS n FROM (SELECT account, day, hour(moment) AS h, count(DISTINCT patient_id) AS n
    FROM ev GROUP BY ALL) GROUP BY ALL)
SELECT e.account, e.day, count(*) AS events, count(DISTINCT e.patient_id) AS patients,
    avg(CAST(hour(moment) < 6 OR hour(moment) >= 22 AS INT)) AS night,
    count(DISTINCT system) AS systems, count(DISTINCT workstation) AS stations, any_value(coalesce(h.n, 0)) AS hourly,
    any_value(coalesce(f.n, 0)) AS fresh, count(*) FILTER (action IN ('print', 'export', 'query')) AS moved,
    sum(count) FILTER (action IN ('export', 'query')) AS records, avg(CAST(outcome <> 'success' AS INT)) AS refused,
    list(event_id) FILTER (patient_id IS NOT NULL OR action IN ('query', 'export', 'search')) AS ids
FROM ev e JOIN who w USING (account) LEFT JOIN fresh f USING (account, day) LEFT JOIN hourly h USING (account, day)
WHERE w.kind <> 'service' GROUP BY e.account, e.day ORDER BY e.account, e.day
"""

RELATIONSHIP = """
WITH treat AS (SELECT DISTINCT patient_id, department FROM en),
home AS (SELECT account, arg_max(department, b - a) AS department FROM belongs GROUP BY account),
seen AS (SELECT t.account, t.patient_id, t.day, h.department AS d, min(r.department) AS care, min(x.account) AS tied
    FROM touch t JOIN who w USING (account) LEFT JOIN home h USING (account) LEFT JOIN treat r ON r.patient_id = t.patient_id
    LEFT JOIN tied x ON x.account = t.account AND x.patient_id = t.patient_id AND x.day = t.day
    WHERE w.kind <> 'service' GROUP BY ALL),
pair AS (SELECT d, care, count(*) AS n FROM seen GROUP BY ALL), total AS (SELECT d, count(*) AS n FROM seen GROUP BY ALL),
odd AS (SELECT s.account, s.patient_id, s.day,
        CASE WHEN s.care IS NULL THEN 5 ELSE -0.1 * ln(coalesce(p.n, 1) / greatest(t.n, 1)) END AS weight FROM seen s
    LEFT JOIN pair p ON p.d = s.d AND p.care IS NOT DISTINCT FROM s.care LEFT JOIN total t ON t.d = s.d WHERE s.tied IS NULL)
SELECT o.account, o.day, sum(DISTINCT o.weight + hash(o.patient_id) % 1000 * 1e-9) AS score, list(DISTINCT e.event_id) AS events
FROM odd o JOIN ev e ON e.account = o.account AND e.patient_id = o.patient_id AND e.day = o.day GROUP BY ALL
"""


def naive_rules(con: duckdb.DuckDBPyConnection) -> list[Shown]:
    return _ranked(con.execute(NAIVE).fetchall())


def relationship_only(con: duckdb.DuckDBPyConnection) -> list[Shown]:
    return _ranked(con.execute(RELATIONSHIP).fetchall())


def isolation_forest(con: duckdb.DuckDBPyConnection, *, seed: int = 0) -> list[Shown]:
    """Fitted on the same period that it ranks, as such tools are used; the case names all that the account did that day."""
    rows = con.execute(VOLUME).fetchall()
    features = np.array([[float(x or 0) for x in row[2:-1]] for row in rows])
    forest = IsolationForest(n_estimators=200, random_state=seed, n_jobs=1).fit(features)
    odd = -forest.score_samples(features)
    return _ranked([(row[0], row[1], float(score), row[-1] or []) for row, score in zip(rows, odd, strict=True)])


def _ranked(rows: list[tuple]) -> list[Shown]:  # type: ignore[type-arg]
    """Cases by day, best first; equal scores by account, so that a run can be repeated."""
    out: list[Shown] = []
    place: dict[int, int] = {}
    for account, day, _, events in sorted(rows, key=lambda r: (r[1], -r[2], r[0])):
        ordinal = day.toordinal()
        place[ordinal] = place.get(ordinal, 0) + 1
        out.append(Shown(account=account, day=ordinal, rank=place[ordinal], events=frozenset(events)))
    return out


RIVALS: dict[str, Callable[[duckdb.DuckDBPyConnection], list[Shown]]] = {
    "naive rules": naive_rules,
    "isolation forest": isolation_forest,
    "relationship only": relationship_only,
}


def main(words: list[str] | None = None) -> int:
    """Print what the rivals find at 3 and 10 cases a day on hospitals of the default size."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.rivals", description="What the rivals find, without the product."
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--settings", nargs="+", default=["B", "C"], choices=["A", "B", "C"])
    call = parser.parse_args(words)
    for setting in call.settings:
        found: dict[str, dict[int, list[Review]]] = {}
        for seed in range(1, call.seeds + 1):
            print(f"setting {setting}, seed {seed}", file=sys.stderr, flush=True)
            hospital = simulate.build(seed, setting=setting)
            con = connect(hospital, threads=1)
            days = con.execute("SELECT event_id, day FROM ev JOIN misuse USING (event_id)").fetchall()
            truth = truths(hospital.misuse.to_pylist(), {name: day.toordinal() for name, day in days})
            for name, find in RIVALS.items():
                cases = find(con)
                for k in (3, 10):
                    out = review(cases, truth, k=k, days=hospital.parameters.days)
                    found.setdefault(name, {}).setdefault(k, []).append(out)
            con.close()
        print(f"Setting {setting}, {call.seeds} hospitals.\n")
        print(budget_rows(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
