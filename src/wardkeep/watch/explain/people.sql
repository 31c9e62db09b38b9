-- name: account_whole
-- description: Every account that occurs in events, numbered, with its person, role, home department and the last local
--   day on which it may be used (`until_day`: employment or enabling ended). An account in no table has kind `unknown`.
WITH seen AS (SELECT DISTINCT e.account AS account FROM events AS e WHERE e.account IS NOT NULL)
SELECT
  CAST(row_number() OVER (ORDER BY seen.account) AS INTEGER) AS a,
  seen.account AS account,
  coalesce(acc.kind, 'unknown') AS kind,
  s.staff_id AS person,
  coalesce(s.role, '') AS role,
  CASE WHEN acc.kind = 'shared' THEN acc.department ELSE s.department END AS home,
  s.manager_id AS manager,
  s.patient_id AS own_patient,
  s.employed_to_day AS employed_to_day,
  acc.enabled_to_day AS enabled_to_day,
  least(coalesce(s.employed_to_day, 9999999), coalesce(acc.enabled_to_day, 9999999)) AS until_day
FROM seen
LEFT JOIN (
  SELECT
    x.account AS account, min(x.kind) AS kind, min(x.staff_id) AS staff_id, min(x.department) AS department,
    max(x.enabled_to_day) AS enabled_to_day
  FROM accounts AS x GROUP BY x.account
) AS acc ON acc.account = seen.account
LEFT JOIN (
  SELECT
    y.staff_id AS staff_id, min(y.role) AS role, min(y.department) AS department, min(y.manager_id) AS manager_id,
    min(y.patient_id) AS patient_id, max(y.employed_to_day) AS employed_to_day
  FROM staff AS y GROUP BY y.staff_id
) AS s ON s.staff_id = acc.staff_id AND acc.kind = 'person'

-- name: account_dim
-- description: The accounts, and after them each account of several people (`login`, numbered `base`) once more in the hands
--   of each person who may have used it, and in nobody's.
SELECT
  w.a AS a, w.account AS account, w.kind AS kind, w.person AS person, w.role AS role, w.home AS home,
  w.manager AS manager, w.own_patient AS own_patient, w.employed_to_day AS employed_to_day,
  w.enabled_to_day AS enabled_to_day, w.until_day AS until_day, w.a AS base, w.account AS login
FROM account_whole AS w
UNION ALL
SELECT
  CAST(n.accounts + row_number() OVER (ORDER BY x.login, coalesce(x.person, '')) AS INTEGER) AS a,
  concat(x.login, chr(31), coalesce(x.person, '')) AS account,
  CASE WHEN x.person IS NULL THEN w.kind ELSE 'person' END AS kind, s.staff_id AS person, coalesce(s.role, '') AS role,
  CASE WHEN x.person IS NULL THEN w.home ELSE s.department END AS home, s.manager_id AS manager,
  s.patient_id AS own_patient, s.employed_to_day AS employed_to_day, w.enabled_to_day AS enabled_to_day,
  least(coalesce(s.employed_to_day, 9999999), w.until_day) AS until_day, w.a AS base, x.login AS login
FROM acting AS x
JOIN account_whole AS w ON w.account = x.login
CROSS JOIN (SELECT count(*) AS accounts FROM account_whole AS v) AS n
LEFT JOIN (
  SELECT
    y.staff_id AS staff_id, min(y.role) AS role, min(y.department) AS department, min(y.manager_id) AS manager_id,
    min(y.patient_id) AS patient_id, max(y.employed_to_day) AS employed_to_day
  FROM staff AS y GROUP BY y.staff_id
) AS s ON s.staff_id = x.person

-- name: holder
-- description: The accounts whose tickets, cases in hand and mandates count for a number: its own, and those of the person in
--   whose hands it is.
SELECT ad.a AS a, ad.login AS account FROM account_dim AS ad
UNION
SELECT ad.a AS a, x.account AS account
FROM account_dim AS ad
JOIN accounts AS x ON x.staff_id = ad.person AND x.kind = 'person'
WHERE ad.a <> ad.base

