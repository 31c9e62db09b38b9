-- name: stay
-- description: Where a patient lay, from transfers: one row per arrival, until the next transfer or the end of the
--   encounter around it (14 days where neither is known); `left_by` says which.
WITH times AS (
  SELECT
    d.patient_id AS patient_id, d.time_us AS time_us,
    lead(d.time_us) OVER (PARTITION BY d.patient_id ORDER BY d.time_us) AS next_us,
    lag(d.time_us) OVER (PARTITION BY d.patient_id ORDER BY d.time_us) AS previous_us
  FROM (SELECT DISTINCT x.patient_id AS patient_id, x.time_us AS time_us FROM transfers AS x) AS d
),
moves AS (
  SELECT
    t.patient_id AS patient_id, t.from_department AS from_department, t.to_department AS to_department,
    t.time_us AS time_us, t.recorded_at_us AS recorded_us, t.src AS src, n.next_us AS next_us,
    n.previous_us AS previous_us
  FROM transfers AS t
  JOIN times AS n ON n.patient_id = t.patient_id AND n.time_us = t.time_us
),
around AS (
  SELECT
    m.patient_id AS patient_id, m.time_us AS time_us, m.src AS src,
    max(coalesce(e.end_us, 9000000000000000)) AS end_us, min(e.start_us) AS start_us
  FROM moves AS m
  JOIN encounters AS e ON e.patient_id = m.patient_id
    AND e.start_us <= m.time_us + 86400000000
    AND coalesce(e.end_us, 9000000000000000) >= m.time_us - 86400000000
  WHERE coalesce(e.kind, 'inpatient') IN ('inpatient', 'emergency')
  GROUP BY m.patient_id, m.time_us, m.src
)
SELECT
  m.patient_id AS patient_id, m.from_department AS from_department, m.to_department AS to_department,
  m.time_us AS time_us, m.recorded_us AS recorded_us, m.src AS src,
  greatest(coalesce(m.previous_us, -9000000000000000), coalesce(a.start_us, m.time_us - 86400000000)) AS before_us,
  CASE
    WHEN m.next_us IS NULL THEN coalesce(a.end_us, m.time_us + 14 * 86400000000)
    WHEN a.end_us IS NULL THEN least(m.next_us, m.time_us + 14 * 86400000000)
    ELSE least(m.next_us, a.end_us)
  END AS until_us
FROM moves AS m
LEFT JOIN around AS a ON a.patient_id = m.patient_id AND a.time_us = m.time_us AND a.src = m.src

