# SPDX-License-Identifier: Apache-2.0
"""A simulated hospital in DuckDB, and an independent answer: does any row tie this account to this patient on that day?

Written without the product: it reads the text tables as they are exported, by local days, generously. Three uses: the
simulator's own word (`documented`) is checked with it, the reasons that the product gives are checked with it, and a rival
ranks by it alone.
"""

from __future__ import annotations

import duckdb

from simulate import Hospital

#: Days before and after a row's own time in which it may still be the reason.
BEFORE, AFTER = 2, 8

LOAD = """
CREATE TABLE ev AS SELECT event_id, account, patient_id, action, system, workstation, site, outcome, count,
    breakglass = '1' AS breakglass, query,
    strptime(left(time, 19), '%Y-%m-%dT%H:%M:%S') AS moment, CAST(left(time, 10) AS DATE) AS day FROM events_text;
CREATE TABLE en AS SELECT encounter_id, patient_id, kind, department, attending_id, CAST(left("start", 10) AS DATE) AS a,
    coalesce(CAST(left("end", 10) AS DATE), DATE '2999-01-01') AS b FROM encounters_text;
CREATE TABLE tr AS SELECT patient_id, from_department, to_department, CAST(left(time, 10) AS DATE) AS a FROM transfers_text;
CREATE TABLE ord AS SELECT order_id, patient_id, ordered_by, performing_department, kind, CAST(left(time, 10) AS DATE) AS a
    FROM orders_text;
CREATE TABLE ap AS SELECT appointment_id, patient_id, department, staff_id, CAST(left(time, 10) AS DATE) AS a
    FROM appointments_text;
CREATE TABLE ct AS SELECT patient_id, staff_id, CAST(left("start", 10) AS DATE) AS a,
    coalesce(CAST(left("end", 10) AS DATE), DATE '2999-01-01') AS b FROM care_team_text;
CREATE TABLE wi AS SELECT patient_id, department, staff_id, kind, CAST(left("start", 10) AS DATE) AS a,
    coalesce(CAST(left("end", 10) AS DATE), DATE '2999-01-01') AS b FROM work_items_text;
CREATE TABLE ti AS SELECT ticket_id, account, kind, CAST(left("start", 10) AS DATE) AS a,
    CAST(left("end", 10) AS DATE) AS b FROM tickets_text;
CREATE TABLE co AS SELECT patient_id, recipient, CAST(left("start", 10) AS DATE) AS a FROM consents_text
    WHERE decision = 'permit';
-- Where each account belongs on each day: home, earlier homes, shifts (a night reaches into the next day), the unit itself.
CREATE TABLE belongs AS
    SELECT a.account, s.department, DATE '1900-01-01' AS a, DATE '2999-01-01' AS b
        FROM accounts_text a JOIN staff_text s USING (staff_id)
    UNION SELECT a.account, a.department, DATE '1900-01-01', DATE '2999-01-01' FROM accounts_text a
        WHERE a.department IS NOT NULL
    UNION SELECT a.account, x.department, CAST(x."from" AS DATE), coalesce(CAST(x."to" AS DATE), DATE '2999-01-01')
        FROM accounts_text a JOIN staff_history_text x USING (staff_id)
    UNION SELECT a.account, x.department, CAST(left(x."start", 10) AS DATE), CAST(left(x."end", 10) AS DATE)
        FROM accounts_text a JOIN shifts_text x USING (staff_id);
CREATE TABLE who AS SELECT a.account, a.kind, a.staff_id, s.role, s.department, s.name, s.address, s.phone,
        s.patient_id AS own, s.manager_id
    FROM accounts_text a LEFT JOIN staff_text s USING (staff_id);
-- One row per account, patient and day with what touched it.
CREATE TABLE touch AS SELECT account, patient_id, day, count(*) AS n FROM ev WHERE patient_id IS NOT NULL GROUP BY ALL;
"""