-- name: own_number
-- description: Every number under which somebody of the staff is a patient: that of the staff table, and every other of the same
--   person (`one_person`: numbers that were merged, however they are chained).
SELECT s.staff_id AS staff_id, s.patient_id AS patient_id FROM staff AS s WHERE s.patient_id IS NOT NULL
UNION
SELECT s.staff_id AS staff_id, o.other_id AS patient_id
FROM staff AS s
JOIN one_person AS o ON o.patient_id = s.patient_id

-- name: department_dim
-- description: Every department name that any table uses, numbered.
SELECT CAST(row_number() OVER (ORDER BY u.department) AS INTEGER) AS d, u.department AS department
FROM (
  SELECT a1.home AS department FROM account_dim AS a1
  UNION SELECT h.department AS department FROM staff_history AS h
  UNION SELECT sh.department AS department FROM shifts AS sh
  UNION SELECT e.department AS department FROM encounters AS e
  UNION SELECT ap.department AS department FROM appointments AS ap
  UNION SELECT o.performing_department AS department FROM orders AS o
  UNION SELECT t1.from_department AS department FROM transfers AS t1
  UNION SELECT t2.to_department AS department FROM transfers AS t2
  UNION SELECT w.department AS department FROM work_items AS w
) AS u
WHERE u.department IS NOT NULL

-- name: membership
-- description: Which account belonged to which department on which local days [from_day, to_day]: the home department
--   (since the last move, where staff_history knows one), earlier departments, and a shared account's own department. In
--   nobody's hands an account has its department to compare with, and on no day.
WITH moved AS (
  SELECT
    h.staff_id AS staff_id,
    max(CASE WHEN h.department <> s.department THEN h.to_day END) AS left_other_day,
    min(CASE WHEN h.department = s.department THEN h.from_day END) AS joined_home_day,
    max(CASE WHEN h.department = s.department THEN 1 ELSE 0 END) AS home_listed
  FROM staff_history AS h
  JOIN staff AS s ON s.staff_id = h.staff_id
  GROUP BY h.staff_id
)
SELECT
  u.a AS a, dd.d AS d, min(u.from_day) AS from_day, max(u.to_day) AS to_day, u.source_table AS source_table,
  min(u.src) AS src
FROM (
  SELECT
    ad.a AS a, ad.home AS department,
    CASE
      WHEN ad.a <> ad.base AND ad.person IS NULL THEN 9999999
      ELSE coalesce(CASE WHEN m.home_listed = 1 THEN m.joined_home_day ELSE m.left_other_day + 1 END, -9999999)
    END AS from_day,
    CASE WHEN ad.a <> ad.base AND ad.person IS NULL THEN -9999999 ELSE ad.until_day END AS to_day,
    CASE WHEN ad.kind = 'shared' THEN 'accounts' ELSE 'staff' END AS source_table,
    CASE WHEN ad.kind = 'shared' THEN ad.account ELSE ad.person END AS src
  FROM account_dim AS ad
  LEFT JOIN moved AS m ON m.staff_id = ad.person
  WHERE ad.home IS NOT NULL
  UNION ALL
  SELECT
    ad.a AS a, h.department AS department, coalesce(h.from_day, -9999999) AS from_day,
    least(coalesce(h.to_day + :move_grace_days, 9999999), ad.until_day) AS to_day,
    'staff_history' AS source_table, h.src AS src
  FROM account_dim AS ad
  JOIN staff_history AS h ON h.staff_id = ad.person
) AS u
JOIN department_dim AS dd ON dd.department = u.department
GROUP BY u.a, dd.d, u.source_table, CASE WHEN u.source_table = 'staff_history' THEN u.src END

-- name: desk
-- description: Accounts of the front desk: registrars, and shared accounts of departments half of whose staff are.
SELECT ad.a AS a FROM account_dim AS ad WHERE ad.role = 'registrar'
UNION
SELECT ad.a AS a
FROM account_dim AS ad
JOIN (
  SELECT s.department AS department, avg(CASE WHEN s.role = 'registrar' THEN 1.0 ELSE 0.0 END) AS registrars
  FROM staff AS s WHERE s.department IS NOT NULL GROUP BY s.department
) AS f ON f.department = ad.home AND f.registrars >= 0.5
WHERE ad.kind = 'shared' AND ad.a = ad.base