-- name: span
-- description: Every row of the hospital that lets someone open a patient's record, as an interval [from_us, to_us] with
--   its margins: for one person (`scope` P, key = staff number), a department (D) or the registrars (R). `span_id` is the
--   kind of interval times 1e9 plus the place of the row in its table.
WITH visits_booked AS (
  SELECT row_number() OVER (ORDER BY x.src, x.time_us, x.patient_id) AS n, pd.p AS p, x.department AS department,
    x.staff_id AS staff_id, x.time_us AS time_us, x.src AS src
  FROM appointments AS x JOIN patient_dim AS pd ON pd.patient_id = x.patient_id
),
stays AS (
  SELECT row_number() OVER (ORDER BY x.src, x.start_us, x.patient_id) AS n, pd.p AS p, x.department AS department,
    x.kind AS kind, x.attending_id AS attending_id, x.start_us AS start_us, x.end_us AS end_us,
    coalesce(x.end_us, 9000000000000000) AS until_us, x.recorded_at_us AS recorded_us, x.src AS src
  FROM encounters AS x JOIN patient_dim AS pd ON pd.patient_id = x.patient_id
),
members AS (
  SELECT row_number() OVER (ORDER BY x.src, x.start_us, x.patient_id) AS n, pd.p AS p, x.staff_id AS staff_id,
    x.start_us AS start_us, x.end_us AS end_us, x.recorded_at_us AS recorded_us, x.src AS src
  FROM care_team AS x JOIN patient_dim AS pd ON pd.patient_id = x.patient_id
),
asked AS (
  SELECT row_number() OVER (ORDER BY x.src, x.time_us, x.patient_id) AS n, pd.p AS p, x.ordered_by AS ordered_by,
    x.kind AS kind, x.performing_department AS department, x.time_us AS time_us, x.recorded_at_us AS recorded_us,
    x.src AS src
  FROM orders AS x JOIN patient_dim AS pd ON pd.patient_id = x.patient_id
),
work AS (
  SELECT row_number() OVER (ORDER BY x.src, x.start_us, x.patient_id) AS n, pd.p AS p, x.staff_id AS staff_id,
    x.department AS department, x.start_us - :work_before_days * 86400000000 AS from_us,
    coalesce(x.end_us + :work_after_days * 86400000000, 9000000000000000) AS to_us, x.recorded_at_us AS recorded_us,
    x.src AS src
  FROM work_items AS x JOIN patient_dim AS pd ON pd.patient_id = x.patient_id
),
moved AS (
  SELECT row_number() OVER (ORDER BY x.src, x.time_us, x.patient_id) AS n, pd.p AS p,
    x.from_department AS from_department, x.to_department AS to_department, x.time_us AS time_us,
    x.before_us AS before_us, x.until_us AS until_us, x.recorded_us AS recorded_us, x.src AS src
  FROM stay AS x JOIN patient_dim AS pd ON pd.patient_id = x.patient_id
)
SELECT
  CAST(u.branch AS BIGINT) * 1000000000 + u.n AS span_id, u.reason AS reason, u.preference AS preference, u.scope AS scope,
  u.key_text AS key_text, u.p AS p, u.from_us AS from_us, u.to_us AS to_us, u.recorded_us AS recorded_us,
  u.source_table AS source_table, u.src AS src
