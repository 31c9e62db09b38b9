-- name: patient_dim
-- description: Every patient that occurs in events, numbered.
WITH seen AS (SELECT DISTINCT e.patient_id AS patient_id FROM events AS e WHERE e.patient_id IS NOT NULL)
SELECT
  CAST(row_number() OVER (ORDER BY seen.patient_id) AS INTEGER) AS p,
  seen.patient_id AS patient_id,
  coalesce(x.honey, FALSE) AS honey,
  coalesce(x.sensitivity, '') AS sensitivity,
  x.died_on_day AS died_day,
  CASE WHEN x.patient_id IS NULL THEN FALSE ELSE TRUE END AS known
FROM seen
LEFT JOIN (
  SELECT
    y.patient_id AS patient_id, bool_or(coalesce(y.honey, FALSE)) AS honey, max(y.sensitivity) AS sensitivity,
    max(y.died_on_day) AS died_on_day
  FROM patients AS y GROUP BY y.patient_id
) AS x ON x.patient_id = seen.patient_id

-- name: system_dim
-- description: The systems that events come from, numbered.
SELECT CAST(row_number() OVER (ORDER BY u.system) AS SMALLINT) AS s, u.system AS system
FROM (SELECT DISTINCT e.system AS system FROM events AS e) AS u

-- name: touch
-- description: Events that reached a patient's record (success), with numbered account and patient. What was denied or
--   failed touched nothing.
SELECT
  e.eid AS eid, ad.a AS a, pd.p AS p, e.day AS day, e.time_us AS time_us,
  e.local_us - e.time_us AS offset_us, sd.s AS s,
  CAST(CASE WHEN e.action IN ('create', 'update', 'delete') THEN 1 ELSE 0 END AS TINYINT) AS wrote,
  CAST(CASE WHEN e.action IN ('print', 'export') THEN 1 ELSE 0 END AS TINYINT) AS took,
  CAST(CASE WHEN e.breakglass THEN 1 ELSE 0 END AS TINYINT) AS broke
FROM events AS e
JOIN account_dim AS ad ON ad.account = e.account
JOIN patient_dim AS pd ON pd.patient_id = e.patient_id
JOIN system_dim AS sd ON sd.system = e.system
WHERE e.outcome = 'success' AND e.action NOT IN ('login', 'logout') AND e.time_us < :to_us

-- name: touch_acted
-- description: The same, each use of an account of several people with the number under which it is judged.
SELECT
  t.eid AS eid, coalesce(ac.a, t.a) AS a, t.p AS p, t.day AS day, t.time_us AS time_us, t.offset_us AS offset_us,
  t.s AS s, t.wrote AS wrote, t.took AS took, t.broke AS broke
FROM touch_logged AS t
LEFT JOIN acted AS ac ON ac.eid = t.eid

-- name: visit
-- description: One row per account, patient and local day: what most reasons are judged on. `opens_us` and `closes_us`
--   bound the local day in UTC; `judged` are the events of the judged time.
SELECT
  g.a AS a, g.p AS p, g.day AS day, g.n AS n, g.first_us AS first_us, g.last_us AS last_us,
  g.wrote AS wrote, g.took AS took, g.broke AS broke, g.judged AS judged,
  g.day * 86400000000 - g.offset_us AS opens_us,
  (g.day + 1) * 86400000000 - g.offset_us AS closes_us
FROM (
  SELECT
    t.a AS a, t.p AS p, t.day AS day, CAST(count(*) AS INTEGER) AS n, min(t.time_us) AS first_us,
    max(t.time_us) AS last_us, CAST(sum(t.wrote) AS INTEGER) AS wrote, CAST(sum(t.took) AS INTEGER) AS took,
    CAST(sum(t.broke) AS INTEGER) AS broke, min(t.offset_us) AS offset_us,
    CAST(sum(CASE WHEN t.time_us >= :from_us THEN 1 ELSE 0 END) AS INTEGER) AS judged
  FROM touch AS t
  GROUP BY t.a, t.p, t.day
) AS g
