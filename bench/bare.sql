-- name: explain_pd
-- description: Events of account-patient-days without an encounter in the account's department, an appointment or an order
--   around that day; judged once a day, then expanded.
WITH mine AS (
  SELECT a.account AS account, s.department AS department FROM accounts AS a JOIN staff AS s ON s.staff_id = a.staff_id
),
pd AS MATERIALIZED (
  SELECT g.account AS account, g.patient_id AS patient_id, g.day AS day, g.n AS n, g.first_us AS first_us,
    m.department AS department
  FROM (
    SELECT e.account AS account, e.patient_id AS patient_id, e.day AS day, count(*) AS n, min(e.time_us) AS first_us
    FROM events AS e GROUP BY e.account, e.patient_id, e.day
  ) AS g
  LEFT JOIN mine AS m ON m.account = g.account
),
found AS (
  SELECT p.account AS account, p.patient_id AS patient_id, p.day AS day
  FROM pd AS p
  JOIN encounters AS x ON x.patient_id = p.patient_id AND x.department = p.department
    AND x.start_us - 86400000000 <= p.first_us AND x.end_us + 7 * 86400000000 >= p.first_us
  UNION
  SELECT p.account AS account, p.patient_id AS patient_id, p.day AS day
  FROM pd AS p
  JOIN appointments AS x ON x.patient_id = p.patient_id AND x.department = p.department
    AND x.time_us - 2 * 86400000000 <= p.first_us AND x.time_us + 2 * 86400000000 >= p.first_us
  UNION
  SELECT p.account AS account, p.patient_id AS patient_id, p.day AS day
  FROM pd AS p
  JOIN orders AS x ON x.patient_id = p.patient_id AND x.performing_department = p.department
    AND x.time_us - 86400000000 <= p.first_us AND x.time_us + 7 * 86400000000 >= p.first_us
)
SELECT count(*) AS pairs, sum(p.n) AS events
FROM pd AS p
LEFT JOIN found AS f ON f.account = p.account AND f.patient_id = p.patient_id AND f.day = p.day
WHERE f.account IS NULL

-- name: baseline
-- description: Distinct patients a person and day against median and MAD of the same department, role and day.
WITH load AS (
  SELECT x.account AS account, x.day AS day, count(*) AS patients
  FROM (SELECT DISTINCT e.account AS account, e.day AS day, e.patient_id AS patient_id FROM events AS e) AS x
  GROUP BY x.account, x.day
),
peer AS (
  SELECT l.account AS account, l.day AS day, l.patients AS patients, s.department AS department, s.role AS role
  FROM load AS l JOIN accounts AS a ON a.account = l.account JOIN staff AS s ON s.staff_id = a.staff_id
),
middle AS (
  SELECT p.department AS department, p.role AS role, p.day AS day, median(p.patients) AS m
  FROM peer AS p GROUP BY p.department, p.role, p.day
),
away AS (
  SELECT p.department AS department, p.role AS role, p.day AS day, p.patients AS patients, m.m AS m,
    abs(p.patients - m.m) AS distance
  FROM peer AS p JOIN middle AS m ON m.department = p.department AND m.role = p.role AND m.day = p.day
),
mad AS (
  SELECT w.department AS department, w.role AS role, w.day AS day, median(w.distance) AS d
  FROM away AS w GROUP BY w.department, w.role, w.day
)
SELECT count(*) AS found
FROM away AS w
JOIN mad AS d ON d.department = w.department AND d.role = w.role AND d.day = w.day
WHERE w.patients - w.m > 6 * 1.4826 * greatest(d.d, 1)

-- name: window_pruned
-- description: The most distinct patients in any sliding ten minutes, exact above a hundred: only accounts and ten-minute
--   buckets are examined that reach it together with the bucket before.
WITH bucket AS (
  SELECT x.account AS account, x.b AS b, count(*) AS patients
  FROM (
    SELECT DISTINCT e.account AS account, e.time_us // 600000000 AS b, e.patient_id AS patient_id FROM events AS e
  ) AS x
  GROUP BY x.account, x.b
),
hot AS (
  SELECT x.account AS account, x.b AS b
  FROM bucket AS x LEFT JOIN bucket AS y ON y.account = x.account AND y.b = x.b - 1
  WHERE x.patients + coalesce(y.patients, 0) >= 100
),
picked AS (
  SELECT DISTINCT e.account AS account, e.patient_id AS patient_id, e.time_us AS time_us
  FROM events AS e
  JOIN (SELECT h.account AS account, h.b AS b FROM hot AS h UNION SELECT h.account AS account, h.b - 1 AS b FROM hot AS h) AS k
    ON k.account = e.account AND k.b = e.time_us // 600000000
),
step AS (
  SELECT p.account AS account, p.time_us AS time_us, 1 AS change FROM picked AS p
  UNION ALL
  SELECT q.account AS account, least(coalesce(q.next_us, q.time_us + 600000000), q.time_us + 600000000) AS time_us, -1 AS change
  FROM (
    SELECT p.account AS account, p.time_us AS time_us,
      lead(p.time_us) OVER (PARTITION BY p.account, p.patient_id ORDER BY p.time_us) AS next_us
    FROM picked AS p
  ) AS q
)
SELECT max(r.n) AS most
FROM (
  SELECT sum(s.change) OVER (PARTITION BY s.account ORDER BY s.time_us, s.change ROWS UNBOUNDED PRECEDING) AS n FROM step AS s
) AS r

-- name: kinship
-- description: Events by somebody at the patient's address, with the patient's surname, on a colleague, or on themselves.
SELECT
  count(*) AS events,
  count(CASE WHEN s.address = p.address THEN 1 END) AS household,
  count(CASE WHEN substring(s.name, 1, 1) = substring(p.name, 1, 1) THEN 1 END) AS surname,
  count(CASE WHEN c.staff_id IS NOT NULL AND c.department = s.department THEN 1 END) AS coworker,
  count(CASE WHEN s.patient_id = e.patient_id THEN 1 END) AS own
FROM events AS e
JOIN accounts AS a ON a.account = e.account
JOIN staff AS s ON s.staff_id = a.staff_id
JOIN patients AS p ON p.patient_id = e.patient_id
LEFT JOIN (
  SELECT x.patient_id AS patient_id, min(x.staff_id) AS staff_id, min(x.department) AS department
  FROM staff AS x WHERE x.patient_id IS NOT NULL GROUP BY x.patient_id
) AS c ON c.patient_id = e.patient_id

-- name: firstseen
-- description: Pairs of account and patient seen for the first time in the last week, by account.
SELECT count(*) AS accounts, max(g.pairs) AS most
FROM (
  SELECT f.account AS account, count(*) AS pairs
  FROM (
    SELECT e.account AS account, e.patient_id AS patient_id, min(e.time_us) AS first_us
    FROM events AS e GROUP BY e.account, e.patient_id
  ) AS f
  JOIN (SELECT max(e.time_us) - 7 * 86400000000 AS since FROM events AS e) AS w ON f.first_us >= w.since
  GROUP BY f.account
) AS g
