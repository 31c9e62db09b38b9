-- name: gateway
-- description: Hosts from which an account is used only while somebody's session on a bastion leads to it: nine of ten uses,
--   at least five, in two sessions or more. Whoever comes from there came through the bastion.
SELECT u.account AS account, u.host AS host
FROM (
  SELECT
    w.account AS account, w.host AS host, count(*) AS uses, count(w.session) AS led, count(DISTINCT w.session) AS sessions
  FROM (
    SELECT a.eid AS eid, a.account AS account, coalesce(a.workstation, a.ip) AS host, min(s.eid) AS session
    FROM asked_at AS a
    JOIN clock_day AS c ON c.system = a.system AND c.day = a.day
    JOIN (SELECT DISTINCT x.target_account AS account FROM session AS x WHERE x.target_account IS NOT NULL) AS k
      ON k.account = a.account
    LEFT JOIN session AS s ON s.target_account = a.account
      AND s.from_us - :attribute_clock_seconds * 1000000 <= a.time_us - c.offset_us
      AND s.until_us + :attribute_clock_seconds * 1000000 > a.time_us - c.offset_us
    WHERE coalesce(a.workstation, a.ip) IS NOT NULL
    GROUP BY a.eid, a.account, coalesce(a.workstation, a.ip)
  ) AS w
  GROUP BY w.account, w.host
) AS u
WHERE u.uses >= 5 AND u.led >= 0.9 * u.uses AND u.sessions >= 2

-- name: behind
-- description: Uses of an account to which a bastion leads that come from the server that it opens (`from`), or were made at
--   it by whoever comes from elsewhere (`at`); `client`: whence they come.
SELECT
  a.eid AS eid, a.account AS account, o.host AS host, 1 AS direct, coalesce(a.workstation, a.ip, '') AS client,
  a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
FROM asked_at AS a
JOIN clock_day AS c ON c.system = a.system AND c.day = a.day
JOIN (SELECT DISTINCT x.account AS account, x.host AS host FROM opened AS x) AS o
  ON o.account = a.account AND o.host IN (a.workstation, a.ip)
UNION ALL
SELECT
  a.eid AS eid, a.account AS account, o.host AS host, 0 AS direct, coalesce(a.workstation, a.ip, '') AS client,
  a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
FROM asked_at AS a
JOIN clock_day AS c ON c.system = a.system AND c.day = a.day
JOIN used_at AS u ON u.eid = a.eid
JOIN server_host AS h ON h.written = u.server
JOIN (SELECT DISTINCT x.account AS account, x.host AS host FROM opened AS x) AS o
  ON o.account = a.account AND o.host = h.host

-- name: led
-- description: Of these the ones within a session that opened that very account on that very server.
SELECT
  b.eid AS eid, s.eid AS session, max(b.direct) AS direct, max(b.at_us) AS at_us, max(b.wide_us) AS wide_us,
  min(b.client) AS client
FROM behind AS b
JOIN opened AS o ON o.account = b.account AND o.host = b.host AND o.slot = CAST(floor(b.at_us / 86400000000.0) AS BIGINT)
JOIN session AS s ON s.eid = o.eid
WHERE b.at_us >= s.from_us AND b.at_us < s.until_us
GROUP BY b.eid, s.eid

-- name: led_client
-- description: Whence such uses come, by account; `alone`: the account is used from there in no other way.
SELECT
  u.account AS account, u.client AS client, CASE WHEN count(*) = count(l.eid) THEN 1 ELSE 0 END AS alone
FROM (
  SELECT a.eid AS eid, a.account AS account, coalesce(a.workstation, a.ip, '') AS client FROM asked_at AS a
) AS u
JOIN (SELECT DISTINCT b.account AS account, b.client AS client FROM behind AS b) AS k
  ON k.account = u.account AND k.client = u.client
LEFT JOIN (SELECT DISTINCT x.eid AS eid FROM led AS x) AS l ON l.eid = u.eid
GROUP BY u.account, u.client

