-- name: stay
-- description: Where a patient lay, from transfers: one row per arrival, until the next transfer or the end of the
--   encounter around it (14 days where neither is known); `left_by` says which.
WITH moves AS (
  SELECT
    t.patient_id AS patient_id, t.from_department AS from_department, t.to_department AS to_department,
    t.time_us AS time_us, t.recorded_at_us AS recorded_us, t.src AS src,
    lead(t.time_us) OVER (PARTITION BY t.patient_id ORDER BY t.time_us, t.src) AS next_us,
    lag(t.time_us) OVER (PARTITION BY t.patient_id ORDER BY t.time_us, t.src) AS previous_us
  FROM transfers AS t
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
--   its margins: for one person (`scope` P, key = staff number), a department (D) or the registrars (R).
SELECT
  row_number() OVER (
    ORDER BY u.reason, u.source_table, u.src, u.patient_id, u.scope, u.key_text, u.from_us, u.to_us
  ) AS span_id,
  u.reason AS reason, u.preference AS preference, u.scope AS scope, u.key_text AS key_text, pd.p AS p,
  u.from_us AS from_us, u.to_us AS to_us, u.recorded_us AS recorded_us, u.source_table AS source_table, u.src AS src
FROM (
  SELECT
    'appointment' AS reason, 1 AS preference, 'P' AS scope, ap.staff_id AS key_text, ap.patient_id AS patient_id,
    ap.time_us - :person_before_days * 86400000000 AS from_us,
    ap.time_us + :person_after_days * 86400000000 AS to_us,
    CAST(NULL AS BIGINT) AS recorded_us, 'appointments' AS source_table, ap.src AS src
  FROM appointments AS ap WHERE ap.staff_id IS NOT NULL
  UNION ALL
  SELECT
    'clinic', 9, 'D', ap.department, ap.patient_id,
    ap.time_us - :appointment_before_days * 86400000000, ap.time_us + :appointment_after_days * 86400000000,
    CAST(NULL AS BIGINT), 'appointments', ap.src
  FROM appointments AS ap WHERE ap.department IS NOT NULL
  UNION ALL
  SELECT
    'front_desk', 14, 'R', 'registrar', ap.patient_id, ap.time_us, ap.time_us,
    CAST(NULL AS BIGINT), 'appointments', ap.src
  FROM appointments AS ap
  UNION ALL
  SELECT
    'front_desk', 14, 'R', 'registrar', e.patient_id, e.start_us, coalesce(e.end_us, 9000000000000000),
    e.recorded_at_us, 'encounters', e.src
  FROM encounters AS e
  UNION ALL
  SELECT
    'attending', 2, 'P', e.attending_id, e.patient_id, e.start_us - :person_before_days * 86400000000,
    coalesce(e.end_us + :person_after_days * 86400000000, 9000000000000000),
    e.recorded_at_us, 'encounters', e.src
  FROM encounters AS e WHERE e.attending_id IS NOT NULL
  UNION ALL
  SELECT
    'encounter', 7, 'D', e.department, e.patient_id,
    e.start_us - CASE WHEN e.kind = 'emergency' THEN 0 ELSE :encounter_before_days * 86400000000 END,
    coalesce(e.end_us, 9000000000000000), e.recorded_at_us, 'encounters', e.src
  FROM encounters AS e WHERE e.department IS NOT NULL
  UNION ALL
  SELECT
    'completion', 13, 'D', e.department, e.patient_id, e.end_us, e.end_us + :completion_days * 86400000000,
    e.recorded_at_us, 'encounters', e.src
  FROM encounters AS e WHERE e.department IS NOT NULL AND e.end_us IS NOT NULL
  UNION ALL
  SELECT
    'care_team', 3, 'P', ct.staff_id, ct.patient_id, ct.start_us - :person_before_days * 86400000000,
    coalesce(ct.end_us + :person_after_days * 86400000000, 9000000000000000),
    ct.recorded_at_us, 'care_team', ct.src
  FROM care_team AS ct
  UNION ALL
  SELECT
    'order_placed', 4, 'P', o.ordered_by, o.patient_id, o.time_us - :order_before_days * 86400000000,
    o.time_us + :order_before_days * 86400000000, o.recorded_at_us, 'orders', o.src
  FROM orders AS o WHERE o.ordered_by IS NOT NULL
  UNION ALL
  SELECT
    'result', 5, 'P', o.ordered_by, o.patient_id, o.time_us, o.time_us + :result_days * 86400000000,
    o.recorded_at_us, 'orders', o.src
  FROM orders AS o WHERE o.ordered_by IS NOT NULL
  UNION ALL
  SELECT
    CASE WHEN o.kind = 'consult' THEN 'consult' ELSE 'order_performed' END,
    CASE WHEN o.kind = 'consult' THEN 11 ELSE 12 END, 'D', o.performing_department, o.patient_id, o.time_us,
    o.time_us + 86400000000 * CASE
      WHEN o.kind IN ('imaging', 'procedure', 'consult') THEN :perform_planned_days ELSE :perform_days
    END,
    o.recorded_at_us, 'orders', o.src
  FROM orders AS o WHERE o.performing_department IS NOT NULL
  UNION ALL
  SELECT
    'work_item', 6, 'P', w.staff_id, w.patient_id, w.start_us - :work_before_days * 86400000000,
    coalesce(w.end_us + :work_after_days * 86400000000, 9000000000000000), w.recorded_at_us, 'work_items', w.src
  FROM work_items AS w WHERE w.staff_id IS NOT NULL
  UNION ALL
  SELECT
    'work_item', 6, 'D', w.department, w.patient_id, w.start_us - :work_before_days * 86400000000,
    coalesce(w.end_us + :work_after_days * 86400000000, 9000000000000000), w.recorded_at_us, 'work_items', w.src
  FROM work_items AS w WHERE w.department IS NOT NULL
  UNION ALL
  SELECT
    'ward', 8, 'D', s.to_department, s.patient_id, s.time_us, s.until_us, s.recorded_us, 'transfers', s.src
  FROM stay AS s
  UNION ALL
  SELECT
    'ward', 8, 'D', s.from_department, s.patient_id, s.before_us, s.time_us, s.recorded_us, 'transfers', s.src
  FROM stay AS s WHERE s.from_department IS NOT NULL
  UNION ALL
  SELECT
    'transfer', 10, 'D', s.to_department, s.patient_id, s.time_us - :transfer_before_hours * 3600000000, s.time_us,
    s.recorded_us, 'transfers', s.src
  FROM stay AS s
  UNION ALL
  SELECT
    'transfer', 10, 'D', s.from_department, s.patient_id, s.time_us,
    s.time_us + :transfer_after_days * 86400000000, s.recorded_us, 'transfers', s.src
  FROM stay AS s WHERE s.from_department IS NOT NULL
  UNION ALL
  SELECT
    'completion', 13, 'D', s.to_department, s.patient_id, s.until_us,
    s.until_us + :completion_days * 86400000000, s.recorded_us, 'transfers', s.src
  FROM stay AS s
) AS u
JOIN patient_dim AS pd ON pd.patient_id = u.patient_id
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
