# SPDX-License-Identifier: Apache-2.0
"""Are explanations that were inferred from use true? What each rests on is counted again from the exported tables and events.

As bench.recheck: independent of the product's own SQL, by local days, in plain sets.
"""

from __future__ import annotations

import duckdb

#: What the product promises of a learned pair, of a workstation, and of working somewhere by charting.
PATIENTS, ACCOUNTS, ENTRIES = 6, 3, 2
FOLLOW_UP_DAYS, SLIP_SECONDS = 60, 180

FACTS = """
-- Where each account is at home on each day: shifts do not count here.
CREATE OR REPLACE TEMP TABLE at_home AS
    SELECT a.account, s.department, DATE '1900-01-01' AS a, DATE '2999-01-01' AS b
        FROM accounts_text a JOIN staff_text s USING (staff_id)
    UNION SELECT account, department, DATE '1900-01-01', DATE '2999-01-01' FROM accounts_text WHERE department IS NOT NULL
    UNION SELECT a.account, x.department, CAST(x."from" AS DATE), coalesce(CAST(x."to" AS DATE) + 1, DATE '2999-01-01')
        FROM accounts_text a JOIN staff_history_text x USING (staff_id);
-- Which department had whom under care.
CREATE OR REPLACE TEMP TABLE cared AS
    SELECT patient_id, department, a - 2 AS a, b FROM en
    UNION SELECT patient_id, to_department, a, a + 45 FROM tr UNION SELECT patient_id, from_department, a - 45, a FROM tr;
CREATE OR REPLACE TEMP TABLE opened AS
    SELECT DISTINCT h.department AS reading, c.department AS treating, t.account, t.patient_id, t.day
    FROM touch t JOIN at_home h ON h.account = t.account AND t.day BETWEEN h.a AND h.b
    JOIN cared c ON c.patient_id = t.patient_id AND t.day BETWEEN c.a AND c.b;
CREATE OR REPLACE TEMP TABLE wrote AS
    SELECT DISTINCT account, patient_id, day FROM ev WHERE action IN ('create', 'update') AND outcome = 'success';
CREATE OR REPLACE TEMP TABLE sat AS
    SELECT DISTINCT account, workstation, day FROM ev WHERE workstation IS NOT NULL AND workstation <> '';
"""
#: The departments that the named row speaks for, whatever its table: for the patient of the event, around its day.
SPEAKS = """
CREATE OR REPLACE TEMP TABLE speaks AS
    SELECT r.event_id, x.department FROM r JOIN encounters_text x ON x.encounter_id = r.source_id
        WHERE r.source_table = 'encounters' AND x.patient_id = r.patient_id
        AND r.day BETWEEN CAST(left(x."start", 10) AS DATE) - 3
            AND coalesce(CAST(left(x."end", 10) AS DATE), DATE '2999-01-01') + 15
    UNION SELECT r.event_id, x.department FROM r JOIN appointments_text x ON x.appointment_id = r.source_id
        WHERE r.source_table = 'appointments' AND x.patient_id = r.patient_id
        AND r.day BETWEEN CAST(left(x.time, 10) AS DATE) - 3 AND CAST(left(x.time, 10) AS DATE) + 15
    UNION SELECT r.event_id, x.performing_department FROM r JOIN orders_text x ON x.order_id = r.source_id
        WHERE r.source_table = 'orders' AND x.patient_id = r.patient_id
        AND r.day BETWEEN CAST(left(x.time, 10) AS DATE) AND CAST(left(x.time, 10) AS DATE) + 15
    UNION SELECT r.event_id, x.department FROM r JOIN (SELECT *, row_number() OVER () + 1 AS line FROM work_items_text) x
        ON r.source_id = 'work_items.csv:' || x.line WHERE r.source_table = 'work_items' AND x.patient_id = r.patient_id
        AND r.day BETWEEN CAST(left(x."start", 10) AS DATE) - 1
            AND coalesce(CAST(left(x."end", 10) AS DATE), DATE '2999-01-01') + 1
    UNION SELECT r.event_id, unnest([x.to_department, x.from_department]) FROM r
        JOIN (SELECT *, row_number() OVER () + 1 AS line FROM transfers_text) x ON r.source_id = 'transfers.csv:' || x.line
        WHERE r.source_table = 'transfers' AND x.patient_id = r.patient_id
        AND r.day BETWEEN CAST(left(x.time, 10) AS DATE) - 45 AND CAST(left(x.time, 10) AS DATE) + 45;
"""
#: Per reason: the events that rest on what was really there.
HOLDS = {
    "learned": f"""SELECT k.event_id FROM (
            SELECT r.event_id, r.account, r.day, h.department AS reading, s.department AS treating
            FROM r JOIN speaks s USING (event_id)
            JOIN at_home h ON h.account = r.account AND r.day BETWEEN h.a AND h.b WHERE r.reason = 'learned') k
        JOIN opened o ON o.reading = k.reading AND o.treating = k.treating AND o.day < k.day AND o.account <> k.account
        GROUP BY k.event_id, k.reading, k.treating
        HAVING count(DISTINCT o.patient_id) >= {PATIENTS} AND count(DISTINCT o.account) >= {ACCOUNTS}""",
    "presence": f"""SELECT r.event_id FROM r JOIN speaks s USING (event_id)
        JOIN sat mine ON mine.account = r.account AND mine.day = r.day
        JOIN sat theirs ON theirs.workstation = mine.workstation AND theirs.day < r.day AND theirs.account <> r.account
        JOIN at_home h ON h.account = theirs.account AND h.department = s.department AND theirs.day BETWEEN h.a AND h.b
        WHERE r.reason = 'presence' GROUP BY r.event_id HAVING count(DISTINCT theirs.account) >= {ACCOUNTS}
        UNION SELECT r.event_id FROM r JOIN speaks s USING (event_id) JOIN wrote w ON w.account = r.account AND w.day = r.day
        JOIN cared c ON c.patient_id = w.patient_id AND c.department = s.department AND r.day BETWEEN c.a AND c.b
        WHERE r.reason = 'presence' GROUP BY r.event_id HAVING count(DISTINCT w.patient_id) >= {ENTRIES}""",
    "charted": """SELECT r.event_id FROM r JOIN ev e ON e.event_id = r.source_id AND e.account = r.account
        AND e.patient_id = r.patient_id AND e.day = r.day AND e.action IN ('create', 'update') AND e.outcome = 'success'
        JOIN cared c ON c.patient_id = r.patient_id AND r.day BETWEEN c.a AND c.b
        WHERE r.reason = 'charted' AND r.source_table = 'events'""",
    "mistake": f"""SELECT r.event_id FROM r JOIN ev e ON e.event_id = r.source_id AND e.account = r.account
        AND e.patient_id <> r.patient_id JOIN ev own ON own.event_id = r.event_id
        AND e.moment > own.moment AND e.moment <= own.moment + INTERVAL {SLIP_SECONDS} SECOND AND own.action = 'read'
        JOIN r AS good ON good.event_id = e.event_id
        AND good.reason NOT IN ('mistake', 'charted', 'presence', 'follow_up', 'learned')
        WHERE r.reason = 'mistake' AND r.source_table = 'events'""",
    "follow_up": f"""SELECT r.event_id FROM r
        JOIN encounters_text x ON x.encounter_id = r.source_id AND x.patient_id = r.patient_id
        JOIN at_home h ON h.account = r.account AND h.department = x.department AND r.day BETWEEN h.a AND h.b
        WHERE r.reason = 'follow_up' AND r.source_table = 'encounters'
        AND r.day BETWEEN CAST(left(x."end", 10) AS DATE) AND CAST(left(x."end", 10) AS DATE) + {FOLLOW_UP_DAYS}""",
}  # fmt: skip


def recheck_inferred(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, int]]:
    """(reason, table, named, true) of the inferred reasons in the table `r`, over bench.relations.connect."""
    names = ", ".join(f"'{reason}'" for reason in HOLDS)
    con.execute(FACTS)
    con.execute(SPEAKS)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE holds AS "
        + " UNION ".join(f"SELECT '{reason}' AS reason, event_id FROM ({sql})" for reason, sql in HOLDS.items())
    )
    return con.execute(
        "SELECT r.reason, r.source_table, count(*), count(h.event_id) FROM r "
        "LEFT JOIN holds h ON h.event_id = r.event_id AND h.reason = r.reason "
        f"WHERE r.reason IN ({names}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