-- name: asked_place
-- description: What is to be resolved, by place (workstation, address, session number, the bastion behind a gateway) and day of
--   the common clock.
SELECT p.place AS place, CAST(floor(p.at_us / 86400000000.0) AS BIGINT) AS slot, p.eid AS eid, p.at_us AS at_us,
  p.wide_us AS wide_us
FROM (
  SELECT concat('w:', a.workstation) AS place, a.eid AS eid, a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
  FROM asked_at AS a JOIN clock_day AS c ON c.system = a.system AND c.day = a.day WHERE a.workstation IS NOT NULL
  UNION ALL
  SELECT concat('a:', a.short) AS place, a.eid AS eid, a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
  FROM asked_at AS a JOIN clock_day AS c ON c.system = a.system AND c.day = a.day WHERE a.short IS NOT NULL
  UNION ALL
  SELECT concat('i:', a.ip) AS place, a.eid AS eid, a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
  FROM asked_at AS a JOIN clock_day AS c ON c.system = a.system AND c.day = a.day WHERE a.ip IS NOT NULL
  UNION ALL
  SELECT concat('s:', a.session_id) AS place, a.eid AS eid, a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
  FROM asked_at AS a JOIN clock_day AS c ON c.system = a.system AND c.day = a.day WHERE a.session_id IS NOT NULL
  UNION ALL
  SELECT concat('g:', a.account) AS place, a.eid AS eid, a.time_us - c.offset_us AS at_us, c.wide_us AS wide_us
  FROM asked_at AS a
  JOIN clock_day AS c ON c.system = a.system AND c.day = a.day
  JOIN gateway AS g ON g.account = a.account AND g.host = coalesce(a.workstation, a.ip)
) AS p
JOIN (SELECT DISTINCT sp.place AS place, sp.slot AS slot FROM session_place AS sp) AS k
  ON k.place = p.place AND k.slot = CAST(floor(p.at_us / 86400000000.0) AS BIGINT)

-- name: met
-- description: Uses that met a session at its workstation, its address (where not both name a workstation, and another one)
--   or by its number, within it or within what the clocks may be wrong (`slack_us`) of it; with how strongly each speaks.
--   An address behind which several machines stand (`crowd`) is no place of one person.
--   `weak`: a bastion led to that account on that server, and the account is used from there otherwise too. `machine`: the
--   session opened the machine alone, and no application.
SELECT
  w.eid AS eid, w.person AS person, w.seat AS seat, w.system AS system, w.name AS name, w.at_us AS at_us, w.slack_us AS slack_us,
  w.sure * CASE
    WHEN w.inside = 0 OR w.at_us >= w.lapses_us OR w.unsure = 1 THEN :attribute_edge
    WHEN w.closed = 0 AND w.at_us - w.from_us > :attribute_open_minutes * 60000000 THEN :attribute_edge
    WHEN w.same_session = 1 THEN :attribute_session_number
    WHEN w.records = 1 AND w.led = 0 AND (w.kind = 'shared' OR w.other_one = 1) THEN :attribute_application
    WHEN w.at_us - w.from_us >= w.slack_us AND (w.closed = 0 OR w.until_us - w.at_us >= w.slack_us)
      THEN :attribute_session
    ELSE :attribute_near
  END AS strength, 0 AS weak,
  CASE WHEN w.records = 0 AND w.assigned = 0 AND w.led = 0 AND w.same_session = 0 THEN 1 ELSE 0 END AS machine
