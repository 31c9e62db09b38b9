-- name: moment_reason
-- description: Documented reasons of single events, the best one each.
WITH found AS (
  SELECT
    c.eid AS eid, 15 AS preference, 'cover' AS reason, sp.source_table AS source_table, sp.src AS source_id,
    sp.recorded_us AS recorded_us, concat('shifts:', c.shift_src) AS support
  FROM by_cover AS c
  JOIN span AS sp ON sp.span_id = c.span_id
  UNION ALL
  SELECT
    c.eid AS eid, 16 AS preference, 'consent' AS reason, 'consents' AS source_table, c.src AS source_id,
    CAST(NULL AS BIGINT) AS recorded_us, CAST(NULL AS VARCHAR) AS support
  FROM by_consent AS c
  UNION ALL
  SELECT
    k.eid AS eid, CASE WHEN k.kind = 'research' THEN 17 ELSE 18 END AS preference,
    CASE WHEN k.kind = 'research' THEN 'research' ELSE 'ticket' END AS reason, 'tickets' AS source_table,
    k.ticket_id AS source_id, CAST(NULL AS BIGINT) AS recorded_us,
    CASE WHEN k.kind = 'research' THEN concat('consents:', k.consent_src) ELSE k.kind END AS support
  FROM by_ticket AS k
  UNION ALL
  SELECT
    s.eid AS eid, 18 AS preference, 'ticket' AS reason, 'tickets' AS source_table, s.ticket_id AS source_id,
    CAST(NULL AS BIGINT) AS recorded_us, s.kind AS support
  FROM statement AS s
  WHERE s.ticket_id IS NOT NULL
  UNION ALL
  SELECT
    b.eid AS eid, 19 AS preference, 'service' AS reason, 'accounts' AS source_table, ad.account AS source_id,
    CAST(NULL AS BIGINT) AS recorded_us, concat('days:', b.days) AS support
  FROM by_service AS b
  JOIN service_event AS se ON se.eid = b.eid
  JOIN account_dim AS ad ON ad.a = se.a
  UNION ALL
  SELECT
    r.eid AS eid, r.choice AS preference,
    CASE WHEN r.choice = 20 THEN 'assigned_case' ELSE 'audit_mandate' END AS reason,
    CASE WHEN r.choice = 20 THEN 'assignments' ELSE 'mandates' END AS source_table, r.src AS source_id,
    CAST(NULL AS BIGINT) AS recorded_us, CAST(NULL AS VARCHAR) AS support
  FROM by_reviewer AS r
  UNION ALL
  SELECT
    g.eid AS eid, g.preference AS preference, g.reason AS reason, g.source_table AS source_table,
    g.source_id AS source_id, g.recorded_us AS recorded_us, g.support AS support
  FROM agreed AS g
),
best AS (
  SELECT f.eid AS eid, min(f.preference) AS preference FROM found AS f GROUP BY f.eid
)
SELECT
  f.eid AS eid, f.reason AS reason, f.preference AS preference, min(f.source_table) AS source_table,
  min(f.source_id) AS source_id, min(f.recorded_us) AS recorded_us, min(f.support) AS support
FROM found AS f
JOIN best AS b ON b.eid = f.eid AND b.preference = f.preference
GROUP BY f.eid, f.reason, f.preference

