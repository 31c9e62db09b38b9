-- name: mark
-- description: Signing in and out of known people, on the common clock. An account that is written otherwise than in the
--   table is as sure as an alias.
SELECT
  s.eid AS eid, s.name AS name, i.person AS person,
  CASE WHEN s.spelt = 1 THEN least(i.confidence, 0.99) ELSE i.confidence END AS sure, s.account AS account, s.system AS system,
  s.action AS action, s.time_us - c.offset_us AS at_us, c.wide_us AS wide_us, s.workstation AS workstation, s.short AS short,
  s.ip AS ip, s.assigned_ip AS assigned_ip, s.target_account AS target_account, s.site AS site, s.session_id AS session_id,
  s.resource AS resource, s.duration_ms AS duration_ms, s.badge AS badge
FROM sign_at AS s
JOIN identity AS i ON i.account = s.account
JOIN clock_day AS c ON c.system = s.system AND c.day = s.day

-- name: taken_over
-- description: For each sign-in when somebody else signed in at the same place of the same system, where somebody did. An
--   address that a VPN gives out anew belongs to the next one at once.
WITH placed AS (
  SELECT m.eid AS eid, m.person AS person, m.system AS system, concat('w:', m.workstation) AS place, m.at_us AS at_us
  FROM mark AS m WHERE m.action = 'login' AND m.badge = 0 AND m.workstation IS NOT NULL
  UNION ALL
  SELECT m.eid AS eid, m.person AS person, m.system AS system, concat('i:', coalesce(m.assigned_ip, m.ip)) AS place,
    m.at_us AS at_us
  FROM mark AS m
  WHERE m.action = 'login' AND m.badge = 0 AND coalesce(m.assigned_ip, m.ip) IS NOT NULL AND m.workstation IS NULL
),
stepped AS (
  SELECT
    p.eid AS eid, p.system AS system, p.place AS place, p.at_us AS at_us,
    CASE
      WHEN p.person = lag(p.person) OVER (PARTITION BY p.system, p.place ORDER BY p.at_us, p.eid) THEN 0 ELSE 1
    END AS begins
  FROM placed AS p
),
turn AS (
  SELECT
    t.eid AS eid, t.system AS system, t.place AS place, t.at_us AS at_us,
    sum(t.begins) OVER (
      PARTITION BY t.system, t.place ORDER BY t.at_us, t.eid ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS k
  FROM stepped AS t
),
first_of AS (
  SELECT t.system AS system, t.place AS place, t.k AS k, min(t.at_us) AS at_us
  FROM turn AS t GROUP BY t.system, t.place, t.k
)
SELECT t.eid AS eid, min(f.at_us) AS at_us
FROM turn AS t
JOIN first_of AS f ON f.system = t.system AND f.place = t.place AND f.k = t.k + 1
GROUP BY t.eid

-- name: moved_on
-- description: For each sign-in when the same person signed in somewhere else after it, where they did: a session left open
--   says little of its owner from then on.
WITH placed AS (
  SELECT
    m.eid AS eid, m.person AS person, m.at_us AS at_us,
    CASE
      WHEN coalesce(m.assigned_ip, m.ip, m.workstation) = lag(coalesce(m.assigned_ip, m.ip, m.workstation)) OVER (
        PARTITION BY m.person ORDER BY m.at_us, m.eid
      ) THEN 0
      ELSE 1
    END AS begins
  FROM mark AS m
  WHERE m.action = 'login' AND m.badge = 0 AND coalesce(m.assigned_ip, m.ip, m.workstation) IS NOT NULL
),
stay_at AS (
  SELECT
    p.eid AS eid, p.person AS person, p.at_us AS at_us,
    sum(p.begins) OVER (
      PARTITION BY p.person ORDER BY p.at_us, p.eid ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS k
  FROM placed AS p
)
SELECT t.eid AS eid, min(f.at_us) AS at_us
FROM stay_at AS t
JOIN (
  SELECT x.person AS person, x.k AS k, min(x.at_us) AS at_us FROM stay_at AS x GROUP BY x.person, x.k
) AS f ON f.person = t.person AND f.k = t.k + 1
GROUP BY t.eid

-- name: session
-- description: Sessions of known people, [from_us, until_us): from signing in to signing out or to the end that the source
--   states (`closed`), else for `attribute_session_hours`, but no longer than `attribute_linger_minutes` after somebody
--   else took the place over. From `lapses_us` on, when the place was taken over or the person signed in elsewhere, it
--   speaks weakly.
WITH ended AS (
  SELECT
    m.eid AS eid, m.name AS name, m.person AS person, m.sure AS sure, m.account AS account, m.system AS system,
    m.action AS action, m.at_us AS at_us, m.wide_us AS wide_us, m.workstation AS workstation, m.short AS short, m.ip AS ip, m.site AS site,
    m.session_id AS session_id, m.assigned_ip AS assigned_ip, m.target_account AS target_account,
    CASE WHEN m.duration_ms >= 0 THEN m.at_us + m.duration_ms * 1000 END AS lasted_us,
    min(CASE WHEN m.action = 'logout' AND m.session_id IS NOT NULL THEN m.at_us END) OVER (
      PARTITION BY m.account, m.system, m.session_id ORDER BY m.at_us, m.eid
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS by_id_us,
    min(CASE WHEN m.action = 'logout' AND m.session_id IS NULL THEN m.at_us END) OVER (
      PARTITION BY m.account, m.system, m.workstation, m.ip ORDER BY m.at_us, m.eid
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS by_place_us,
    min(CASE WHEN m.action = 'logout' THEN m.at_us END) OVER (
      PARTITION BY m.account, m.system, m.workstation, m.ip ORDER BY m.at_us, m.eid
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS at_place_us,
    min(CASE
      WHEN m.action = 'logout' AND m.session_id IS NULL AND m.workstation IS NULL AND m.ip IS NULL THEN m.at_us
    END) OVER (
      PARTITION BY m.account, m.system ORDER BY m.at_us, m.eid ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS anywhere_us
  FROM mark AS m
  WHERE m.badge = 0
),
begun AS (
  SELECT
    d.eid AS eid, d.name AS name, d.person AS person, d.sure AS sure, d.account AS account, d.system AS system,
    d.at_us AS from_us, d.wide_us AS wide_us, d.workstation AS workstation, d.short AS short, d.ip AS ip, d.site AS site,
    d.session_id AS session_id, d.assigned_ip AS assigned_ip, d.target_account AS target_account,
    d.at_us + :attribute_session_hours * 3600000000 AS limit_us,
    least(
      coalesce(d.lasted_us, 9000000000000000),
      coalesce(d.by_id_us, 9000000000000000), coalesce(d.by_place_us, 9000000000000000),
      coalesce(d.anywhere_us, 9000000000000000),
      CASE WHEN d.session_id IS NULL THEN coalesce(d.at_place_us, 9000000000000000) ELSE 9000000000000000 END
    ) AS out_us
  FROM ended AS d
  WHERE d.action = 'login'
)
SELECT
  b.eid AS eid, b.name AS name, b.person AS person, b.sure AS sure, b.account AS account, b.system AS system,
  b.from_us AS from_us,
  CASE
    WHEN b.out_us <= b.limit_us THEN b.out_us
    WHEN b.assigned_ip IS NOT NULL THEN least(b.limit_us, coalesce(t.at_us, b.limit_us))
    ELSE least(b.limit_us, coalesce(t.at_us + :attribute_linger_minutes * 60000000, b.limit_us))
  END AS until_us,
  CASE WHEN b.out_us <= b.limit_us THEN 1 ELSE 0 END AS closed,
  least(
    CASE WHEN b.out_us <= b.limit_us THEN 9000000000000000 ELSE coalesce(t.at_us, 9000000000000000) END,
    coalesce(v.at_us, 9000000000000000)
  ) AS lapses_us,
  b.wide_us AS wide_us, b.workstation AS workstation, b.short AS short, b.ip AS ip, b.assigned_ip AS assigned_ip,
  b.target_account AS target_account, b.site AS site, b.session_id AS session_id, coalesce(r.records, 0) AS records
FROM begun AS b
LEFT JOIN taken_over AS t ON t.eid = b.eid
LEFT JOIN moved_on AS v ON v.eid = b.eid
LEFT JOIN record_system AS r ON r.system = b.system

-- name: session_place
-- description: Sessions by place (workstation, a short name that several have, address, number, the account to which a bastion led) and day of the common
--   clock, to be met by equal keys.
SELECT p.place AS place, CAST(floor(p.low_us / 86400000000.0) AS BIGINT) + n.k AS slot, p.eid AS eid
FROM (
  SELECT concat('w:', s.workstation) AS place, s.eid AS eid, s.from_us - :attribute_clock_seconds * 1000000 AS low_us,
    s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s WHERE s.workstation IS NOT NULL
  UNION ALL
  SELECT concat('a:', s.short) AS place, s.eid AS eid, s.from_us - :attribute_clock_seconds * 1000000 AS low_us,
    s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s WHERE s.short IS NOT NULL
  UNION ALL
  SELECT concat('i:', s.ip) AS place, s.eid AS eid, s.from_us - :attribute_clock_seconds * 1000000 AS low_us,
    s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s WHERE s.ip IS NOT NULL
  UNION ALL
  SELECT concat('i:', s.assigned_ip) AS place, s.eid AS eid,
    s.from_us - :attribute_clock_seconds * 1000000 AS low_us, s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s WHERE s.assigned_ip IS NOT NULL
  UNION ALL
  SELECT concat('g:', s.target_account) AS place, s.eid AS eid,
    s.from_us - :attribute_clock_seconds * 1000000 AS low_us, s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s WHERE s.target_account IS NOT NULL
  UNION ALL
  SELECT concat('s:', s.session_id) AS place, s.eid AS eid, s.from_us - :attribute_clock_seconds * 1000000 AS low_us,
    s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s WHERE s.session_id IS NOT NULL
) AS p
CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 AS k UNION ALL SELECT 2 AS k) AS n
WHERE CAST(floor(p.low_us / 86400000000.0) AS BIGINT) + n.k <= CAST(floor(p.high_us / 86400000000.0) AS BIGINT)

-- name: opened
-- description: The account and each name and address of the server to which a bastion's session led, by day of the common
--   clock.
SELECT
  p.account AS account, p.host AS host, CAST(floor(p.low_us / 86400000000.0) AS BIGINT) + n.k AS slot, p.eid AS eid
FROM (
  SELECT s.target_account AS account, h.host AS host, s.eid AS eid,
    s.from_us - :attribute_clock_seconds * 1000000 AS low_us, s.until_us + :attribute_clock_seconds * 1000000 AS high_us
  FROM session AS s
  JOIN led_to AS l ON l.eid = s.eid
  JOIN server_host AS h ON h.written = l.server
  WHERE s.target_account IS NOT NULL
) AS p
CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 AS k UNION ALL SELECT 2 AS k) AS n
WHERE CAST(floor(p.low_us / 86400000000.0) AS BIGINT) + n.k <= CAST(floor(p.high_us / 86400000000.0) AS BIGINT)

-- name: session_slot
-- description: Sessions by person and day of the common clock, with their place.
SELECT s.person AS person, CAST(floor(s.from_us / 86400000000.0) AS BIGINT) + n.k AS slot, s.from_us AS from_us,
  s.until_us AS until_us, coalesce(s.assigned_ip, s.ip, s.workstation) AS place
FROM session AS s
CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 AS k UNION ALL SELECT 2 AS k) AS n
WHERE CAST(floor(s.from_us / 86400000000.0) AS BIGINT) + n.k <= CAST(floor(s.until_us / 86400000000.0) AS BIGINT)
  AND coalesce(s.assigned_ip, s.ip, s.workstation) IS NOT NULL

-- name: reader
-- description: Whose door a card reader is at: its text holds the number of the department, or its name (the longest one).
SELECT x.reader AS reader, x.department AS department
FROM (
  SELECT
    q.reader AS reader, d.department AS department,
    row_number() OVER (
      PARTITION BY q.reader
      ORDER BY CASE WHEN d.department = q.reader THEN 0 ELSE 1 END, length(d.name) DESC, d.department
    ) AS place
  FROM (
    SELECT DISTINCT coalesce(m.resource, m.workstation) AS reader FROM mark AS m WHERE m.badge = 1
  ) AS q
  JOIN departments AS d ON d.department = q.reader OR (length(d.name) >= 2 AND q.reader LIKE concat('%', d.name, '%'))
) AS x
WHERE x.place = 1

-- name: presence_of
-- description: Where the badges say that a person was, from one mark to the next, at most `attribute_session_hours`; by day
--   of the common clock. Signing out of the badge reader is leaving.
SELECT
  b.person AS person, b.name AS name, b.site AS site, r.department AS department,
  b.from_us AS from_us, b.until_us AS until_us, b.wide_us AS wide_us,
  CAST(floor(b.from_us / 86400000000.0) AS BIGINT) + n.k AS slot
FROM (
  SELECT
    m.person AS person, m.name AS name, m.action AS action, m.site AS site,
    coalesce(m.resource, m.workstation) AS reader, m.at_us AS from_us, m.wide_us AS wide_us,
    least(
      coalesce(
        lead(m.at_us) OVER (PARTITION BY m.person ORDER BY m.at_us, m.eid),
        m.at_us + :attribute_session_hours * 3600000000
      ),
      m.at_us + :attribute_session_hours * 3600000000
    ) AS until_us
  FROM mark AS m
  WHERE m.badge = 1
) AS b
LEFT JOIN reader AS r ON r.reader = b.reader
CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 AS k UNION ALL SELECT 2 AS k) AS n
WHERE b.action = 'login'
  AND CAST(floor(b.from_us / 86400000000.0) AS BIGINT) + n.k <= CAST(floor(b.until_us / 86400000000.0) AS BIGINT)

-- name: duty_of
-- description: Who had which department's shift, with the margins for coming early and leaving late; by day of the clock.
SELECT
  x.person AS person, x.department AS department, x.from_us AS from_us, x.until_us AS until_us, x.src AS src,
  CAST(floor(x.from_us / 86400000000.0) AS BIGINT) + n.k AS slot
FROM (
  SELECT sh.staff_id AS person, sh.department AS department,
    sh.start_us - :shift_early_minutes * 60000000 AS from_us,
    coalesce(sh.end_us, sh.start_us + 43200000000) + :shift_late_minutes * 60000000 AS until_us, min(sh.src) AS src
  FROM shifts AS sh
  GROUP BY sh.staff_id, sh.department, sh.start_us, sh.end_us
) AS x
CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 AS k UNION ALL SELECT 2 AS k) AS n
WHERE CAST(floor(x.from_us / 86400000000.0) AS BIGINT) + n.k <= CAST(floor(x.until_us / 86400000000.0) AS BIGINT)
