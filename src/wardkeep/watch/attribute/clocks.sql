-- name: clock_pair
-- description: The same happening as two systems saw it, and the difference of their clocks: the beginning of a session
--   whose number both know (`session`); the sign-in of a person and the first use of an application's account in a session
--   of its own, at one place (`first_use`); the sign-in or out of one person at one place (`sign`). The nearest ones.
WITH begun AS (
  SELECT u.session_id AS session_id, u.system AS system, min(u.time_us) AS time_us, min(u.day) AS day
  FROM (
    SELECT s.session_id AS session_id, s.system AS system, s.time_us AS time_us, s.day AS day
    FROM sign_at AS s WHERE s.action = 'login' AND length(s.session_id) >= 6
    UNION ALL
    SELECT a.session_id AS session_id, a.system AS system, a.time_us AS time_us, a.day AS day
    FROM asked_at AS a WHERE length(a.session_id) >= 6
  ) AS u
  GROUP BY u.session_id, u.system
),
signed AS (
  SELECT
    s.eid AS eid, i.person AS person, s.action AS action, s.system AS system, s.time_us AS time_us, s.day AS day,
    s.workstation AS workstation, s.ip AS ip, CAST(floor(s.time_us / (60000000.0 * :clock_pair_minutes)) AS BIGINT) AS slot
  FROM sign_at AS s
  JOIN identity AS i ON i.account = s.account
  WHERE s.badge = 0
),
near AS (
  SELECT
    a.eid AS eid, a.system AS system, b.system AS other, a.day AS day, a.time_us - b.time_us AS diff_us,
    row_number() OVER (PARTITION BY a.eid, b.system ORDER BY abs(a.time_us - b.time_us), b.eid) AS place
  FROM signed AS a
  CROSS JOIN (SELECT -1 AS k UNION ALL SELECT 0 AS k UNION ALL SELECT 1 AS k) AS n
  JOIN signed AS b ON b.person = a.person AND b.action = a.action AND b.slot = a.slot + n.k AND b.system <> a.system
  WHERE (a.workstation = b.workstation OR a.ip = b.ip)
),
used AS (
  SELECT
    u.eid AS eid, u.account AS account, u.system AS system, u.time_us AS time_us, u.day AS day,
    u.workstation AS workstation, u.ip AS ip, o.system AS application,
    CAST(floor(u.time_us / (60000000.0 * :clock_pair_minutes)) AS BIGINT) AS slot
  FROM (
    SELECT
      a.eid AS eid, a.account AS account, a.system AS system, a.time_us AS time_us, a.day AS day,
      a.workstation AS workstation, a.ip AS ip,
      row_number() OVER (PARTITION BY a.system, a.account, a.day, a.session_id ORDER BY a.time_us, a.eid) AS place
    FROM asked_at AS a
    WHERE a.kind = 'service' AND a.session_id IS NOT NULL AND coalesce(a.workstation, a.ip) IS NOT NULL
  ) AS u
  LEFT JOIN application_of AS o ON o.account = u.account
  WHERE u.place = 1
),
begins AS (
  SELECT
    b.system AS system, a.system AS other, b.day AS day, b.time_us - a.time_us AS diff_us,
    row_number() OVER (PARTITION BY a.eid, b.system ORDER BY abs(a.time_us - b.time_us), b.eid) AS place
  FROM signed AS a
  CROSS JOIN (SELECT -1 AS k UNION ALL SELECT 0 AS k UNION ALL SELECT 1 AS k) AS n
  JOIN used AS b ON b.slot = a.slot + n.k AND b.workstation = a.workstation AND b.system <> a.system
    AND coalesce(b.application, a.system) = a.system
  WHERE a.action = 'login'
)
SELECT 'session' AS how, a.system AS system, b.system AS other, a.day AS day, a.time_us - b.time_us AS diff_us
FROM begun AS a
JOIN begun AS b ON b.session_id = a.session_id AND b.system <> a.system
WHERE abs(a.time_us - b.time_us) <= :clock_pair_minutes * 60000000
UNION ALL
SELECT 'first_use' AS how, g.system AS system, g.other AS other, g.day AS day, g.diff_us AS diff_us
FROM begins AS g
WHERE g.place = 1 AND abs(g.diff_us) <= :clock_pair_minutes * 60000000
UNION ALL
SELECT 'first_use' AS how, g.other AS system, g.system AS other, g.day AS day, -g.diff_us AS diff_us
FROM begins AS g
WHERE g.place = 1 AND abs(g.diff_us) <= :clock_pair_minutes * 60000000
UNION ALL
SELECT 'sign' AS how, n.system AS system, n.other AS other, n.day AS day, n.diff_us AS diff_us
FROM near AS n
WHERE n.place = 1 AND abs(n.diff_us) <= :clock_pair_minutes * 60000000

