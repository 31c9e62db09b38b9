-- name: uncounted
-- description: Systems whose statements never tell how many rows they gave: every one of them has the 1 that stands for no number.
SELECT e.system AS system
FROM events AS e
WHERE e.patient_id IS NULL AND e.query IS NOT NULL AND e.action IN ('query', 'export')
GROUP BY e.system
HAVING max(e.count) <= 1 AND min(e.count) = 1

-- name: worded
-- description: Statements that name no patient, with the ticket that covers them, and those that write: what is written may be read
--   first. `counted` is 0 where nobody tells how many rows it gave.
SELECT
  st.eid AS eid, st.a AS a, st.day AS day, st.time_us AS time_us, st.records AS records, st.ticket_id AS ticket_id,
  st.kind AS kind, 0 AS writes, CASE WHEN uc.system IS NULL THEN 1 ELSE 0 END AS counted
FROM statement AS st
JOIN events AS e ON e.eid = st.eid
LEFT JOIN uncounted AS uc ON uc.system = e.system
UNION ALL
SELECT
  e.eid AS eid, ad.a AS a, e.day AS day, e.time_us AS time_us, e.count AS records, CAST(NULL AS VARCHAR) AS ticket_id,
  CAST(NULL AS VARCHAR) AS kind, 1 AS writes, 1 AS counted
FROM events AS e
JOIN account_dim AS b ON b.account = e.account
LEFT JOIN acted AS ac ON ac.eid = e.eid
JOIN account_dim AS ad ON ad.a = coalesce(ac.a, b.a)
WHERE e.patient_id IS NULL AND e.action IN ('create', 'update', 'delete') AND e.outcome = 'success' AND e.query IS NOT NULL
  AND e.time_us < :to_us

-- name: authorised
-- description: Statements that a ticket for statistics covers at their time; a ticket for other work does not. Where nobody is
--   named it may be the ticket of who likely asked.
SELECT DISTINCT u.eid AS eid
FROM (
  SELECT st.eid AS eid, st.time_us AS time_us, h.account AS account
  FROM worded AS st
  JOIN account_dim AS ad ON ad.a = st.a AND st.day <= ad.until_day
  JOIN holder AS h ON h.a = st.a
  UNION ALL
  SELECT st.eid AS eid, st.time_us AS time_us, ad.account AS account
  FROM worded AS st
  JOIN claim AS c ON c.eid = st.eid
  JOIN (
    SELECT k.eid AS eid, max(k.confidence) AS confidence FROM claim AS k WHERE k.confidence >= :likely GROUP BY k.eid
  ) AS m ON m.eid = c.eid AND m.confidence = c.confidence
  JOIN account_dim AS ad ON ad.person = c.person AND st.day <= ad.until_day
) AS u
JOIN tickets AS k ON k.account = u.account AND k.kind = 'statistics'
  AND k.start_us - :clock_minutes * 60000000 <= u.time_us
  AND coalesce(k.end_us, 9000000000000000) + :clock_minutes * 60000000 > u.time_us

-- name: asked_text
-- description: Statements without such a ticket, with their text: those of the judged time, and of the days before it that
--   pieces count together with.
SELECT
  st.eid AS eid, st.a AS a, st.day AS day, st.time_us AS time_us, st.records AS records, st.ticket_id AS ticket_id,
  st.kind AS ticket_kind, ad.account AS account, ad.person AS person, ad.kind AS kind, e.query AS query, st.writes AS writes,
  st.counted AS counted
FROM worded AS st
JOIN account_dim AS ad ON ad.a = st.a
JOIN events AS e ON e.eid = st.eid AND e.query IS NOT NULL
LEFT JOIN authorised AS au ON au.eid = st.eid
WHERE au.eid IS NULL AND st.time_us >= :from_us - :statistics_days * 86400000000

-- name: split_account
-- description: Per account and day with a piece of a statistic: different pieces, and their records, within
--   `statistics_days`.
SELECT
  d.a AS a, d.day AS day, CAST(count(DISTINCT pc.piece) AS INTEGER) AS pieces, CAST(sum(pc.records) AS BIGINT) AS records,
  min(pc.day) AS first_day
FROM (SELECT x.a AS a, x.day AS day FROM statistics_piece AS x GROUP BY x.a, x.day) AS d
JOIN statistics_piece AS pc ON pc.a = d.a AND pc.day <= d.day AND pc.day > d.day - :statistics_days
GROUP BY d.a, d.day

