-- name: denial
-- description: Whom a patient denied treatment or operations, by account: the person, the account, or everyone of a
--   department for as long as they belong to it.
SELECT ad.a AS a, pd.p AS p, c.start_us AS from_us, coalesce(c.end_us, 9000000000000000) AS to_us, -9999999 AS from_day,
  9999999 AS to_day
FROM consents AS c
JOIN patient_dim AS pd ON pd.patient_id = c.patient_id
JOIN account_dim AS ad ON ad.person = c.recipient OR ad.login = c.recipient
WHERE c.decision = 'deny' AND c.purpose IN ('treatment', 'operations')
UNION ALL
SELECT m.a AS a, pd.p AS p, c.start_us AS from_us, coalesce(c.end_us, 9000000000000000) AS to_us, m.from_day AS from_day,
  m.to_day AS to_day
FROM consents AS c
JOIN patient_dim AS pd ON pd.patient_id = c.patient_id
JOIN department_dim AS dd ON dd.department = c.recipient
JOIN membership AS m ON m.d = dd.d
WHERE c.decision = 'deny' AND c.purpose IN ('treatment', 'operations')

-- name: barred
-- description: Visits that no reason of the patient's care may explain, and why; of several the gravest: the person's
--   `own` record, a decoy (`honey`), a patient who `denied` this person, account or department treatment or operations at
--   that time (a denial that names nobody bars nobody), use after employment or enabling `ended`.
SELECT u.a AS a, u.p AS p, u.day AS day,
  CASE min(u.grade) WHEN 1 THEN 'own' WHEN 2 THEN 'honey' WHEN 3 THEN 'denied' ELSE 'ended' END AS why
FROM (
  SELECT v1.a AS a, v1.p AS p, v1.day AS day, 1 AS grade
  FROM visit AS v1
  JOIN account_dim AS ad1 ON ad1.a = v1.a
  JOIN own_number AS ow1 ON ow1.staff_id = ad1.person
  JOIN patient_dim AS pd1 ON pd1.p = v1.p AND pd1.patient_id = ow1.patient_id
  UNION ALL
  SELECT v2.a AS a, v2.p AS p, v2.day AS day, 2 AS grade
  FROM visit AS v2 JOIN patient_dim AS pd2 ON pd2.p = v2.p AND pd2.honey
  UNION ALL
  SELECT v3.a AS a, v3.p AS p, v3.day AS day, 3 AS grade
  FROM visit AS v3
  JOIN denial AS deny ON deny.a = v3.a AND deny.p = v3.p AND deny.from_us <= v3.last_us AND deny.to_us > v3.first_us
    AND v3.day >= deny.from_day AND v3.day <= deny.to_day
  UNION ALL
  SELECT v4.a AS a, v4.p AS p, v4.day AS day, 4 AS grade
  FROM visit AS v4 JOIN account_dim AS ad4 ON ad4.a = v4.a AND ad4.until_day < v4.day
) AS u
GROUP BY u.a, u.p, u.day

-- name: visit_reason
-- description: The best reason that holds on the whole local day of a visit: `choice` is preference * 1e11 + span_id, the
--   smallest wins.
WITH found AS (
  SELECT v.a AS a, v.p AS p, v.day AS day, s.choice AS choice
  FROM visit AS v
  JOIN membership AS m ON m.a = v.a AND v.day >= m.from_day AND v.day <= m.to_day
  JOIN span_department AS s ON s.d = m.d AND s.p = v.p AND s.from_us < v.closes_us AND s.to_us >= v.opens_us
  UNION ALL
  SELECT v.a AS a, v.p AS p, v.day AS day, s.choice AS choice
  FROM visit AS v
  JOIN span_account AS s ON s.a = v.a AND s.p = v.p AND s.from_us < v.closes_us AND s.to_us >= v.opens_us
  UNION ALL
  SELECT v.a AS a, v.p AS p, v.day AS day, s.choice AS choice
  FROM visit AS v
  JOIN desk AS k ON k.a = v.a
  JOIN span_desk AS s ON s.p = v.p AND s.from_us < v.closes_us AND s.to_us >= v.opens_us
),
best AS (
  SELECT f.a AS a, f.p AS p, f.day AS day, min(f.choice) AS choice
  FROM found AS f
  GROUP BY f.a, f.p, f.day
)
SELECT b.a AS a, b.p AS p, b.day AS day, b.choice AS choice
FROM best AS b
LEFT JOIN barred AS x ON x.a = b.a AND x.p = b.p AND x.day = b.day
WHERE x.a IS NULL

-- name: residue
-- description: Events of visits without a reason of the whole day (decoy and own records stay in): judged one by one.
SELECT
  t.eid AS eid, t.a AS a, t.p AS p, t.day AS day, t.time_us AS time_us, t.offset_us AS offset_us, t.wrote AS wrote,
  t.took AS took, t.broke AS broke, t.s AS s, x.why AS barred
FROM touch AS t
LEFT JOIN visit_reason AS vr ON vr.a = t.a AND vr.p = t.p AND vr.day = t.day
LEFT JOIN barred AS x ON x.a = t.a AND x.p = t.p AND x.day = t.day
WHERE vr.a IS NULL
