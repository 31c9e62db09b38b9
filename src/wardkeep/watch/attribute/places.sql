-- name: led_to
-- description: The server to which a bastion's session led, as the bastion writes it: `HISDB01(10.9.9.9)`.
SELECT s.eid AS eid, coalesce(json_extract_string(d.extra, '$.server'), s.resource) AS server
FROM sign AS s
JOIN event_detail AS d ON d.eid = s.eid
WHERE s.target_account IS NOT NULL AND s.action = 'login'

-- name: used_at
-- description: The server at which accounts were used to which a bastion leads, where the log of that use says it.
SELECT a.eid AS eid, json_extract_string(d.extra, '$.server') AS server
FROM asked AS a
JOIN (
  SELECT DISTINCT s.target_account AS account FROM sign AS s WHERE s.target_account IS NOT NULL
) AS k ON k.account = a.account
JOIN event_detail AS d ON d.eid = a.eid
WHERE d.extra LIKE '%"server"%' AND json_extract_string(d.extra, '$.server') IS NOT NULL

-- name: sign_at
-- description: Signing in and out with places as they are compared (`machine`, `reached`). `short`: a name that several
--   machines have.
SELECT
  s.eid AS eid, s.name AS name, s.account AS account, s.system AS system, s.action AS action, s.time_us AS time_us,
  s.day AS day, nullif(coalesce(m.machine, s.workstation), '') AS workstation, m.short AS short,
  nullif(coalesce(i.reached, s.ip), '') AS ip, nullif(coalesce(g.reached, s.assigned_ip), '') AS assigned_ip, s.target_account AS target_account, s.site AS site,
  s.session_id AS session_id, s.resource AS resource, s.duration_ms AS duration_ms, s.badge AS badge, s.spelt AS spelt
FROM sign AS s
LEFT JOIN machine AS m ON m.written = s.workstation
LEFT JOIN address AS i ON i.written = s.ip
LEFT JOIN address AS g ON g.written = s.assigned_ip

-- name: asked_at
-- description: What is to be resolved, with places as they are compared.
SELECT
  a.eid AS eid, a.account AS account, a.kind AS kind, a.department AS department, a.system AS system,
  a.time_us AS time_us, a.day AS day, a.offset_us AS offset_us,
  nullif(coalesce(m.machine, a.workstation), '') AS workstation, m.short AS short, nullif(coalesce(i.reached, a.ip), '') AS ip, a.site AS site, a.session_id AS session_id
FROM asked AS a
LEFT JOIN machine AS m ON m.written = a.workstation
LEFT JOIN address AS i ON i.written = a.ip

-- name: stood_at
-- description: Machines that events of a day name beside an address, where more than one is named: of addresses at which
--   somebody signed in and such an account was used, one of them without a machine's name. A name that stands beside more than
--   three addresses in the day is a server's, which tells of others, and does not count.
WITH kept AS (
  SELECT DISTINCT s.ip AS ip
  FROM (SELECT DISTINCT x.ip AS ip, x.workstation IS NULL AS bare FROM sign_at AS x WHERE x.ip IS NOT NULL) AS s
  JOIN (SELECT DISTINCT y.ip AS ip, y.workstation IS NULL AS bare FROM asked_at AS y WHERE y.ip IS NOT NULL) AS a
    ON a.ip = s.ip AND (a.bare OR s.bare)
),
beside AS (
  SELECT DISTINCT coalesce(i.reached, regexp_replace(lower(e.ip), '^::ffff:', '')) AS ip, e.day AS day,
    e.workstation AS workstation
  FROM events AS e
  LEFT JOIN address AS i ON i.written = e.ip
  WHERE e.workstation IS NOT NULL AND e.ip IS NOT NULL
),
machine_of_day AS (
  SELECT b.day AS day, b.workstation AS workstation FROM beside AS b
  GROUP BY b.day, b.workstation HAVING count(*) <= 3
),
counted AS (
  SELECT b.ip AS ip, b.day AS day, b.workstation AS workstation
  FROM beside AS b
  JOIN kept AS k ON k.ip = b.ip
  JOIN machine_of_day AS m ON m.day = b.day AND m.workstation = b.workstation
)
SELECT c.ip AS ip, c.day AS day, c.workstation AS workstation
FROM counted AS c
JOIN (SELECT x.ip AS ip, x.day AS day FROM counted AS x GROUP BY x.ip, x.day HAVING count(*) > 1) AS v
  ON v.ip = c.ip AND v.day = c.day