FROM (
  SELECT
    1 AS branch, w.n AS n, 'appointment' AS reason, 1 AS preference, 'P' AS scope, w.staff_id AS key_text, w.p AS p,
    w.time_us - :person_before_days * 86400000000 AS from_us,
    w.time_us + :person_after_days * 86400000000 AS to_us,
    CAST(NULL AS BIGINT) AS recorded_us, 'appointments' AS source_table, w.src AS src
  FROM visits_booked AS w
  WHERE w.staff_id IS NOT NULL
  UNION ALL
  SELECT
    2 AS branch, w.n AS n, 'attending' AS reason, 2 AS preference, 'P' AS scope, w.attending_id AS key_text, w.p AS p,
    w.start_us - :person_before_days * 86400000000 AS from_us,
    coalesce(w.end_us + :person_after_days * 86400000000, w.until_us) AS to_us,
    w.recorded_us AS recorded_us, 'encounters' AS source_table, w.src AS src
  FROM stays AS w
  WHERE w.attending_id IS NOT NULL
  UNION ALL
  SELECT
    3 AS branch, w.n AS n, 'care_team' AS reason, 3 AS preference, 'P' AS scope, w.staff_id AS key_text, w.p AS p,
    w.start_us - :person_before_days * 86400000000 AS from_us,
    coalesce(w.end_us + :person_after_days * 86400000000, 9000000000000000) AS to_us,
    w.recorded_us AS recorded_us, 'care_team' AS source_table, w.src AS src
  FROM members AS w
  UNION ALL
  SELECT
    4 AS branch, w.n AS n, 'order_placed' AS reason, 4 AS preference, 'P' AS scope, w.ordered_by AS key_text, w.p AS p,
    w.time_us - :order_before_days * 86400000000 AS from_us,
    w.time_us + :order_before_days * 86400000000 AS to_us,
    w.recorded_us AS recorded_us, 'orders' AS source_table, w.src AS src
  FROM asked AS w
  WHERE w.ordered_by IS NOT NULL
  UNION ALL
  SELECT
    5 AS branch, w.n AS n, 'result' AS reason, 5 AS preference, 'P' AS scope, w.ordered_by AS key_text, w.p AS p,
    w.time_us AS from_us,
    w.time_us + :result_days * 86400000000 AS to_us,
    w.recorded_us AS recorded_us, 'orders' AS source_table, w.src AS src
  FROM asked AS w
  WHERE w.ordered_by IS NOT NULL
  UNION ALL
  SELECT
    6 AS branch, w.n AS n, 'work_item' AS reason, 6 AS preference, 'P' AS scope, w.staff_id AS key_text, w.p AS p,
    w.from_us AS from_us,
    w.to_us AS to_us,
    w.recorded_us AS recorded_us, 'work_items' AS source_table, w.src AS src
  FROM work AS w
  WHERE w.staff_id IS NOT NULL
  UNION ALL
  SELECT
    7 AS branch, w.n AS n, 'work_item' AS reason, 6 AS preference, 'D' AS scope, w.department AS key_text, w.p AS p,
    w.from_us AS from_us,
    w.to_us AS to_us,
    w.recorded_us AS recorded_us, 'work_items' AS source_table, w.src AS src
  FROM work AS w
  WHERE w.department IS NOT NULL
  UNION ALL
  SELECT
    8 AS branch, w.n AS n, 'encounter' AS reason, 7 AS preference, 'D' AS scope, w.department AS key_text, w.p AS p,
    w.start_us - CASE WHEN w.kind = 'emergency' THEN 0 ELSE :encounter_before_days * 86400000000 END AS from_us,
    w.until_us AS to_us,
    w.recorded_us AS recorded_us, 'encounters' AS source_table, w.src AS src
  FROM stays AS w
  WHERE w.department IS NOT NULL
  UNION ALL
  SELECT
    9 AS branch, w.n AS n, 'ward' AS reason, 8 AS preference, 'D' AS scope, w.to_department AS key_text, w.p AS p,
    w.time_us AS from_us,
    w.until_us AS to_us,
    w.recorded_us AS recorded_us, 'transfers' AS source_table, w.src AS src
  FROM moved AS w
  UNION ALL
  SELECT
    10 AS branch, w.n AS n, 'ward' AS reason, 8 AS preference, 'D' AS scope, w.from_department AS key_text, w.p AS p,
    w.before_us AS from_us,
    w.time_us AS to_us,
    w.recorded_us AS recorded_us, 'transfers' AS source_table, w.src AS src
  FROM moved AS w
  WHERE w.from_department IS NOT NULL
  UNION ALL
  SELECT
    11 AS branch, w.n AS n, 'clinic' AS reason, 10 AS preference, 'D' AS scope, w.department AS key_text, w.p AS p,
    w.time_us - :appointment_before_days * 86400000000 AS from_us,
    w.time_us + :appointment_after_days * 86400000000 AS to_us,
    CAST(NULL AS BIGINT) AS recorded_us, 'appointments' AS source_table, w.src AS src
  FROM visits_booked AS w
  WHERE w.department IS NOT NULL
  UNION ALL
  SELECT
    12 AS branch, w.n AS n, 'transfer' AS reason, 9 AS preference, 'D' AS scope, w.to_department AS key_text, w.p AS p,
    w.time_us - :transfer_before_hours * 3600000000 AS from_us,
    w.time_us AS to_us,
    w.recorded_us AS recorded_us, 'transfers' AS source_table, w.src AS src
  FROM moved AS w
  UNION ALL
  SELECT
    13 AS branch, w.n AS n, 'transfer' AS reason, 9 AS preference, 'D' AS scope, w.from_department AS key_text, w.p AS p,
    w.time_us AS from_us,
    w.time_us + :transfer_after_days * 86400000000 AS to_us,
    w.recorded_us AS recorded_us, 'transfers' AS source_table, w.src AS src
  FROM moved AS w
  WHERE w.from_department IS NOT NULL
  UNION ALL
  SELECT
    14 AS branch, w.n AS n, 'consult' AS reason, 11 AS preference, 'D' AS scope, w.department AS key_text, w.p AS p,
    w.time_us AS from_us,
    w.time_us + :perform_planned_days * 86400000000 AS to_us,
    w.recorded_us AS recorded_us, 'orders' AS source_table, w.src AS src
  FROM asked AS w
  WHERE w.department IS NOT NULL AND w.kind = 'consult'
  UNION ALL
  SELECT
    15 AS branch, w.n AS n, 'order_performed' AS reason, 12 AS preference, 'D' AS scope, w.department AS key_text, w.p AS p,
    w.time_us AS from_us,
    w.time_us + 86400000000 * CASE
      WHEN w.kind IN ('imaging', 'procedure') THEN :perform_planned_days ELSE :perform_days
    END AS to_us,
    w.recorded_us AS recorded_us, 'orders' AS source_table, w.src AS src
  FROM asked AS w
  WHERE w.department IS NOT NULL AND coalesce(w.kind, '') <> 'consult'
  UNION ALL
  SELECT
    16 AS branch, w.n AS n, 'completion' AS reason, 13 AS preference, 'D' AS scope, w.department AS key_text, w.p AS p,
    w.end_us AS from_us,
    w.end_us + :completion_days * 86400000000 AS to_us,
    w.recorded_us AS recorded_us, 'encounters' AS source_table, w.src AS src
  FROM stays AS w
  WHERE w.department IS NOT NULL AND w.end_us IS NOT NULL
  UNION ALL
  SELECT
    17 AS branch, w.n AS n, 'completion' AS reason, 13 AS preference, 'D' AS scope, w.to_department AS key_text, w.p AS p,
    w.until_us AS from_us,
    w.until_us + :completion_days * 86400000000 AS to_us,
    w.recorded_us AS recorded_us, 'transfers' AS source_table, w.src AS src
  FROM moved AS w
  WHERE w.until_us < 9000000000000000
  UNION ALL
  SELECT
    18 AS branch, w.n AS n, 'front_desk' AS reason, 14 AS preference, 'R' AS scope, 'registrar' AS key_text, w.p AS p,
    w.time_us AS from_us,
    w.time_us AS to_us,
    CAST(NULL AS BIGINT) AS recorded_us, 'appointments' AS source_table, w.src AS src
  FROM visits_booked AS w
  UNION ALL
  SELECT
    19 AS branch, w.n AS n, 'front_desk' AS reason, 14 AS preference, 'R' AS scope, 'registrar' AS key_text, w.p AS p,
    w.start_us AS from_us,
    w.until_us AS to_us,
    w.recorded_us AS recorded_us, 'encounters' AS source_table, w.src AS src
  FROM stays AS w
) AS u
WHERE u.to_us >= :from_us - (:learned_days + 2) * 86400000000 AND u.from_us <= :to_us + 86400000000

-- name: span_account
-- description: Intervals for one person, by numbered account.
SELECT
  ad.a AS a, sp.p AS p, sp.from_us AS from_us, sp.to_us AS to_us,
  sp.preference * 100000000000 + sp.span_id AS choice
FROM span AS sp
JOIN account_dim AS ad ON ad.person = sp.key_text
WHERE sp.scope = 'P'

-- name: span_department
-- description: Intervals for a department, by its number.
SELECT
  dd.d AS d, sp.p AS p, sp.from_us AS from_us, sp.to_us AS to_us,
  sp.preference * 100000000000 + sp.span_id AS choice
FROM span AS sp
JOIN department_dim AS dd ON dd.department = sp.key_text
WHERE sp.scope = 'D'

-- name: span_desk
-- description: Intervals for the registrars.
SELECT
  sp.p AS p, sp.from_us AS from_us, sp.to_us AS to_us, sp.preference * 100000000000 + sp.span_id AS choice
FROM span AS sp
WHERE sp.scope = 'R'