FROM (
  SELECT
    p.eid AS eid, s.person AS person, coalesce(s.assigned_ip, s.ip, s.workstation) AS seat, s.system AS system,
    s.name AS name, s.sure AS sure, s.closed AS closed,
    s.from_us AS from_us, s.until_us AS until_us, s.lapses_us AS lapses_us, s.records AS records,
    CASE WHEN s.assigned_ip IS NULL THEN 0 ELSE 1 END AS assigned, a.kind AS kind, p.at_us AS at_us,
    CASE WHEN p.at_us >= s.from_us AND p.at_us < s.until_us THEN 1 ELSE 0 END AS inside,
    CASE WHEN substring(p.place, 1, 2) = 's:' THEN 1 ELSE 0 END AS same_session,
    CASE WHEN substring(p.place, 1, 2) = 'g:' THEN 1 ELSE 0 END AS led,
    CASE WHEN substring(p.place, 1, 2) = 'a:' OR z.ip IS NOT NULL THEN 1 ELSE 0 END AS unsure,
    CASE WHEN b.account IS NOT NULL AND o.system IS NULL THEN 1 ELSE 0 END AS other_one,
    1000000 + CASE
      WHEN a.system = s.system THEN 0 ELSE least(p.wide_us + s.wide_us, :attribute_clock_seconds * 1000000)
    END AS slack_us
  FROM asked_place AS p
  JOIN session_place AS sp ON sp.place = p.place AND sp.slot = p.slot
  JOIN session AS s ON s.eid = sp.eid
  JOIN asked_at AS a ON a.eid = p.eid
  LEFT JOIN (SELECT DISTINCT x.account AS account FROM application_of AS x) AS b ON b.account = a.account
  LEFT JOIN application_of AS o ON o.account = a.account AND o.system = s.system
  LEFT JOIN crowd AS z ON z.ip = a.ip AND z.day = a.day AND p.place = concat('i:', z.ip)
    AND (a.workstation IS NULL OR s.workstation IS NULL) AND s.assigned_ip IS NULL
  WHERE (
      substring(p.place, 1, 2) IN ('w:', 'g:')
      OR (substring(p.place, 1, 2) = 'a:' AND a.workstation <> s.workstation AND a.short IN (a.workstation, s.workstation))
      OR (
        substring(p.place, 1, 2) = 'i:' AND (
          coalesce(a.workstation = s.workstation, TRUE)
          OR coalesce(a.short = s.short AND a.short IN (a.workstation, s.workstation), FALSE)
        )
      )
      OR (
        substring(p.place, 1, 2) = 's:' AND length(s.session_id) >= 6
        AND (a.system <> s.system OR NOT regexp_matches(s.session_id, '^[0-9]+$'))
      )
    )
) AS w
WHERE w.at_us >= w.from_us - w.slack_us AND w.at_us < w.until_us + w.slack_us
UNION ALL
SELECT
  l.eid AS eid, s.person AS person, coalesce(s.assigned_ip, s.ip, s.workstation) AS seat, s.system AS system,
  s.name AS name, l.at_us AS at_us,
  1000000 + least(l.wide_us + s.wide_us, :attribute_clock_seconds * 1000000) AS slack_us,
  s.sure * CASE WHEN k.alone = 1 AND l.direct = 1 AND l.at_us < s.lapses_us THEN :attribute_near ELSE :attribute_edge END
    AS strength,
  1 - k.alone AS weak, 0 AS machine
FROM led AS l
JOIN session AS s ON s.eid = l.session
JOIN asked_at AS a ON a.eid = l.eid
JOIN led_client AS k ON k.account = a.account AND k.client = l.client
WHERE l.direct = 1 OR k.alone = 1

-- name: site_of
-- description: The site of each department.
SELECT d.department AS department, min(d.site) AS site FROM departments AS d GROUP BY d.department