#: Each relation: account, patient_id, day of the touches that it covers.
RELATIONS = {
    "encounter": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN en x ON x.patient_id = t.patient_id
        AND t.day BETWEEN x.a - {before} AND x.b + {after}
        JOIN belongs b ON b.account = t.account AND b.department = x.department AND t.day BETWEEN b.a AND b.b""",
    "attending": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN who w USING (account) JOIN en x
        ON x.patient_id = t.patient_id AND x.attending_id = w.staff_id AND t.day BETWEEN x.a - {before} AND x.b + {after}""",
    "transfer": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN tr x ON x.patient_id = t.patient_id
        AND t.day BETWEEN x.a - 1 AND x.a + 40
        JOIN belongs b ON b.account = t.account AND b.department = x.to_department AND t.day BETWEEN b.a AND b.b
        JOIN en ON en.patient_id = t.patient_id AND t.day BETWEEN en.a AND en.b + {after}""",
    "order placed": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN who w USING (account) JOIN ord x
        ON x.patient_id = t.patient_id AND x.ordered_by = w.staff_id AND t.day BETWEEN x.a AND x.a + {after}""",
    "order performed": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN ord x ON x.patient_id = t.patient_id
        AND t.day BETWEEN x.a AND x.a + {after}
        JOIN belongs b ON b.account = t.account AND b.department = x.performing_department AND t.day BETWEEN b.a AND b.b""",
    "appointment": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN ap x ON x.patient_id = t.patient_id
        AND t.day BETWEEN x.a - {before} AND x.a + {after} JOIN who w USING (account)
        LEFT JOIN belongs b ON b.account = t.account AND b.department = x.department AND t.day BETWEEN b.a AND b.b
        WHERE b.account IS NOT NULL OR w.staff_id = x.staff_id""",
    "care team": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN who w USING (account) JOIN ct x
        ON x.patient_id = t.patient_id AND x.staff_id = w.staff_id AND t.day BETWEEN x.a - {before} AND x.b + {after}""",
    "work item": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN wi x ON x.patient_id = t.patient_id
        AND t.day BETWEEN x.a AND x.b JOIN who w USING (account)
        LEFT JOIN belongs b ON b.account = t.account AND b.department = x.department AND t.day BETWEEN b.a AND b.b
        WHERE (b.account IS NOT NULL AND x.staff_id IS NULL) OR w.staff_id = x.staff_id OR b.account IS NOT NULL""",
    "front desk": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN belongs b ON b.account = t.account
        AND t.day BETWEEN b.a AND b.b JOIN staff_text s ON s.department = b.department AND s.role = 'registrar'
        WHERE EXISTS (SELECT 1 FROM en x WHERE x.patient_id = t.patient_id AND t.day BETWEEN x.a AND x.b)
        OR EXISTS (SELECT 1 FROM ap x WHERE x.patient_id = t.patient_id AND t.day = x.a)""",
    "ticket": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN ti x ON x.account = t.account
        AND x.kind <> 'research' AND t.day BETWEEN x.a AND x.b""",
    "consent": """SELECT t.account, t.patient_id, t.day FROM touch t JOIN ti x ON x.account = t.account
        AND t.day BETWEEN x.a AND x.b JOIN co ON co.patient_id = t.patient_id
        AND co.recipient = x.ticket_id AND t.day >= co.a""",
    "service": "SELECT t.account, t.patient_id, t.day FROM touch t JOIN who w USING (account) WHERE w.kind = 'service'",
}


def connect(hospital: Hospital, *, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """The exported tables, typed, with `touch` (account, patient_id, day, n) and `tied` (the touches that have a relation)."""
    con = duckdb.connect(config={"threads": threads, "memory_limit": "4GB"})
    for name, table in {**hospital.tables, "events": hospital.events}.items():
        con.register(f"{name}_text", table)
    con.execute(LOAD)
    parts = " UNION ".join(
        f"SELECT *, '{name}' AS relation FROM ({sql.format(before=BEFORE, after=AFTER)})"
        for name, sql in RELATIONS.items()
    )
    con.execute(f"CREATE TABLE ties AS SELECT DISTINCT * FROM ({parts})")
    con.execute(
        "CREATE TABLE tied AS SELECT account, patient_id, day, min(relation) AS relation FROM ties GROUP BY ALL"
    )
    con.register("legitimate", hospital.legitimate)
    con.register("misuse", hospital.misuse)
    return con
