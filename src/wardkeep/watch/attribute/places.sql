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
