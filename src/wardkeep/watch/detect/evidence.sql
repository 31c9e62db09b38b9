-- name: evidence_open
-- description: Events without any reason in the time of a picked finding.
SELECT pk.finding_no AS finding_no, u.eid AS eid, u.p AS p, u.time_us AS time_us
FROM picked AS pk
JOIN unexplained AS u ON u.a = pk.a AND u.time_us >= pk.first_us AND u.time_us <= pk.last_us
WHERE pk.evidence = 'open' AND (pk.p IS NULL OR u.p = pk.p)

-- name: evidence_stray
-- description: Of these, the patients with whom the reader's department has nothing to do.
SELECT pk.finding_no AS finding_no, u.eid AS eid, u.p AS p, u.time_us AS time_us
FROM picked AS pk
JOIN unexplained AS u ON u.a = pk.a AND u.time_us >= pk.first_us AND u.time_us <= pk.last_us
JOIN signal AS s ON s.a = u.a AND s.p = u.p AND s.stray = 1 AND s.first_us <= u.time_us AND s.last_us >= u.time_us
WHERE pk.evidence = 'stray'

-- name: evidence_statement
-- description: Exports, prints and queries without a ticket of `bulk_records` or more.
SELECT pk.finding_no AS finding_no, st.eid AS eid, CAST(NULL AS INTEGER) AS p, st.time_us AS time_us
FROM picked AS pk
JOIN statement AS st ON st.a = pk.a AND st.time_us >= pk.first_us AND st.time_us <= pk.last_us
WHERE pk.evidence = 'statement' AND st.ticket_id IS NULL AND st.records >= :bulk_records

-- name: evidence_travel
-- description: Changes of site, the event before each, and what was opened around them without reason.
SELECT pk.finding_no AS finding_no, m.eid AS eid, m.p AS p, m.time_us AS time_us
FROM picked AS pk
JOIN (
  SELECT x.a AS a, x.day AS day, x.eid AS eid, CAST(NULL AS INTEGER) AS p, x.time_us AS time_us FROM travel AS x
  UNION
  SELECT y.a AS a, y.day AS day, y.before_eid AS eid, CAST(NULL AS INTEGER) AS p, y.before_us AS time_us FROM travel AS y
  UNION
  SELECT z.a AS a, z.day AS day, u.eid AS eid, u.p AS p, u.time_us AS time_us
  FROM travel AS z
  JOIN unexplained AS u ON u.a = z.a AND u.day = z.day AND u.time_us >= z.opens_us AND u.time_us <= z.closes_us
  JOIN signal AS s ON s.a = u.a AND s.p = u.p AND s.lone = 1 AND s.first_us <= u.time_us AND s.last_us >= u.time_us
) AS m ON m.a = pk.a AND m.day = pk.first_day
WHERE pk.evidence = 'travel'

-- name: evidence_search
-- description: Searches and denied openings.
SELECT pk.finding_no AS finding_no, e.eid AS eid, pd.p AS p, e.time_us AS time_us
FROM picked AS pk
JOIN account_dim AS ad ON ad.a = pk.a
JOIN events AS e ON e.account = ad.account AND e.time_us >= pk.first_us AND e.time_us <= pk.last_us
LEFT JOIN patient_dim AS pd ON pd.patient_id = e.patient_id
WHERE pk.evidence = 'search' AND (e.action = 'search' OR (e.outcome <> 'success' AND e.action NOT IN ('login', 'logout')))

-- name: evidence_sequence
-- description: Records opened in sequence.
SELECT pk.finding_no AS finding_no, u.eid AS eid, u.p AS p, u.time_us AS time_us
FROM picked AS pk
JOIN sequence AS sq ON sq.a = pk.a AND sq.first_us >= pk.first_us - 3600000000 AND sq.last_us <= pk.last_us AND sq.run >= :sequence_run
JOIN unexplained AS u ON u.a = sq.a AND u.time_us >= sq.first_us AND u.time_us <= sq.last_us
WHERE pk.evidence = 'search'

