-- name: plain_pair
-- description: Open pairs without anything that would make a weak reason unsafe: no private tie, no decoy, no VIP, not
--   long dead.
SELECT op.a AS a, op.p AS p
FROM open_pair AS op
JOIN patient_dim AS pd ON pd.p = op.p AND NOT pd.honey AND pd.sensitivity NOT LIKE '%;vip;%'
LEFT JOIN tie AS ti ON ti.a = op.a AND ti.p = op.p
WHERE coalesce(ti.own + ti.address + ti.phone + ti.contact + ti.contact_name + ti.surname + ti.building
  + ti.coworker + ti.manager, 0) = 0
  AND (pd.died_day IS NULL OR pd.died_day * 86400000000 > op.last_us - :deceased_days * 86400000000)

-- name: slip
-- description: Reads that were closed at once (the source's duration, else the time to the account's next event), and the
--   record with a documented reason that the same account opened right after it, where name or number is alike.
WITH short AS (
  SELECT
    r.eid AS eid, r.a AS a, r.p AS p, r.day AS day, r.time_us AS time_us, e.duration_ms AS duration_ms,
    floor(r.time_us / (:mistake_follow_seconds * 1000000.0)) AS bucket
  FROM residue AS r
  JOIN plain_pair AS pp ON pp.a = r.a AND pp.p = r.p
  JOIN visit AS v ON v.a = r.a AND v.p = r.p AND v.day = r.day AND v.n <= 2 AND v.wrote = 0 AND v.took = 0
    AND v.broke = 0
  JOIN account_dim AS ad ON ad.a = r.a AND ad.kind <> 'service'
  JOIN events AS e ON e.eid = r.eid AND e.action = 'read'
  WHERE r.barred IS NULL AND coalesce(e.duration_ms, 0) <= :mistake_open_seconds * 1000
),
following AS (
  SELECT
    t.eid AS eid, t.a AS a, t.p AS p, t.time_us AS time_us,
    floor(t.time_us / (:mistake_follow_seconds * 1000000.0)) AS bucket
  FROM touch AS t
  JOIN (SELECT DISTINCT s.a AS a FROM short AS s) AS sa ON sa.a = t.a
  JOIN visit_reason AS vr ON vr.a = t.a AND vr.p = t.p AND vr.day = t.day
),
pairs AS (
  SELECT s.eid AS eid, s.a AS a, s.p AS p, s.day AS day, s.time_us AS time_us, s.duration_ms AS duration_ms,
    f.eid AS right_eid, f.p AS right_p, f.time_us AS right_us
  FROM short AS s
  JOIN following AS f ON f.a = s.a AND f.bucket = s.bucket AND f.p <> s.p AND f.time_us > s.time_us
  UNION ALL
  SELECT s.eid AS eid, s.a AS a, s.p AS p, s.day AS day, s.time_us AS time_us, s.duration_ms AS duration_ms,
    f.eid AS right_eid, f.p AS right_p, f.time_us AS right_us
  FROM short AS s
  JOIN following AS f ON f.a = s.a AND f.bucket = s.bucket + 1 AND f.p <> s.p AND f.time_us > s.time_us
)
SELECT w.eid AS eid, w.a AS a, w.day AS day, w.time_us AS time_us, min(w.right_eid) AS right_eid
FROM (
  SELECT q.eid AS eid, q.a AS a, q.day AS day, q.time_us AS time_us, q.right_eid AS right_eid
  FROM pairs AS q
  JOIN patient_dim AS wrong ON wrong.p = q.p
  JOIN patient_dim AS good ON good.p = q.right_p
  LEFT JOIN person_facts AS wf ON wf.id = wrong.patient_id AND wf.kind = 'patient'
  LEFT JOIN person_facts AS gf ON gf.id = good.patient_id AND gf.kind = 'patient'
  WHERE q.right_us - q.time_us <= :mistake_follow_seconds * 1000000
    AND (q.duration_ms IS NOT NULL OR q.right_us - q.time_us <= :mistake_open_seconds * 1000000)
    AND (
      (wf.surname <> '' AND wf.surname = gf.surname)
      OR (length(wrong.patient_id) >= 5 AND levenshtein(wrong.patient_id, good.patient_id) <= 1)
    )
) AS w
GROUP BY w.eid, w.a, w.day, w.time_us

-- name: by_mistake
-- description: Mistaken openings, as many a day and account as `mistakes_a_day`; more on one day explain none of them.
SELECT s.eid AS eid, s.right_eid AS right_eid
FROM slip AS s
JOIN (
  SELECT k.a AS a, k.day AS day, count(*) AS n FROM slip AS k GROUP BY k.a, k.day
) AS c ON c.a = s.a AND c.day = s.day
WHERE c.n <= :mistakes_a_day

-- name: under_care
-- description: Which department had a patient under care (encounter or ward, without completion) and from when to when.
SELECT dd.d AS d, sp.p AS p, sp.from_us AS from_us, sp.to_us AS to_us, sp.span_id AS span_id
FROM span AS sp
JOIN department_dim AS dd ON dd.department = sp.key_text
WHERE sp.scope = 'D' AND sp.reason IN ('encounter', 'ward')

-- name: shared_patient
-- description: Patients under care of one department (treating) whom accounts of another (reading) opened in those days,
--   with how many accounts, and which one where it was only one. Accounts with many open records a day are left out.
WITH loud AS (
  SELECT u.a AS a FROM (
    SELECT r.a AS a, r.day AS day, count(DISTINCT r.p) AS patients FROM residue AS r GROUP BY r.a, r.day
  ) AS u GROUP BY u.a HAVING max(u.patients) > :batch_day
),
home AS (
  SELECT m.a AS a, min(m.d) AS d
  FROM membership AS m
  JOIN account_dim AS ad ON ad.a = m.a AND ad.kind <> 'service'
  LEFT JOIN loud AS l ON l.a = m.a
  WHERE m.source_table <> 'staff_history' AND l.a IS NULL
  GROUP BY m.a
)
SELECT
  h.d AS reading, uc.d AS treating, v.p AS p, count(DISTINCT v.a) AS accounts, min(v.a) AS only_a
