-- name: unnamed_account
-- description: Accounts behind which more than one person may stand: those of departments and of applications.
SELECT x.account AS account, min(x.kind) AS kind, min(x.department) AS department
FROM accounts AS x
GROUP BY x.account
HAVING min(x.kind) IN ('shared', 'service')

-- name: heard
-- description: Who signed in and out where, in every system that tells: the HIS, the directory, bastion, VPN. `spelt`:
--   the account is written otherwise than in the table.
SELECT
  e.eid AS eid, e.name AS name, e.account AS account, e.system AS system, e.action AS action, e.time_us AS time_us,
  e.day AS day, e.workstation AS workstation, e.ip AS ip, e.site AS site, e.session_id AS session_id,
  e.resource AS resource, e.duration_ms AS duration_ms, CASE WHEN e.written IS NULL THEN 0 ELSE 1 END AS spelt
FROM events AS e
WHERE e.action IN ('login', 'logout') AND e.outcome = 'success' AND e.time_us < :to_us AND e.account IS NOT NULL

-- name: passed
-- description: Cards at doors: no access to information, and kept as such.
SELECT
  e.eid AS eid, e.name AS name, e.account AS account, e.system AS system, e.action AS action, e.time_us AS time_us,
  e.day AS day, e.workstation AS workstation, e.ip AS ip, e.site AS site, e.session_id AS session_id,
  e.resource AS resource, e.duration_ms AS duration_ms
FROM all_events AS e
WHERE e.kind <> 'access' AND (lower(e.system) LIKE '%badge%' OR e.system LIKE '%门禁%' OR e.system LIKE '%考勤%')
  AND e.outcome = 'success' AND e.time_us < :to_us AND e.account IS NOT NULL

-- name: detail
-- description: What sources say of these beyond the common columns: the address that a VPN gave (`assigned_ip`), the account
--   that a bastion led to (`target_account`, as the table has it), in or out of a door (`direction`).
SELECT
  d.eid AS eid, json_extract_string(d.extra, '$.assigned_ip') AS assigned_ip,
  coalesce(a.account, json_extract_string(d.extra, '$.target_account')) AS target_account,
  lower(json_extract_string(d.extra, '$.direction')) AS direction
FROM event_detail AS d
LEFT JOIN account_spelling AS a ON a.written = json_extract_string(d.extra, '$.target_account')
WHERE d.extra LIKE '%assigned_ip%' OR d.extra LIKE '%target_account%' OR d.extra LIKE '%direction%'

-- name: sign
-- description: Signing in and out and cards at doors, with the detail. A door passed outwards is like signing out.
SELECT
  h.eid AS eid, h.name AS name, h.account AS account, h.system AS system,
  CASE
    WHEN h.action IN ('login', 'logout') THEN h.action
    WHEN d.direction IN ('out', 'exit', 'leave', '出', '出门', '离开') THEN 'logout'
    ELSE 'login'
  END AS action,
  h.time_us AS time_us, h.day AS day, h.workstation AS workstation, h.ip AS ip, d.assigned_ip AS assigned_ip,
  d.target_account AS target_account, h.site AS site, h.session_id AS session_id, h.resource AS resource,
  h.duration_ms AS duration_ms, h.spelt AS spelt,
  CASE
    WHEN lower(h.system) LIKE '%badge%' OR h.system LIKE '%门禁%' OR h.system LIKE '%考勤%' THEN 1 ELSE 0
  END AS badge
FROM (
  SELECT
    x.eid AS eid, x.name AS name, x.account AS account, x.system AS system, x.action AS action, x.time_us AS time_us,
    x.day AS day, x.workstation AS workstation, x.ip AS ip, x.site AS site, x.session_id AS session_id,
    x.resource AS resource, x.duration_ms AS duration_ms, x.spelt AS spelt
  FROM heard AS x
  UNION ALL
  SELECT
    y.eid AS eid, y.name AS name, y.account AS account, y.system AS system, y.action AS action, y.time_us AS time_us,
    y.day AS day, y.workstation AS workstation, y.ip AS ip, y.site AS site, y.session_id AS session_id,
    y.resource AS resource, y.duration_ms AS duration_ms, 0 AS spelt
  FROM passed AS y
) AS h
LEFT JOIN detail AS d ON d.eid = h.eid