-- name: weak_reason
-- description: Reasons inferred from use itself, the best one for each event that no documented reason explains.
WITH found AS (
  SELECT
    s.eid AS eid, 22 AS preference, 'mistake' AS reason, 'events' AS source_table, CAST(NULL AS BIGINT) AS span_id,
    s.right_eid AS entry_eid, CAST(NULL AS VARCHAR) AS src, CAST(NULL AS VARCHAR) AS support
  FROM by_mistake AS s
  UNION ALL
  SELECT
    r.eid AS eid, 23 AS preference, 'charted' AS reason, 'events' AS source_table, CAST(NULL AS BIGINT) AS span_id,
    c.entry_eid AS entry_eid, CAST(NULL AS VARCHAR) AS src, CAST(NULL AS VARCHAR) AS support
  FROM by_charting AS c
  JOIN residue AS r ON r.a = c.a AND r.p = c.p AND r.day = c.day
  UNION ALL
  SELECT
    r.eid AS eid, 24 AS preference, 'presence' AS reason, 'span' AS source_table, pr.choice % 100000000000 AS span_id,
    CAST(NULL AS BIGINT) AS entry_eid, CAST(NULL AS VARCHAR) AS src,
    CASE
      WHEN pr.workstation IS NULL THEN concat('entries:', CAST(pr.entries AS VARCHAR))
      ELSE concat('workstation:', pr.workstation, ' accounts:', CAST(pr.accounts AS VARCHAR))
    END AS support
  FROM by_presence AS pr
  JOIN residue AS r ON r.a = pr.a AND r.p = pr.p AND r.day = pr.day
  UNION ALL
  SELECT
    r.eid AS eid, 25 AS preference, 'follow_up' AS reason, 'encounters' AS source_table,
    CAST(NULL AS BIGINT) AS span_id, CAST(NULL AS BIGINT) AS entry_eid, f.src AS src, CAST(NULL AS VARCHAR) AS support
  FROM by_follow_up AS f
  JOIN residue AS r ON r.a = f.a AND r.p = f.p AND r.day = f.day
  UNION ALL
  SELECT
    r.eid AS eid, 26 AS preference, 'learned' AS reason, 'span' AS source_table, g.span_id AS span_id,
    CAST(NULL AS BIGINT) AS entry_eid, CAST(NULL AS VARCHAR) AS src,
    concat(
      'patients:', CAST(g.patients AS VARCHAR), ' accounts:', CAST(g.accounts AS VARCHAR), ' lift:',
      CAST(round(g.lift, 1) AS VARCHAR), ' coverage:', CAST(round(g.coverage, 2) AS VARCHAR)
    ) AS support
  FROM by_learning AS g
  JOIN residue AS r ON r.a = g.a AND r.p = g.p AND r.day = g.day
),
best AS (
  SELECT f.eid AS eid, min(f.preference) AS preference
  FROM found AS f
  LEFT JOIN moment_reason AS m ON m.eid = f.eid
  WHERE m.eid IS NULL
  GROUP BY f.eid
)
SELECT
  f.eid AS eid, f.reason AS reason, coalesce(sp.source_table, f.source_table) AS source_table,
  coalesce(sp.src, e.name, f.src) AS source_id, sp.recorded_us AS recorded_us, f.support AS support
FROM found AS f
JOIN best AS b ON b.eid = f.eid AND b.preference = f.preference
LEFT JOIN span AS sp ON sp.span_id = f.span_id
LEFT JOIN events AS e ON e.eid = f.entry_eid

-- name: event_reason
-- description: Every reason of single events: documented ones, and those inferred from use.
SELECT
  m.eid AS eid, m.reason AS reason, m.source_table AS source_table, m.source_id AS source_id,
  m.recorded_us AS recorded_us, m.support AS support
FROM moment_reason AS m
UNION ALL
SELECT
  w.eid AS eid, w.reason AS reason, w.source_table AS source_table, w.source_id AS source_id,
  w.recorded_us AS recorded_us, w.support AS support
FROM weak_reason AS w

-- name: unexplained
-- description: Events of the judged time without any reason.
SELECT
  r.eid AS eid, r.a AS a, r.p AS p, r.day AS day, r.time_us AS time_us, r.offset_us AS offset_us, r.wrote AS wrote,
  r.took AS took, r.broke AS broke, r.s AS s, r.barred AS barred
FROM residue AS r
LEFT JOIN event_reason AS er ON er.eid = r.eid
WHERE er.eid IS NULL AND r.time_us >= :from_us

-- name: daily
-- description: Events of the judged time that touched a record, and those without a reason, by local day and system.
SELECT t.day AS day, sd.system AS system, t.n AS events, coalesce(u.n, 0) AS unexplained
FROM (
  SELECT x.day AS day, x.s AS s, count(*) AS n FROM touch AS x WHERE x.time_us >= :from_us GROUP BY x.day, x.s
) AS t
JOIN system_dim AS sd ON sd.s = t.s
LEFT JOIN (
  SELECT y.day AS day, y.s AS s, count(*) AS n FROM unexplained AS y GROUP BY y.day, y.s
) AS u ON u.day = t.day AND u.s = t.s

-- name: reason_count
-- description: Events of the judged time by the reason that explains them, counted by visit where it holds the whole day.
SELECT f.reason AS reason, CAST(sum(f.events) AS BIGINT) AS events
FROM (
  SELECT sp.reason AS reason, g.events AS events
  FROM (
    SELECT floor(vr.choice / 100000000000.0) AS preference, min(vr.choice) AS choice, sum(v.judged) AS events
    FROM visit_reason AS vr
    JOIN visit AS v ON v.a = vr.a AND v.p = vr.p AND v.day = vr.day
    GROUP BY floor(vr.choice / 100000000000.0)
  ) AS g
  JOIN span AS sp ON sp.span_id = g.choice % 100000000000
  UNION ALL
  SELECT er.reason AS reason, count(*) AS events
  FROM event_reason AS er
  JOIN (
    SELECT r.eid AS eid, r.time_us AS time_us FROM residue AS r
    UNION ALL
    SELECT s.eid AS eid, s.time_us AS time_us FROM statement AS s
  ) AS e ON e.eid = er.eid AND e.time_us >= :from_us
  GROUP BY er.reason
) AS f
GROUP BY f.reason
HAVING sum(f.events) > 0