-- name: evidence_statistics
-- description: Queries for statistics, and pieces of one.
SELECT pk.finding_no AS finding_no, m.eid AS eid, CAST(NULL AS INTEGER) AS p, m.time_us AS time_us
FROM picked AS pk
JOIN (
  SELECT st.a AS a, st.eid AS eid, st.time_us AS time_us
  FROM worded AS st
  JOIN statistics_text AS sx ON sx.eid = st.eid AND (sx.lines = 0 OR st.records >= :bulk_records)
  UNION
  SELECT pc.a AS a, pc.eid AS eid, pc.time_us AS time_us
  FROM statistics_piece AS pc
  JOIN split AS w ON w.a = pc.a AND pc.day >= w.first_day AND pc.day <= w.day
) AS m ON m.a = pk.a AND m.time_us >= pk.first_us AND m.time_us <= pk.last_us
WHERE pk.evidence = 'statistics'

-- name: evidence_edit
-- description: Changes and deletions when nothing should change any more.
SELECT pk.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us
FROM picked AS pk
JOIN edit AS x ON x.a = pk.a AND x.time_us >= pk.first_us AND x.time_us <= pk.last_us
WHERE pk.evidence = 'edit'

-- name: evidence_direct
-- description: Changes and deletions by a statement in a database.
SELECT pk.finding_no AS finding_no, x.eid AS eid, CAST(NULL AS INTEGER) AS p, x.time_us AS time_us
FROM picked AS pk
JOIN direct AS x ON x.a = pk.a AND x.time_us >= pk.first_us AND x.time_us <= pk.last_us
WHERE pk.evidence = 'direct'

-- name: evidence_overlap
-- description: Changes of workstation and back.
SELECT pk.finding_no AS finding_no, m.eid AS eid, CAST(NULL AS INTEGER) AS p, m.time_us AS time_us
FROM picked AS pk
JOIN (
  SELECT x.a AS a, x.eid AS eid, x.time_us AS time_us FROM switched AS x
  UNION
  SELECT y.a AS a, y.before_eid AS eid, y.before_us AS time_us FROM switched AS y
  UNION
  SELECT z.a AS a, z.first_eid AS eid, z.first_us AS time_us FROM switched AS z
) AS m ON m.a = pk.a AND m.time_us >= pk.first_us AND m.time_us <= pk.last_us
WHERE pk.evidence = 'overlap'

-- name: evidence
-- description: The events of every picked finding.
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_open AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_stray AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_statement AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_travel AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_search AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_sequence AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_statistics AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_overlap AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_edit AS x
UNION
SELECT x.finding_no AS finding_no, x.eid AS eid, x.p AS p, x.time_us AS time_us FROM evidence_direct AS x

-- name: evidence_named
-- description: The same with the names that outputs print.
SELECT v.finding_no AS finding_no, v.eid AS eid, e.name AS name, pd.patient_id AS patient_id, v.time_us AS time_us
FROM evidence AS v
JOIN events AS e ON e.eid = v.eid
LEFT JOIN patient_dim AS pd ON pd.p = v.p

-- name: quiet_day
-- description: Days on which an account of a person or of a department opened records and nothing was found, in whosever
--   hands it was: what the lot is drawn from.
SELECT ad.account AS account, d.day AS day
FROM (
  SELECT x.base AS a, w.day AS day
  FROM (SELECT v.a AS a, v.day AS day FROM visit AS v WHERE v.last_us >= :from_us GROUP BY v.a, v.day) AS w
  JOIN account_dim AS x ON x.a = w.a
  GROUP BY x.base, w.day
) AS d
JOIN account_dim AS ad ON ad.a = d.a AND ad.kind IN ('person', 'shared')
LEFT JOIN (
  SELECT x.base AS a, od.day AS day FROM open_day AS od JOIN account_dim AS x ON x.a = od.a GROUP BY x.base, od.day
) AS o ON o.a = d.a AND o.day = d.day
LEFT JOIN (
  SELECT x.base AS a, f.first_day AS day FROM finding AS f JOIN account_dim AS x ON x.a = f.a GROUP BY x.base, f.first_day
) AS g ON g.a = d.a AND g.day = d.day
WHERE o.a IS NULL AND g.a IS NULL

-- name: day_event
-- description: Everything that an asked account touched on an asked local day.
SELECT k.a AS a, t.day AS day, t.eid AS eid, e.name AS name, pd.patient_id AS patient_id, t.time_us AS time_us
FROM asked_day AS k
JOIN account_dim AS ad ON ad.base = k.a
JOIN touch AS t ON t.a = ad.a AND t.day = k.day
JOIN events AS e ON e.eid = t.eid
JOIN patient_dim AS pd ON pd.p = t.p