-- name: evidence_for
-- description: What speaks for each person of whom a session was met, one row a kind: the strongest session (`session`; several
--   at one place say the same thing, that the person was there), a badge in the department (`badge`) or on the site
--   (`site`), a shift (`shift`; behind a department's account one in that department).
WITH strongest AS (
  SELECT
    m.eid AS eid, m.person AS person, m.system AS system, m.name AS name, m.strength AS strength, m.at_us AS at_us,
    row_number() OVER (PARTITION BY m.eid, m.person ORDER BY m.strength DESC, m.system, m.name) AS place
  FROM met AS m
),
claimed AS (
  SELECT g.eid AS eid, g.person AS person, max(g.at_us) AS at_us, CAST(floor(max(g.at_us) / 86400000000.0) AS BIGINT) AS slot
  FROM strongest AS g
  GROUP BY g.eid, g.person
)
SELECT g.eid AS eid, g.person AS person, 'session' AS kind, g.system AS system, 'events' AS source_table,
  g.name AS source_id, g.strength AS strength
FROM strongest AS g
WHERE g.place = 1
UNION ALL
SELECT c.eid AS eid, c.person AS person,
  CASE WHEN a.department = b.department THEN 'badge' ELSE 'site' END AS kind, 'badge' AS system,
  'events' AS source_table, min(b.name) AS source_id,
  max(CASE WHEN a.department = b.department THEN :attribute_badge ELSE :attribute_site END) AS strength
FROM claimed AS c
JOIN asked_at AS a ON a.eid = c.eid
JOIN presence_of AS b ON b.person = c.person AND b.slot = c.slot AND b.from_us <= c.at_us AND b.until_us > c.at_us
LEFT JOIN site_of AS h ON h.department = a.department
WHERE a.department = b.department OR b.site = coalesce(a.site, h.site)
GROUP BY c.eid, c.person, a.department = b.department
UNION ALL
SELECT c.eid AS eid, c.person AS person, 'shift' AS kind, 'shifts' AS system, 'shifts' AS source_table,
  min(d.src) AS source_id, :attribute_shift AS strength
FROM claimed AS c
JOIN asked_at AS a ON a.eid = c.eid
JOIN duty_of AS d ON d.person = c.person AND d.slot = c.slot AND d.from_us <= c.at_us AND d.until_us > c.at_us
WHERE a.kind = 'service' OR d.department = a.department
GROUP BY c.eid, c.person

-- name: elsewhere
-- description: Of these people, whom a badge saw on another site at that time, by more than the clocks may be wrong.
SELECT m.eid AS eid, m.person AS person, min(b.name) AS source_id
FROM (
  SELECT x.eid AS eid, x.person AS person, max(x.at_us) AS at_us, max(x.slack_us) AS slack_us FROM met AS x
  GROUP BY x.eid, x.person
) AS m
JOIN asked_at AS a ON a.eid = m.eid
JOIN presence_of AS b ON b.person = m.person AND b.slot = CAST(floor(m.at_us / 86400000000.0) AS BIGINT)
  AND b.from_us + m.slack_us <= m.at_us AND b.until_us - m.slack_us > m.at_us
LEFT JOIN site_of AS h ON h.department = a.department
WHERE b.site <> coalesce(a.site, h.site) AND b.site <> 'remote' AND coalesce(a.site, h.site) <> 'remote'
GROUP BY m.eid, m.person

-- name: off_duty
-- description: Of these people, who had no shift in the department of the account while others had one.
SELECT m.eid AS eid, m.person AS person
FROM (
  SELECT x.eid AS eid, x.person AS person, max(x.at_us) AS at_us, CAST(floor(max(x.at_us) / 86400000000.0) AS BIGINT) AS slot
  FROM met AS x
  GROUP BY x.eid, x.person
) AS m
JOIN asked_at AS a ON a.eid = m.eid AND a.kind = 'shared'
JOIN duty_of AS d ON d.department = a.department AND d.slot = m.slot AND d.from_us <= m.at_us AND d.until_us > m.at_us
GROUP BY m.eid, m.person
HAVING max(CASE WHEN d.person = m.person THEN 1 ELSE 0 END) = 0

-- name: two_places
-- description: Of these people, who had another session open somewhere else at that time: one of the two may be somebody
--   else's doing.
SELECT DISTINCT m.eid AS eid, m.person AS person
FROM met AS m
JOIN session_slot AS o ON o.person = m.person AND o.slot = CAST(floor(m.at_us / 86400000000.0) AS BIGINT)
  AND o.from_us <= m.at_us AND o.until_us > m.at_us AND o.place <> m.seat

-- name: known_day
-- description: Days of the common clock and sites of which the hospital knows who was there: doors that told of somebody,
--   shifts.
SELECT DISTINCT b.slot AS slot, b.site AS site FROM presence_of AS b
UNION
SELECT DISTINCT d.slot AS slot, h.site AS site
FROM duty_of AS d
LEFT JOIN site_of AS h ON h.department = d.department

-- name: unseen
-- description: Of these people, whose only trace is a session at the machine, while the hospital knows who was there that day
--   and has neither door nor shift for them: somebody else may sit at what they left open.
SELECT m.eid AS eid, m.person AS person
FROM (
  SELECT x.eid AS eid, x.person AS person, CAST(floor(max(x.at_us) / 86400000000.0) AS BIGINT) AS slot
  FROM met AS x
  GROUP BY x.eid, x.person
  HAVING min(x.machine) = 1
) AS m
JOIN asked_at AS a ON a.eid = m.eid
LEFT JOIN site_of AS h ON h.department = a.department
JOIN known_day AS k ON k.slot = m.slot AND coalesce(k.site = coalesce(a.site, h.site), TRUE)
LEFT JOIN (
  SELECT DISTINCT e.eid AS eid, e.person AS person FROM evidence_for AS e WHERE e.kind <> 'session'
) AS v ON v.eid = m.eid AND v.person = m.person
WHERE v.eid IS NULL
GROUP BY m.eid, m.person

-- name: by_itself
-- description: Application accounts that, in this hour from this host, often ran with nobody signed in there: on at least
--   `service_days` days, and a quarter of all. It may have been the machine itself. An account that as a rule runs with nobody
--   signed in (three quarters of all its hours) is a job's, and a job moves: where that holds for an hour, too, whatever the
--   host, it may have been the job at any of its hosts.
WITH ran AS (
  SELECT
    a.account AS account, a.day AS day, coalesce(a.workstation, a.ip, '') AS host,
    CAST(floor((a.time_us + a.offset_us - a.day * 86400000000) / 3600000000.0) AS INTEGER) AS hour,
    min(CASE WHEN m.eid IS NULL THEN 0 ELSE 1 END) AS always, max(CASE WHEN m.eid IS NULL THEN 0 ELSE 1 END) AS met
  FROM asked_at AS a
  LEFT JOIN (SELECT DISTINCT y.eid AS eid FROM met AS y) AS m ON m.eid = a.eid
  WHERE a.kind = 'service'
  GROUP BY a.account, a.day, coalesce(a.workstation, a.ip, ''),
    CAST(floor((a.time_us + a.offset_us - a.day * 86400000000) / 3600000000.0) AS INTEGER)
),
ran_hour AS (
  SELECT r.account AS account, r.day AS day, r.hour AS hour, 1 - max(r.met) AS alone FROM ran AS r
  GROUP BY r.account, r.day, r.hour
),
job AS (
  SELECT h.account AS account FROM ran_hour AS h GROUP BY h.account HAVING sum(h.alone) * 4 >= count(*) * 3
)
SELECT q.account AS account, q.host AS host, q.hour AS hour
FROM (
  SELECT r.account AS account, r.host AS host, r.hour AS hour, count(*) AS days, sum(1 - r.always) AS alone
  FROM ran AS r
  GROUP BY r.account, r.host, r.hour
) AS q
WHERE q.alone >= greatest(1, :service_days) AND q.alone * 4 >= q.days
UNION
SELECT r.account AS account, r.host AS host, r.hour AS hour
FROM ran AS r
JOIN job AS j ON j.account = r.account
JOIN (
  SELECT h.account AS account, h.hour AS hour FROM ran_hour AS h
  GROUP BY h.account, h.hour
  HAVING sum(h.alone) >= greatest(1, :service_days) AND sum(h.alone) * 4 >= count(*) * 3
) AS k ON k.account = r.account AND k.hour = r.hour

-- name: claim
-- description: Of each use every person who may have made it, with the confidence. support = 1 - product(1 - strength) over
--   the evidence; its odds (times `attribute_elsewhere` where a badge says otherwise, times `attribute_off_duty` where only
--   others had the shift, times `attribute_two_places` where the person was signed in elsewhere too, times
--   `attribute_unseen` where the person's session at the machine stands alone) compete with those of all others, with 1 for
--   somebody who left no trace, with a session's odds for a machine that often runs by itself, and where the trace is only
--   that a bastion led there with those of such a trace, for the account is used from there otherwise.
WITH supported AS (
  SELECT e.eid AS eid, e.person AS person, least(0.9999, 1 - exp(sum(ln(1 - least(e.strength, 0.9999))))) AS support
  FROM evidence_for AS e
  GROUP BY e.eid, e.person
),
weighed AS (
  SELECT
    s.eid AS eid, s.person AS person,
    s.support / (1 - s.support) * CASE WHEN w.eid IS NULL THEN 1.0 ELSE :attribute_elsewhere END
      * CASE WHEN o.eid IS NULL THEN 1.0 ELSE :attribute_off_duty END
      * CASE WHEN t.eid IS NULL THEN 1.0 ELSE :attribute_two_places END
      * CASE WHEN n.eid IS NULL THEN 1.0 ELSE :attribute_unseen END AS odds
  FROM supported AS s
  LEFT JOIN elsewhere AS w ON w.eid = s.eid AND w.person = s.person
  LEFT JOIN off_duty AS o ON o.eid = s.eid AND o.person = s.person
  LEFT JOIN two_places AS t ON t.eid = s.eid AND t.person = s.person
  LEFT JOIN unseen AS n ON n.eid = s.eid AND n.person = s.person
)
SELECT
  g.eid AS eid, g.person AS person, g.odds AS odds,
  g.odds / (
    1 + sum(g.odds) OVER (PARTITION BY g.eid)
    + CASE WHEN b.account IS NULL THEN 0 ELSE :attribute_session / (1 - :attribute_session) END
    + CASE WHEN v.eid IS NULL THEN 0 ELSE :attribute_edge / (1 - :attribute_edge) END
  ) AS confidence
FROM weighed AS g
JOIN asked_at AS a ON a.eid = g.eid
LEFT JOIN (SELECT y.eid AS eid FROM met AS y GROUP BY y.eid HAVING min(y.weak) = 1) AS v ON v.eid = g.eid
LEFT JOIN by_itself AS b ON b.account = a.account AND b.host = coalesce(a.workstation, a.ip, '')
  AND b.hour = CAST(floor((a.time_us + a.offset_us - a.day * 86400000000) / 3600000000.0) AS INTEGER)

-- name: attribution
-- description: Who it was, one row a use with a trace: `named` where one person reaches `attribute_confidence`; `several`
--   where only all together do; `traced` where even they do not, and it may have been somebody else.
SELECT
  u.eid AS eid, a.account AS account, a.kind AS kind,
  CASE
    WHEN u.best >= :attribute_confidence THEN 'named'
    WHEN u.whole >= :attribute_confidence THEN 'several'
    ELSE 'traced'
  END AS state,
  CASE WHEN u.best >= :attribute_confidence THEN u.person END AS person, u.best AS confidence, u.people AS people
FROM (
  SELECT c.eid AS eid, max(c.confidence) AS best, sum(c.confidence) AS whole, CAST(count(*) AS INTEGER) AS people,
    min(CASE WHEN c.confidence >= :attribute_confidence THEN c.person END) AS person
  FROM claim AS c
  GROUP BY c.eid
) AS u
JOIN asked_at AS a ON a.eid = u.eid

-- name: acting
-- description: Each such account in the hands of each person who is named for it or is one of several, and in nobody's
--   (`person` empty): judged beside the accounts themselves.
SELECT DISTINCT t.account AS login, c.person AS person
FROM attribution AS t
JOIN claim AS c ON c.eid = t.eid
WHERE t.state = 'several' OR (t.state = 'named' AND c.person = t.person)
UNION ALL
SELECT DISTINCT t.account AS login, CAST(NULL AS VARCHAR) AS person
FROM attribution AS t
WHERE t.state = 'several'