-- name: clock_link
-- description: Of each two systems the median difference, its spread (1.4826 times the median deviation) and the number of
--   pairs, by day and over all days (`day` -9999999). `tight`: enough pairs, and narrow enough to be one happening and not
--   two acts one after the other.
WITH scoped AS (
  SELECT p.how AS how, p.system AS system, p.other AS other, p.day AS day, p.diff_us AS diff_us FROM clock_pair AS p
  UNION ALL
  SELECT q.how AS how, q.system AS system, q.other AS other, -9999999 AS day, q.diff_us AS diff_us FROM clock_pair AS q
),
middle AS (
  SELECT s.how AS how, s.system AS system, s.other AS other, s.day AS day, median(s.diff_us) AS diff_us,
    count(*) AS pairs
  FROM scoped AS s
  GROUP BY s.how, s.system, s.other, s.day
),
spread AS (
  SELECT m.how AS how, m.system AS system, m.other AS other, m.day AS day, max(m.diff_us) AS diff_us,
    max(m.pairs) AS pairs, 1.4826 * median(abs(s.diff_us - m.diff_us)) AS spread_us
  FROM middle AS m
  JOIN scoped AS s ON s.how = m.how AND s.system = m.system AND s.other = m.other AND s.day = m.day
  GROUP BY m.how, m.system, m.other, m.day
)
SELECT
  x.how AS how, x.system AS system, x.other AS other, x.day AS day, x.diff_us AS diff_us, x.spread_us AS spread_us,
  x.pairs AS pairs,
  CASE WHEN x.pairs >= :clock_pairs AND x.spread_us <= :clock_spread_seconds * 1000000 THEN 1 ELSE 0 END AS tight,
  row_number() OVER (
    PARTITION BY x.system, x.other, x.day
    ORDER BY CASE WHEN x.pairs >= :clock_pairs AND x.spread_us <= :clock_spread_seconds * 1000000 THEN 0 ELSE 1 END,
      x.how, x.pairs DESC
  ) AS place
FROM spread AS x

-- name: clock_reference
-- description: The system whose clock the others are held against: the one that most pairs lead to.
SELECT r.system AS system
FROM (
  SELECT n.system AS system, row_number() OVER (ORDER BY n.tight DESC, n.pairs DESC, n.system) AS place
  FROM (
    SELECT l.system AS system, sum(l.tight) AS tight, sum(l.pairs) AS pairs
    FROM clock_link AS l WHERE l.day = -9999999 AND l.place = 1 GROUP BY l.system
  ) AS n
) AS r
WHERE r.place = 1

-- name: clock_offset
-- description: How far each system's clock is ahead of the reference, by day and over all days (`day` -9999999), directly
--   or by way of one other system. What is not tight is shown and not applied.
WITH path AS (
  SELECT l.system AS system, l.day AS day, l.diff_us AS offset_us, l.spread_us AS spread_us, l.pairs AS pairs,
    l.tight AS applied, 1 AS steps, l.how AS how, CAST(NULL AS VARCHAR) AS via
  FROM clock_link AS l
  JOIN clock_reference AS r ON r.system = l.other
  WHERE l.place = 1
  UNION ALL
  SELECT l.system AS system, l.day AS day, l.diff_us + m.diff_us AS offset_us, l.spread_us + m.spread_us AS spread_us,
    least(l.pairs, m.pairs) AS pairs, 1 AS applied, 2 AS steps, l.how AS how, l.other AS via
  FROM clock_link AS l
  JOIN clock_link AS m ON m.system = l.other AND m.day = -9999999 AND m.place = 1 AND m.tight = 1
  JOIN clock_reference AS r ON r.system = m.other AND r.system <> l.system
  WHERE l.place = 1 AND l.tight = 1
),
best AS (
  SELECT
    p.system AS system, p.day AS day, p.offset_us AS offset_us, p.spread_us AS spread_us, p.pairs AS pairs,
    p.applied AS applied, p.how AS how, p.via AS via,
    row_number() OVER (PARTITION BY p.system, p.day ORDER BY p.applied DESC, p.steps, p.spread_us, p.via) AS place
  FROM path AS p
)
SELECT
  b.system AS system, b.day AS day, r.system AS reference, CAST(round(b.offset_us) AS BIGINT) AS offset_us,
  CAST(round(b.spread_us) AS BIGINT) AS spread_us, b.pairs AS pairs, b.applied AS applied, b.how AS how, b.via AS via
FROM best AS b
CROSS JOIN clock_reference AS r
WHERE b.place = 1
UNION ALL
SELECT
  r.system AS system, -9999999 AS day, r.system AS reference, CAST(0 AS BIGINT) AS offset_us,
  CAST(0 AS BIGINT) AS spread_us, CAST(0 AS BIGINT) AS pairs, 1 AS applied, 'reference' AS how,
  CAST(NULL AS VARCHAR) AS via
FROM clock_reference AS r

-- name: clock_day
-- description: What is applied on each day on which a system was heard: that day's own offset, else that of all days, else
--   none. `wide_us`: how far a time of it may still be wrong: twice the spread, or `attribute_clock_seconds`.
SELECT
  d.system AS system, d.day AS day,
  coalesce(own.offset_us, every.offset_us, 0) AS offset_us,
  CASE
    WHEN own.system IS NOT NULL THEN 2 * own.spread_us
    WHEN every.system IS NOT NULL THEN 2 * every.spread_us
    ELSE :attribute_clock_seconds * 1000000
  END AS wide_us
FROM (
  SELECT s.system AS system, s.day AS day FROM sign_at AS s
  UNION SELECT a.system AS system, a.day AS day FROM asked_at AS a
) AS d
LEFT JOIN clock_offset AS own ON own.system = d.system AND own.day = d.day AND own.applied = 1
LEFT JOIN clock_offset AS every ON every.system = d.system AND every.day = -9999999 AND every.applied = 1
