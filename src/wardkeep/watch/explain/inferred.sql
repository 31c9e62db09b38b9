-- name: open_visit
-- description: Visits with events that no documented reason explains and nothing bars. `loud` marks accounts that had
--   more than `batch_day` open records on one day: nothing is learned from them.
WITH open_day AS (
  SELECT r.a AS a, r.p AS p, r.day AS day, CAST(count(*) AS INTEGER) AS n
  FROM residue AS r
  LEFT JOIN moment_reason AS mr ON mr.eid = r.eid
  WHERE mr.eid IS NULL AND r.barred IS NULL
  GROUP BY r.a, r.p, r.day
),
loud AS (
  SELECT DISTINCT u.a AS a FROM (
    SELECT o.a AS a, o.day AS day, count(*) AS patients FROM open_day AS o GROUP BY o.a, o.day
  ) AS u WHERE u.patients > :batch_day
)
SELECT
  o.a AS a, o.p AS p, o.day AS day, o.n AS n, v.opens_us AS opens_us, v.closes_us AS closes_us, v.wrote AS wrote,
  v.took AS took, v.broke AS broke, CASE WHEN l.a IS NULL THEN 0 ELSE 1 END AS loud
FROM open_day AS o
JOIN visit AS v ON v.a = o.a AND v.p = o.p AND v.day = o.day
LEFT JOIN loud AS l ON l.a = o.a

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
-- description: Reads that were closed at once (the source's duration, else the time to the opening of the right record),
--   and the record with a documented reason that the same account opened right after it on that day, where surname or
--   number is alike.
WITH short AS (
  SELECT ov.a AS a, ov.p AS p, ov.day AS day
  FROM open_visit AS ov
  JOIN visit AS v ON v.a = ov.a AND v.p = ov.p AND v.day = ov.day AND v.n <= 2
  JOIN plain_pair AS pp ON pp.a = ov.a AND pp.p = ov.p
  JOIN account_dim AS ad ON ad.a = ov.a AND ad.kind IN ('person', 'shared')
  WHERE ov.wrote = 0 AND ov.took = 0 AND ov.broke = 0
),
alike AS (
  SELECT s.a AS a, s.day AS day, s.p AS p, vr.p AS right_p
  FROM short AS s
  JOIN visit_reason AS vr ON vr.a = s.a AND vr.day = s.day AND vr.p <> s.p
  JOIN patient_dim AS wrong ON wrong.p = s.p
  JOIN patient_dim AS good ON good.p = vr.p
  LEFT JOIN person_facts AS wf ON wf.id = wrong.patient_id AND wf.kind = 'patient'
  LEFT JOIN person_facts AS gf ON gf.id = good.patient_id AND gf.kind = 'patient'
  WHERE (wf.surname <> '' AND wf.surname = gf.surname)
    OR (length(wrong.patient_id) >= 5 AND levenshtein(wrong.patient_id, good.patient_id) <= 1)
)
SELECT r.eid AS eid, r.a AS a, r.day AS day, r.time_us AS time_us, min(t.eid) AS right_eid
FROM alike AS k
JOIN residue AS r ON r.a = k.a AND r.p = k.p AND r.day = k.day AND r.barred IS NULL
JOIN events AS e ON e.eid = r.eid AND e.action = 'read' AND coalesce(e.duration_ms, 0) <= :mistake_open_seconds * 1000
JOIN touch AS t ON t.a = k.a AND t.p = k.right_p AND t.day = k.day
WHERE t.time_us > r.time_us AND t.time_us - r.time_us <= :mistake_follow_seconds * 1000000
  AND (e.duration_ms IS NOT NULL OR t.time_us - r.time_us <= :mistake_open_seconds * 1000000)
GROUP BY r.eid, r.a, r.day, r.time_us

-- name: by_mistake
-- description: Mistaken openings, as many a day and account as `mistakes_a_day`; more on one day explain none of them.
SELECT s.eid AS eid, s.right_eid AS right_eid
FROM slip AS s
JOIN (
  SELECT k.a AS a, k.day AS day, count(*) AS n FROM slip AS k GROUP BY k.a, k.day
) AS c ON c.a = s.a AND c.day = s.day
WHERE c.n <= :mistakes_a_day

-- name: plain_visit
-- description: Open visits that a weak reason may explain: of plain pairs, by known accounts of persons and wards, nothing
--   printed or exported, no emergency override. Technical staff work by ticket: nothing is inferred for them.
SELECT ov.a AS a, ov.p AS p, ov.day AS day, ov.opens_us AS opens_us, ov.closes_us AS closes_us, ov.wrote AS wrote,
  ov.loud AS loud
FROM open_visit AS ov
JOIN plain_pair AS pp ON pp.a = ov.a AND pp.p = ov.p
JOIN account_dim AS ad ON ad.a = ov.a AND ad.kind IN ('person', 'shared')
  AND ad.role NOT IN ('it', 'device_engineer', 'vendor')
WHERE ov.took = 0 AND ov.broke = 0

-- name: under_care
-- description: Which department had a patient under care (encounter or ward, without completion) and from when to when.
SELECT dd.d AS d, sp.p AS p, sp.from_us AS from_us, sp.to_us AS to_us, sp.span_id AS span_id
FROM span AS sp
JOIN department_dim AS dd ON dd.department = sp.key_text
WHERE sp.scope = 'D' AND sp.reason IN ('encounter', 'ward')

-- name: care_day
-- description: For each open visit the departments that had the patient under care on that day, with one row that says so.
SELECT ov.a AS a, ov.p AS p, ov.day AS day, uc.d AS treating, min(uc.span_id) AS span_id
FROM open_visit AS ov
JOIN under_care AS uc ON uc.p = ov.p AND uc.from_us < ov.closes_us AND uc.to_us >= ov.opens_us
GROUP BY ov.a, ov.p, ov.day, uc.d

-- name: by_charting
-- description: Plain visits in which the account itself created or changed an entry of the record while the patient was
--   under care of some department. The first such entry is named.
SELECT w.a AS a, w.p AS p, w.day AS day, min(w.eid) AS entry_eid
FROM (
  SELECT pv.a AS a, pv.p AS p, pv.day AS day, r.eid AS eid
  FROM plain_visit AS pv
  JOIN residue AS r ON r.a = pv.a AND r.p = pv.p AND r.day = pv.day AND r.wrote = 1
  JOIN events AS e ON e.eid = r.eid AND e.action IN ('create', 'update')
  WHERE pv.wrote > 0
) AS w
JOIN (SELECT DISTINCT cd.a AS a, cd.p AS p, cd.day AS day FROM care_day AS cd) AS c
  ON c.a = w.a AND c.p = w.p AND c.day = w.day
GROUP BY w.a, w.p, w.day

-- name: by_follow_up
-- description: Plain visits to a former patient of the account's department: an encounter there that ended not more than
--   `follow_up_days` before.
SELECT pv.a AS a, pv.p AS p, pv.day AS day, max(e.end_us) AS end_us, max(e.src) AS src
FROM plain_visit AS pv
JOIN patient_dim AS pd ON pd.p = pv.p
JOIN membership AS m ON m.a = pv.a AND pv.day >= m.from_day AND pv.day <= m.to_day
JOIN department_dim AS dd ON dd.d = m.d
JOIN encounters AS e ON e.patient_id = pd.patient_id AND e.department = dd.department
  AND e.end_us < pv.closes_us AND e.end_us >= pv.opens_us - :follow_up_days * 86400000000
GROUP BY pv.a, pv.p, pv.day