-- name: split_form
-- description: Per form of statement and day with a piece: the same over the accounts that used it; a form that more than
--   `statistics_accounts` ever use is an application's.
SELECT
  d.form AS form, d.day AS day, CAST(count(DISTINCT pc.piece) AS INTEGER) AS pieces,
  CAST(sum(pc.records) AS BIGINT) AS records, CAST(count(DISTINCT pc.a) AS INTEGER) AS accounts
FROM (SELECT x.form AS form, x.day AS day FROM statistics_piece AS x GROUP BY x.form, x.day) AS d
JOIN (
  SELECT x.form AS form FROM statistics_piece AS x GROUP BY x.form HAVING count(DISTINCT x.a) <= :statistics_accounts
) AS f ON f.form = d.form
JOIN statistics_piece AS pc ON pc.form = d.form AND pc.day <= d.day AND pc.day > d.day - :statistics_days
GROUP BY d.form, d.day
HAVING count(DISTINCT pc.a) >= 2

-- name: split
-- description: Accounts and days on which pieces, of one account or of several by one form, together make a statistic.
SELECT
  u.a AS a, u.day AS day, max(u.pieces) AS pieces, max(u.records) AS records, max(u.accounts) AS accounts,
  min(u.first_day) AS first_day
FROM (
  SELECT
    sa.a AS a, sa.day AS day, sa.pieces AS pieces, sa.records AS records, 1 AS accounts, sa.first_day AS first_day
  FROM split_account AS sa
  UNION ALL
  SELECT
    pc.a AS a, sf.day AS day, sf.pieces AS pieces, sf.records AS records, sf.accounts AS accounts, pc.day AS first_day
  FROM split_form AS sf
  JOIN statistics_piece AS pc ON pc.form = sf.form AND pc.day <= sf.day AND pc.day > sf.day - :statistics_days
) AS u
WHERE u.pieces >= :statistics_pieces OR (u.pieces >= 3 AND u.records >= :bulk_records)
GROUP BY u.a, u.day

-- name: find_statistics
-- description: Queries for medicines, high-value consumables or reagents by prescriber (or department) without a ticket for
--   statistics: sums, copies and reports at once, single lines from `bulk_records` on, and pieces that together make one.
SELECT
  s.a AS a, CAST(NULL AS INTEGER) AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.evidence_day AS evidence_day, s.queries AS queries, s.records AS records,
  s.by_prescriber AS by_prescriber, s.statistics_pieces AS statistics_pieces, s.accounts AS accounts,
  fm.fingerprint AS fingerprint, fm.columns AS columns, fm.parsed AS parsed, s.other_ticket AS other_ticket
FROM (
  SELECT
    st.a AS a, min(st.time_us) AS first_us, max(st.time_us) AS last_us, st.day AS first_day, st.day AS last_day,
    st.day AS evidence_day, CAST(count(*) AS INTEGER) AS queries, max(st.records) AS records,
    max(sx.by_prescriber) = 1 AS by_prescriber, CAST(NULL AS INTEGER) AS statistics_pieces,
    CAST(NULL AS INTEGER) AS accounts, min(sx.form) AS form, min(sx.other_ticket) AS other_ticket
  FROM statistics_text AS sx
  JOIN worded AS st ON st.eid = sx.eid
  WHERE st.time_us >= :from_us AND (sx.lines = 0 OR st.records >= :bulk_records)
  GROUP BY st.a, st.day
  UNION ALL
  SELECT
    w.a AS a, min(pc.time_us) AS first_us, max(pc.time_us) AS last_us, min(w.first_day) AS first_day,
    max(pc.day) AS last_day, min(w.day) AS evidence_day, CAST(count(DISTINCT pc.eid) AS INTEGER) AS queries,
    max(w.records) AS records, max(pc.by_prescriber) = 1 AS by_prescriber, max(w.pieces) AS statistics_pieces,
    max(w.accounts) AS accounts, min(pc.form) AS form, min(pc.other_ticket) AS other_ticket
  FROM split AS w
  JOIN statistics_piece AS pc ON pc.a = w.a AND pc.day >= w.first_day AND pc.day <= w.day
  GROUP BY w.a
) AS s
JOIN statistics_form AS fm ON fm.form = s.form