-- name: identity
-- description: Which member of staff an account is, and by what: its row in accounts (`account`), the same account spelt
--   with a domain (`alias`), the staff number (`number`), a name that one member of staff alone has (`name`). One person
--   may have several.
WITH member AS (
  SELECT s.staff_id AS staff_id, min(lower(trim(s.name))) AS name FROM staff AS s GROUP BY s.staff_id
),
spelt AS (
  SELECT
    d.account AS account,
    lower(regexp_replace(regexp_replace(trim(d.account), '^.*[\\/]', ''), '@.*$', '')) AS bare
  FROM (
    SELECT s.account AS account FROM sign AS s
    UNION SELECT a.account AS account FROM accounts AS a
  ) AS d
  LEFT JOIN unnamed_account AS ua ON ua.account = d.account
  WHERE ua.account IS NULL
),
held AS (
  SELECT x.account AS account, min(m.staff_id) AS staff_id
  FROM accounts AS x
  JOIN member AS m ON m.staff_id = x.staff_id
  WHERE x.kind = 'person'
  GROUP BY x.account
),
found AS (
  SELECT sp.account AS account, h.staff_id AS person, 1 AS grade
  FROM spelt AS sp JOIN held AS h ON h.account = sp.account
  UNION ALL
  SELECT sp.account AS account, y.staff_id AS person, 2 AS grade
  FROM spelt AS sp
  JOIN (
    SELECT lower(h.account) AS bare, min(h.staff_id) AS staff_id
    FROM held AS h GROUP BY lower(h.account) HAVING count(DISTINCT h.staff_id) = 1
  ) AS y ON y.bare = sp.bare
  UNION ALL
  SELECT sp.account AS account, y.staff_id AS person, 3 AS grade
  FROM spelt AS sp
  JOIN (
    SELECT lower(m.staff_id) AS bare, min(m.staff_id) AS staff_id
    FROM member AS m GROUP BY lower(m.staff_id) HAVING count(*) = 1
  ) AS y ON y.bare = sp.bare
  UNION ALL
  SELECT sp.account AS account, y.staff_id AS person, 4 AS grade
  FROM spelt AS sp
  JOIN (
    SELECT m.name AS bare, min(m.staff_id) AS staff_id
    FROM member AS m WHERE m.name <> '' GROUP BY m.name HAVING count(*) = 1
  ) AS y ON y.bare = sp.bare
),
best AS (
  SELECT f.account AS account, min(f.grade) AS grade FROM found AS f GROUP BY f.account
)
SELECT
  f.account AS account, min(f.person) AS person,
  CASE f.grade WHEN 1 THEN 'account' WHEN 2 THEN 'alias' WHEN 3 THEN 'number' ELSE 'name' END AS attributed_by,
  CASE f.grade WHEN 1 THEN 1.0 WHEN 4 THEN 0.95 ELSE 0.99 END AS confidence
FROM found AS f
JOIN best AS b ON b.account = f.account AND b.grade = f.grade
GROUP BY f.account, f.grade

-- name: asked
-- description: Uses of such accounts that leave a trace of a place or a session: what is to be resolved.
SELECT
  e.eid AS eid, e.account AS account, ua.kind AS kind, ua.department AS department, e.system AS system,
  e.time_us AS time_us, e.day AS day, e.local_us - e.time_us AS offset_us, e.workstation AS workstation, e.ip AS ip,
  e.site AS site, e.session_id AS session_id
FROM events AS e
JOIN unnamed_account AS ua ON ua.account = e.account
WHERE e.outcome = 'success' AND e.action NOT IN ('login', 'logout') AND e.time_us < :to_us
  AND (e.patient_id IS NOT NULL OR e.action IN ('query', 'export', 'print'))
  AND coalesce(e.workstation, e.ip, e.session_id) IS NOT NULL

-- name: record_system
-- description: Systems in which people work (1); the others (directory, bastion, VPN) only let them in.
SELECT e.system AS system, max(CASE WHEN e.action IN ('login', 'logout') THEN 0 ELSE 1 END) AS records
FROM events AS e
GROUP BY e.system

-- name: application_of
-- description: The applications whose name an application's account bears, where one does: people of others say less.
SELECT DISTINCT u.account AS account, r.system AS system
FROM unnamed_account AS u
JOIN record_system AS r ON r.records = 1 AND length(r.system) >= 2
  AND lower(u.account) LIKE concat('%', lower(r.system), '%')
WHERE u.kind = 'service'