FROM visit AS v
JOIN home AS h ON h.a = v.a
JOIN under_care AS uc ON uc.p = v.p AND uc.d <> h.d AND uc.from_us < v.closes_us AND uc.to_us >= v.opens_us
LEFT JOIN barred AS x ON x.a = v.a AND x.p = v.p AND x.day = v.day
WHERE x.a IS NULL
GROUP BY h.d, uc.d, v.p

-- name: treating_size
-- description: Patients whom each department had under care in the judged time, and how many departments there are.
SELECT uc.d AS treating, count(DISTINCT uc.p) AS patients
FROM under_care AS uc GROUP BY uc.d

-- name: shared_care
-- description: Department pairs: patients of `treating` opened by `reading`, the share of its patients that is, and the
--   lift: that share over the mean share of all departments.
WITH pair AS (
  SELECT
    sp.reading AS reading, sp.treating AS treating, count(*) AS patients
  FROM shared_patient AS sp GROUP BY sp.reading, sp.treating
),
width AS (
  SELECT count(DISTINCT m.d) AS departments FROM membership AS m
),
mean AS (
  SELECT pr.treating AS treating, sum(pr.patients) * 1.0 / max(greatest(w.departments - 1, 1)) AS patients
  FROM pair AS pr CROSS JOIN width AS w GROUP BY pr.treating
)
SELECT
  pr.reading AS reading, pr.treating AS treating, pr.patients AS patients, ts.patients AS whole,
  pr.patients * 1.0 / ts.patients AS coverage, pr.patients / m.patients AS lift
FROM pair AS pr
JOIN treating_size AS ts ON ts.treating = pr.treating
JOIN mean AS m ON m.treating = pr.treating

-- name: shared_alone
-- description: For each account, the patients of a department pair whom it alone of its department opened: taken off the
--   support when this account is judged, so that nobody's own openings explain them.
SELECT sp.reading AS reading, sp.treating AS treating, sp.only_a AS a, count(*) AS patients
FROM shared_patient AS sp WHERE sp.accounts = 1
GROUP BY sp.reading, sp.treating, sp.only_a

-- name: shared_accounts
-- description: How many accounts of the reading department opened patients of the treating one.
SELECT h.d AS reading, uc.d AS treating, count(DISTINCT v.a) AS accounts
FROM visit AS v
JOIN (
  SELECT m.a AS a, min(m.d) AS d FROM membership AS m WHERE m.source_table <> 'staff_history' GROUP BY m.a
) AS h ON h.a = v.a
JOIN under_care AS uc ON uc.p = v.p AND uc.d <> h.d AND uc.from_us < v.closes_us AND uc.to_us >= v.opens_us
GROUP BY h.d, uc.d

-- name: open_visit
-- description: Visits with events that no documented reason explains, with the departments that had the patient under
--   care that day.
SELECT DISTINCT r.a AS a, r.p AS p, r.day AS day
FROM residue AS r
LEFT JOIN moment_reason AS mr ON mr.eid = r.eid
WHERE mr.eid IS NULL

-- name: visit_pair
-- description: For each open visit the department pair with the best support without this account.
SELECT
  ov.a AS a, ov.p AS p, ov.day AS day, uc.d AS treating, min(uc.span_id) AS span_id, max(m.d) AS reading,
  max(sc.patients - coalesce(sa.patients, 0)) AS patients,
  max((sc.patients - coalesce(sa.patients, 0)) * 1.0 / sc.whole) AS coverage,
  max(sc.lift * (sc.patients - coalesce(sa.patients, 0)) / sc.patients) AS lift,
  max(ac.accounts - 1) AS accounts
FROM open_visit AS ov
JOIN visit AS v ON v.a = ov.a AND v.p = ov.p AND v.day = ov.day
JOIN membership AS m ON m.a = ov.a AND ov.day >= m.from_day AND ov.day <= m.to_day
JOIN under_care AS uc ON uc.p = ov.p AND uc.from_us < v.closes_us AND uc.to_us >= v.opens_us
LEFT JOIN shared_care AS sc ON sc.reading = m.d AND sc.treating = uc.d
LEFT JOIN shared_alone AS sa ON sa.reading = m.d AND sa.treating = uc.d AND sa.a = ov.a
LEFT JOIN shared_accounts AS ac ON ac.reading = m.d AND ac.treating = uc.d
GROUP BY ov.a, ov.p, ov.day, uc.d

-- name: by_learning
-- description: Open visits of plain pairs whose department often shares the care of such patients.
SELECT
  f.a AS a, f.p AS p, f.day AS day, min(f.span_id) AS span_id, max(f.patients) AS patients,
  max(f.accounts) AS accounts, max(f.lift) AS lift, max(f.coverage) AS coverage
FROM visit_pair AS f
JOIN plain_pair AS pp ON pp.a = f.a AND pp.p = f.p
JOIN visit AS v ON v.a = f.a AND v.p = f.p AND v.day = f.day AND v.broke = 0 AND v.took = 0
LEFT JOIN barred AS x ON x.a = f.a AND x.p = f.p AND x.day = f.day
WHERE x.a IS NULL
  AND f.patients >= :learned_patients AND f.accounts >= :learned_accounts
  AND f.lift >= :learned_lift AND f.coverage >= :learned_coverage
GROUP BY f.a, f.p, f.day
