-- name: barred
-- description: Visits that no reason may explain: decoy records, a person's own record, use after employment or enabling
--   ended, and patients who denied this person, account or department treatment or operations (nobody in general).
SELECT u.a AS a, u.p AS p, u.day AS day, max(u.why) AS why
FROM (
  SELECT v.a AS a, v.p AS p, v.day AS day, 'honey' AS why
  FROM visit AS v JOIN patient_dim AS pd ON pd.p = v.p AND pd.honey
  UNION ALL
  SELECT v.a AS a, v.p AS p, v.day AS day, 'own' AS why
  FROM visit AS v
  JOIN account_dim AS ad ON ad.a = v.a AND ad.own_patient IS NOT NULL
  JOIN patient_dim AS pd ON pd.p = v.p AND pd.patient_id = ad.own_patient
  UNION ALL
  SELECT v.a AS a, v.p AS p, v.day AS day, 'ended' AS why
  FROM visit AS v JOIN account_dim AS ad ON ad.a = v.a AND ad.until_day < v.day
  UNION ALL
  SELECT v.a AS a, v.p AS p, v.day AS day, 'denied' AS why
  FROM visit AS v
  JOIN (
    SELECT ad.a AS a, pd.p AS p, c.start_us AS from_us, coalesce(c.end_us, 9000000000000000) AS to_us
    FROM consents AS c
    JOIN patient_dim AS pd ON pd.patient_id = c.patient_id
    JOIN account_dim AS ad ON ad.person = c.recipient OR ad.account = c.recipient OR ad.home = c.recipient
    WHERE c.decision = 'deny' AND c.purpose IN ('treatment', 'operations')
  ) AS deny ON deny.a = v.a AND deny.p = v.p AND deny.from_us <= v.first_us AND deny.to_us > v.last_us
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
