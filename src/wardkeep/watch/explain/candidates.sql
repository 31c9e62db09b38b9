-- name: claim_touch
-- description: Touches that one of several people made, once for each of them: numbered anew, as that person's.
SELECT
  row_number() OVER (ORDER BY t.eid, c.person) AS eid, t.eid AS of_eid, ad.a AS a, pd.p AS p, e.day AS day,
  e.time_us AS time_us, e.local_us - e.time_us AS offset_us, sd.s AS s,
  CAST(CASE WHEN e.action IN ('create', 'update', 'delete') THEN 1 ELSE 0 END AS TINYINT) AS wrote,
  CAST(CASE WHEN e.action IN ('print', 'export') THEN 1 ELSE 0 END AS TINYINT) AS took,
  CAST(CASE WHEN e.breakglass THEN 1 ELSE 0 END AS TINYINT) AS broke
FROM attribution AS t
JOIN claim AS c ON c.eid = t.eid
JOIN account_dim AS ad ON ad.login = t.account AND ad.person = c.person AND ad.a <> ad.base
JOIN events AS e ON e.eid = t.eid
JOIN patient_dim AS pd ON pd.patient_id = e.patient_id
JOIN system_dim AS sd ON sd.system = e.system
WHERE t.state = 'several'

-- name: claim_reason
-- description: Of each of these the best documented reason of that person, where there is one.
SELECT
  ct.eid AS eid, ct.of_eid AS of_eid, coalesce(sp.reason, m.reason) AS reason,
  coalesce(sp.preference, m.preference) AS preference, coalesce(sp.source_table, m.source_table) AS source_table,
  coalesce(sp.src, m.source_id) AS source_id, coalesce(sp.recorded_us, m.recorded_us) AS recorded_us
FROM claim_touch AS ct
LEFT JOIN claim_visit_reason AS vr ON vr.a = ct.a AND vr.p = ct.p AND vr.day = ct.day
LEFT JOIN span AS sp ON sp.span_id = vr.choice % 100000000000
LEFT JOIN claim_moment_reason AS m ON m.eid = ct.eid

-- name: agreed
-- description: Touches for which each of the several people has a documented reason: whoever it was, it was due. The best of
--   these reasons stands for all; `support` says for how many.
SELECT
  x.of_eid AS eid, x.reason AS reason, x.preference AS preference, x.source_table AS source_table,
  x.source_id AS source_id, x.recorded_us AS recorded_us, concat('candidates:', CAST(x.people AS VARCHAR)) AS support
FROM (
  SELECT
    r.of_eid AS of_eid, r.reason AS reason, r.preference AS preference, r.source_table AS source_table,
    r.source_id AS source_id, r.recorded_us AS recorded_us, count(*) OVER (PARTITION BY r.of_eid) AS people,
    count(r.reason) OVER (PARTITION BY r.of_eid) AS due,
    row_number() OVER (PARTITION BY r.of_eid ORDER BY r.preference, r.eid) AS place
  FROM claim_reason AS r
) AS x
WHERE x.people = x.due AND x.place = 1

-- name: acted
-- description: Uses that are judged as a person's, where one is named; as nobody's, where one of several people had no
--   reason. All others stay with their account.
SELECT t.eid AS eid, ad.a AS a
FROM attribution AS t
JOIN account_dim AS ad ON ad.login = t.account AND ad.person = t.person AND ad.a <> ad.base
WHERE t.state = 'named'
UNION ALL
SELECT u.eid AS eid, ad.a AS a
FROM (
  SELECT r.of_eid AS eid FROM claim_reason AS r GROUP BY r.of_eid HAVING count(r.reason) < count(*)
) AS u
JOIN attribution AS t ON t.eid = u.eid
JOIN account_dim AS ad ON ad.login = t.account AND ad.person IS NULL AND ad.a <> ad.base
