-- name: seen_day
-- description: Per account and local day what it did at all, signing in included.
SELECT
  ad.a AS a, e.day AS day, min(e.time_us) AS first_us, max(e.time_us) AS last_us,
  min(CASE WHEN e.site <> 'remote' THEN e.site END) AS low_site,
  max(CASE WHEN e.site <> 'remote' THEN e.site END) AS high_site,
  min(e.workstation) AS low_station, max(e.workstation) AS high_station,
  CAST(sum(CASE WHEN e.action = 'search' THEN 1 ELSE 0 END) AS INTEGER) AS searches,
  CAST(sum(CASE WHEN e.outcome <> 'success' AND e.action NOT IN ('login', 'logout') THEN 1 ELSE 0 END) AS INTEGER) AS denied
FROM events AS e
JOIN account_dim AS ad ON ad.account = e.account
WHERE e.time_us < :to_us
GROUP BY ad.a, e.day

-- name: find_leaver
-- description: Accounts used after employment or enabling had ended.
SELECT u.a AS a, CAST(NULL AS INTEGER) AS p, min(u.time_us) AS first_us, max(u.time_us) AS last_us,
  min(u.day) AS first_day, max(u.day) AS last_day, min(u.day) AS evidence_day,
  CAST(count(*) AS INTEGER) AS accesses, min(u.day) - max(ad.until_day) AS days_after
FROM unexplained AS u
JOIN account_dim AS ad ON ad.a = u.a AND u.day > ad.until_day
GROUP BY u.a

-- name: pause
-- description: Days on which a person's account was used again after `dormant_days` or more without any use. An account
--   that is new counts from its first employment or enabling; what lies before the first event is not known.
SELECT w.a AS a, w.day AS day, w.day - w.before_day AS idle_days
FROM (
  SELECT
    sd.a AS a, sd.day AS day,
    coalesce(lag(sd.day) OVER (PARTITION BY sd.a ORDER BY sd.day), greatest(st.day, n.began_day)) AS before_day
  FROM seen_day AS sd
  CROSS JOIN (SELECT min(x.day) AS day FROM seen_day AS x) AS st
  JOIN (
    SELECT ad.a AS a, max(greatest(coalesce(s.employed_from_day, -9999999), coalesce(ac.enabled_from_day, -9999999))) AS began_day
    FROM account_dim AS ad
    JOIN accounts AS ac ON ac.account = ad.account AND ac.kind = 'person'
    LEFT JOIN staff AS s ON s.staff_id = ac.staff_id
    GROUP BY ad.a
  ) AS n ON n.a = sd.a
) AS w
WHERE w.day - w.before_day >= :dormant_days

-- name: find_dormant
-- description: Accounts that open records without reason within a week after a long pause.
SELECT od.a AS a, CAST(NULL AS INTEGER) AS p, min(od.first_us) AS first_us, max(od.last_us) AS last_us,
  min(od.day) AS first_day, max(od.day) AS last_day, min(od.day) AS evidence_day,
  max(pa.idle_days) AS dormant_days, CAST(sum(od.n) AS INTEGER) AS accesses
FROM open_day AS od
JOIN pause AS pa ON pa.a = od.a AND od.day >= pa.day AND od.day < pa.day + 7
GROUP BY od.a, pa.day

-- name: find_vendor
-- description: Vendors' accounts outside their tickets.
SELECT od.a AS a, CAST(NULL AS INTEGER) AS p, min(od.first_us) AS first_us, max(od.last_us) AS last_us,
  od.day AS first_day, od.day AS last_day, od.day AS evidence_day, CAST(sum(od.n) AS INTEGER) AS accesses,
  CAST(count(*) AS INTEGER) AS patients
FROM open_day AS od
JOIN account_dim AS ad ON ad.a = od.a AND ad.role = 'vendor'
GROUP BY od.a, od.day

-- name: find_service_misuse
-- description: Service accounts at another hour or from another host than on other days.
SELECT u.a AS a, CAST(NULL AS INTEGER) AS p, min(u.time_us) AS first_us, max(u.time_us) AS last_us,
  u.day AS first_day, u.day AS last_day, u.day AS evidence_day, CAST(count(*) AS INTEGER) AS accesses,
  CAST(count(DISTINCT u.p) AS INTEGER) AS patients
FROM unexplained AS u
JOIN account_dim AS ad ON ad.a = u.a AND ad.kind = 'service' AND u.day <= ad.until_day
GROUP BY u.a, u.day

-- name: moved_event
-- description: Events of a person's account on days with two sites or workstations, with the ones before.
SELECT
  ad.a AS a, e.eid AS eid, e.day AS day, e.time_us AS time_us, e.site AS site, e.workstation AS workstation,
  lag(e.eid) OVER (PARTITION BY ad.a ORDER BY e.time_us, e.eid) AS before_eid,
  lag(e.time_us) OVER (PARTITION BY ad.a ORDER BY e.time_us, e.eid) AS before_us,
  lag(e.site) OVER (PARTITION BY ad.a ORDER BY e.time_us, e.eid) AS before_site
FROM events AS e
JOIN account_dim AS ad ON ad.account = e.account AND ad.kind = 'person'
JOIN seen_day AS sd ON sd.a = ad.a AND sd.day = e.day AND sd.low_site <> sd.high_site
WHERE e.time_us < :to_us AND e.site IS NOT NULL AND e.site <> 'remote' AND e.outcome = 'success'

-- name: travel
-- description: Changes of site of one person's account within `travel_minutes`, and when the records that it opened around
--   them may have been opened.
SELECT
  m.a AS a, m.day AS day, m.eid AS eid, m.before_eid AS before_eid, m.before_us AS before_us, m.time_us AS time_us,
  m.before_us - :travel_minutes * 60000000 AS opens_us, m.time_us + :travel_minutes * 60000000 AS closes_us
FROM moved_event AS m
WHERE m.site <> m.before_site AND m.time_us - m.before_us < :travel_minutes * 60000000 AND m.time_us >= :from_us

-- name: find_impossible_travel
-- description: One person's account at two sites within `travel_minutes`, with the patients opened around it without reason
--   with whom nobody of the department works.
SELECT t.a AS a, CAST(NULL AS INTEGER) AS p, min(t.before_us) AS first_us, max(t.time_us) AS last_us,
  t.day AS first_day, t.day AS last_day, t.day AS evidence_day,
  round(min(t.time_us - t.before_us) / 60000000.0, 1) AS travel_minutes, CAST(count(DISTINCT t.eid) AS INTEGER) AS changes,
  CAST(count(DISTINCT s.p) AS INTEGER) AS patients
FROM travel AS t
LEFT JOIN signal AS s ON s.a = t.a AND s.lone = 1 AND s.first_us <= t.closes_us AND s.last_us >= t.opens_us
  AND s.first_day <= t.day AND s.last_day >= t.day
GROUP BY t.a, t.day

-- name: switched
-- description: Events of a person's account on days with two workstations, with the two workstations before.
SELECT
  w.a AS a, w.eid AS eid, w.day AS day, w.time_us AS time_us, w.before_eid AS before_eid, w.before_us AS before_us,
  w.first_eid AS first_eid, w.first_us AS first_us
FROM (
  SELECT
    c.a AS a, c.eid AS eid, c.day AS day, c.time_us AS time_us, c.workstation AS workstation,
    lag(c.eid) OVER (PARTITION BY c.a ORDER BY c.time_us, c.eid) AS before_eid,
    lag(c.time_us) OVER (PARTITION BY c.a ORDER BY c.time_us, c.eid) AS before_us,
    lag(c.last_eid) OVER (PARTITION BY c.a ORDER BY c.time_us, c.eid) AS first_eid,
    lag(c.last_us) OVER (PARTITION BY c.a ORDER BY c.time_us, c.eid) AS first_us,
    lag(c.last_workstation) OVER (PARTITION BY c.a ORDER BY c.time_us, c.eid) AS first_workstation
  FROM (
    SELECT
      l.a AS a, l.eid AS eid, l.day AS day, l.time_us AS time_us, l.workstation AS workstation, l.last_eid AS last_eid,
      l.last_us AS last_us, l.last_workstation AS last_workstation
    FROM (
      SELECT
        ad.a AS a, e.eid AS eid, e.day AS day, e.time_us AS time_us, e.workstation AS workstation,
        lag(e.eid) OVER (PARTITION BY ad.a ORDER BY e.time_us, e.eid) AS last_eid,
        lag(e.time_us) OVER (PARTITION BY ad.a ORDER BY e.time_us, e.eid) AS last_us,
        lag(e.workstation) OVER (PARTITION BY ad.a ORDER BY e.time_us, e.eid) AS last_workstation
      FROM events AS e
      JOIN account_dim AS ad ON ad.account = e.account AND ad.kind = 'person'
      JOIN seen_day AS sd ON sd.a = ad.a AND sd.day = e.day AND sd.low_station <> sd.high_station
      WHERE e.time_us < :to_us AND e.workstation IS NOT NULL AND e.outcome = 'success'
    ) AS l
    WHERE l.workstation <> l.last_workstation
  ) AS c
) AS w
WHERE w.workstation = w.first_workstation AND w.time_us - w.first_us < :overlap_minutes * 60000000

-- name: find_overlap
-- description: One person's account at a workstation, at another, and at the first again within `overlap_minutes`.
SELECT s.a AS a, CAST(NULL AS INTEGER) AS p, min(s.first_us) AS first_us, max(s.time_us) AS last_us,
  s.day AS first_day, s.day AS last_day, s.day AS evidence_day,
  round(min(s.time_us - s.first_us) / 60000000.0, 1) AS overlap_minutes, CAST(count(*) AS INTEGER) AS changes
FROM switched AS s
WHERE s.time_us >= :from_us
GROUP BY s.a, s.day

-- name: asked_record
-- description: Records of which copies were asked for, or about whose care somebody complained, and when.
SELECT pd.p AS p, w.start_us AS asked_us
FROM work_items AS w
JOIN patient_dim AS pd ON pd.patient_id = w.patient_id
WHERE w.kind IN ('copy_request', 'complaint')

-- name: archived_record
-- description: When records were archived, and in which system: that of the archive where its log is read, else any.
SELECT pd.p AS p, ar.archived_us AS archived_us, l.system AS system
FROM archived AS ar
JOIN patient_dim AS pd ON pd.patient_id = ar.patient_id
JOIN (SELECT DISTINCT x.patient_id AS patient_id FROM encounters AS x) AS known ON known.patient_id = pd.patient_id
LEFT JOIN (SELECT DISTINCT y.system AS system FROM events AS y) AS l ON l.system = ar.system

-- name: task
-- description: Tasks in records that were archived or asked for, by account: what is changed for them is by leave. A task of a
--   department is everybody's where it names nobody. That copies were asked for, somebody complained or a result came in lets
--   nobody change a record.
SELECT ad.a AS a, pd.p AS p, w.start_us AS start_us, coalesce(w.end_us, 9000000000000000) AS end_us
FROM work_items AS w
JOIN patient_dim AS pd ON pd.patient_id = w.patient_id
JOIN (SELECT ar.p AS p FROM archived_record AS ar UNION SELECT r.p AS p FROM asked_record AS r) AS k ON k.p = pd.p
JOIN account_dim AS ad ON ad.person = w.staff_id
WHERE w.kind NOT IN ('copy_request', 'complaint', 'result')
UNION ALL
SELECT m.a AS a, pd2.p AS p, y.start_us AS start_us, coalesce(y.end_us, 9000000000000000) AS end_us
FROM work_items AS y
JOIN patient_dim AS pd2 ON pd2.patient_id = y.patient_id
JOIN (SELECT ar2.p AS p FROM archived_record AS ar2 UNION SELECT r2.p AS p FROM asked_record AS r2) AS k2 ON k2.p = pd2.p
JOIN department_dim AS dd ON dd.department = y.department
JOIN membership AS m ON m.d = dd.d
WHERE y.staff_id IS NULL AND y.kind NOT IN ('copy_request', 'complaint', 'result')

-- name: late_visit
-- description: Days on which somebody wrote in a record of which copies had been asked for within `edit_request_days`, unless the
--   patient has come since and is there, or a coder or biller has a task in it; or a physician or nurse without reason in one
--   whose every encounter had ended `edit_after_hours` or longer before; or a person who is no coder or biller, without a task in
--   it, in one that was archived and whose patient had no encounter since. An interface without a person is nobody.
SELECT v.a AS a, v.p AS p, v.day AS day, max(r.asked_us) AS asked_us, CAST(NULL AS BIGINT) AS ended_us,
  CAST(NULL AS BIGINT) AS archived_us, CAST(NULL AS VARCHAR) AS system
FROM visit AS v
JOIN asked_record AS r ON r.p = v.p AND r.asked_us < v.last_us
  AND r.asked_us >= v.first_us - :edit_request_days * 86400000000
JOIN account_dim AS ad ON ad.a = v.a AND ad.kind <> 'service'
JOIN patient_dim AS pd ON pd.p = v.p
LEFT JOIN encounters AS e ON e.patient_id = pd.patient_id AND e.start_us > r.asked_us AND e.start_us <= v.last_us
  AND coalesce(e.end_us, 9000000000000000) > v.first_us - 86400000000
LEFT JOIN task AS tk ON tk.a = v.a AND tk.p = v.p AND tk.start_us <= v.last_us AND tk.end_us > v.first_us
  AND ad.role IN ('coder', 'biller')
WHERE v.wrote > 0 AND v.last_us >= :from_us AND e.patient_id IS NULL AND tk.a IS NULL
GROUP BY v.a, v.p, v.day
UNION ALL
SELECT v.a AS a, v.p AS p, v.day AS day, CAST(NULL AS BIGINT) AS asked_us, max(e.end_us) AS ended_us,
  CAST(NULL AS BIGINT) AS archived_us, CAST(NULL AS VARCHAR) AS system
FROM visit AS v
JOIN account_dim AS ad ON ad.a = v.a AND ad.role IN ('physician', 'nurse')
JOIN (SELECT DISTINCT u.a AS a, u.p AS p, u.day AS day FROM unexplained AS u) AS o
  ON o.a = v.a AND o.p = v.p AND o.day = v.day
JOIN patient_dim AS pd ON pd.p = v.p
JOIN encounters AS e ON e.patient_id = pd.patient_id
WHERE v.wrote > 0 AND v.last_us >= :from_us
GROUP BY v.a, v.p, v.day, v.first_us
HAVING max(coalesce(e.end_us, 9000000000000000)) < v.first_us - :edit_after_hours * 3600000000
UNION ALL
SELECT v.a AS a, v.p AS p, v.day AS day, CAST(NULL AS BIGINT) AS asked_us, CAST(NULL AS BIGINT) AS ended_us,
  max(ar.archived_us) AS archived_us, ar.system AS system
FROM visit AS v
JOIN account_dim AS ad ON ad.a = v.a AND ad.kind <> 'service' AND coalesce(ad.role, '') NOT IN ('coder', 'biller')
JOIN archived_record AS ar ON ar.p = v.p AND ar.archived_us < v.last_us
JOIN patient_dim AS pd ON pd.p = v.p
LEFT JOIN encounters AS e ON e.patient_id = pd.patient_id AND e.start_us <= v.last_us
  AND coalesce(e.end_us, 9000000000000000) > ar.archived_us
LEFT JOIN task AS tk ON tk.a = v.a AND tk.p = v.p AND tk.start_us <= v.last_us AND tk.end_us > v.first_us
WHERE v.wrote > 0 AND v.last_us >= :from_us AND e.patient_id IS NULL AND tk.a IS NULL
GROUP BY v.a, v.p, v.day, ar.system

-- name: removal
-- description: Deletions by account and local day, where they reach `deletes_day` records.
SELECT t.a AS a, t.day AS day, CAST(count(DISTINCT t.p) AS INTEGER) AS records
FROM touch AS t
JOIN events AS e ON e.eid = t.eid AND e.action = 'delete'
WHERE t.time_us >= :from_us AND t.wrote = 1
GROUP BY t.a, t.day
HAVING count(DISTINCT t.p) >= :deletes_day

-- name: edit
-- description: Changes and deletions when nothing should change any more, and deletions of many records.
SELECT t.a AS a, t.p AS p, t.day AS day, t.eid AS eid, t.time_us AS time_us,
  CAST(max(CASE WHEN e.action = 'delete' THEN 1 ELSE 0 END) AS INTEGER) AS deleted,
  min(CASE WHEN lv.asked_us < t.time_us THEN (t.time_us - lv.asked_us) / 3600000000.0 END) AS after_request,
  min((t.time_us - lv.ended_us) / 3600000000.0) AS after_care,
  min(CASE WHEN lv.archived_us < t.time_us THEN (t.time_us - lv.archived_us) / 3600000000.0 END) AS after_archive
FROM late_visit AS lv
JOIN touch AS t ON t.a = lv.a AND t.p = lv.p AND t.day = lv.day AND t.wrote = 1
JOIN events AS e ON e.eid = t.eid AND e.action IN ('update', 'delete') AND (lv.system IS NULL OR e.system = lv.system)
WHERE t.time_us >= :from_us
  AND (lv.asked_us < t.time_us OR lv.ended_us IS NOT NULL OR lv.archived_us < t.time_us)
GROUP BY t.a, t.p, t.day, t.eid, t.time_us
UNION ALL
SELECT t.a AS a, t.p AS p, t.day AS day, t.eid AS eid, t.time_us AS time_us, 1 AS deleted,
  CAST(NULL AS DOUBLE) AS after_request, CAST(NULL AS DOUBLE) AS after_care, CAST(NULL AS DOUBLE) AS after_archive
FROM removal AS rm
JOIN touch AS t ON t.a = rm.a AND t.day = rm.day AND t.wrote = 1
JOIN events AS e ON e.eid = t.eid AND e.action = 'delete'
WHERE t.time_us >= :from_us

-- name: find_late_edit
-- description: Changes or deletions in a record after copies of it were asked for or a complaint was made, after it was
--   archived and without care since and without a task in it, or by a physician or nurse without reason long after the last
--   care; and deletions in many records in a day.
SELECT x.a AS a, CAST(NULL AS INTEGER) AS p, min(x.time_us) AS first_us, max(x.time_us) AS last_us,
  x.day AS first_day, x.day AS last_day, x.day AS evidence_day, CAST(count(DISTINCT x.eid) AS INTEGER) AS edits,
  CAST(count(DISTINCT CASE WHEN x.deleted = 1 THEN x.eid END) AS INTEGER) AS deletions,
  CAST(count(DISTINCT x.p) AS INTEGER) AS records,
  round(min(x.after_request), 1) AS hours_after_request, round(min(x.after_care), 1) AS hours_after_care,
  round(min(x.after_archive), 1) AS hours_after_archive
FROM edit AS x
GROUP BY x.a, x.day

-- name: asked_change
-- description: Statements of accounts that are no application's: whether one changes something is read from its text.
SELECT e.eid AS eid, e.action AS action, e.query AS query
FROM events AS e
JOIN account_dim AS b ON b.account = e.account AND b.kind <> 'service'
WHERE e.patient_id IS NULL AND e.query IS NOT NULL AND e.outcome = 'success' AND e.time_us >= :from_us AND e.time_us < :to_us

-- name: untold
-- description: Systems that log statements and never tell a number of rows.
SELECT x.system AS system
FROM events AS x
WHERE x.query IS NOT NULL
GROUP BY x.system
HAVING max(x.count) <= 1

-- name: asked_mass
-- description: Statements of applications' accounts that may have deleted many rows at once: whether they do is read from their
--   text. Where nobody tells how many, those with a WHERE are read if it may hold for every row: values, names or patterns on
--   the side where they seldom stand, OR, NOT, the word in a comment, a second statement. Those of days before are held against.
SELECT e.eid AS eid, e.action AS action, e.query AS query
FROM events AS e
JOIN account_dim AS b ON b.account = e.account AND b.kind = 'service'
LEFT JOIN untold AS un ON un.system = e.system
WHERE e.patient_id IS NULL AND e.query IS NOT NULL AND e.outcome = 'success' AND e.time_us < :to_us
  AND (e.action = 'delete' OR lower(e.query) LIKE '%delete%' OR lower(e.query) LIKE '%truncate%' OR lower(e.query) LIKE '%drop%')
  AND (
    e.count >= :bulk_records OR lower(e.query) LIKE '%truncate%' OR lower(e.query) LIKE '%drop%'
    OR lower(e.query) NOT LIKE '%where%'
    OR (un.system IS NOT NULL AND (
      regexp_matches(e.query, '(where|and|or|not|\||&)(\s|/\*[^*]*\*/|--[^\n]*\n|[(+!~-])*(n?''|[0-9０-９.]|true|exists|null)', 'i')
      OR regexp_matches(e.query, '([=<>]|between|distinct\s+from)(\s|/\*[^*]*\*/|--[^\n]*\n|[(+!~-])*[a-z_"`\[]|in\s*\(\s*[a-z_]+\s*[,)]', 'i')
      OR regexp_matches(e.query, '(like|regexp|rlike|~)[\s*(]*n?''+[%.^$]|[\s)]or[\s(]|not[\s(]', 'i')
      OR regexp_matches(e.query, '(--|#)[^\n]*where|/\*[^*]*where|;\s*\S|delete.*(delete|select|insert|update|exec)', 'is')
    ))
  )

-- name: mass_event
-- description: Deletions of applications' accounts with the rows that they took, where these are many, and whether a table was
--   dropped or emptied. A DELETE of all rows counts as such where nobody tells how many they were.
SELECT
  e.eid AS eid, b.a AS a, mt.form AS form, e.day AS day, e.time_us AS time_us,
  CASE WHEN e.count >= :bulk_records THEN e.count ELSE 0 END AS records,
  CASE WHEN mt.gone = 1 OR (mt.unnarrowed = 1 AND un.system IS NOT NULL) THEN 1 ELSE 0 END AS emptied
FROM mass_text AS mt
JOIN events AS e ON e.eid = mt.eid
JOIN account_dim AS b ON b.account = e.account AND b.kind = 'service'
LEFT JOIN untold AS un ON un.system = e.system

-- name: mass_day
-- description: These by account, form of statement and local day.
SELECT
  me.a AS a, me.form AS form, me.day AS day, CAST(sum(me.records) AS BIGINT) AS records, max(me.emptied) AS emptied
FROM mass_event AS me
GROUP BY me.a, me.form, me.day

-- name: mass
-- description: Forms and days with `mass_delete_rows` rows or more, and `mass_delete_factor` times the most of any former day; or
--   with a table dropped or emptied as by this form on no former day.
SELECT d.a AS a, d.form AS form, d.day AS day
FROM mass_day AS d
LEFT JOIN mass_day AS f ON f.a = d.a AND f.form = d.form AND f.day < d.day
GROUP BY d.a, d.form, d.day, d.records, d.emptied
HAVING (d.records >= :mass_delete_rows AND d.records >= :mass_delete_factor * coalesce(max(f.records), 0))
  OR (d.emptied = 1 AND coalesce(max(f.emptied), 0) = 0)

-- name: changed
-- description: Changes and deletions by a statement in a database: all of accounts that are no application's, and of these the
--   deletions of many rows.
SELECT
  e.eid AS eid, ad.a AS a, e.day AS day, e.time_us AS time_us, ct.deleted AS deleted, 0 AS records, 0 AS emptied, 0 AS mass
FROM change_text AS ct
JOIN events AS e ON e.eid = ct.eid
JOIN account_dim AS b ON b.account = e.account
LEFT JOIN acted AS ac ON ac.eid = e.eid
JOIN account_dim AS ad ON ad.a = coalesce(ac.a, b.a)
UNION ALL
SELECT
  me.eid AS eid, ad.a AS a, me.day AS day, me.time_us AS time_us, 1 AS deleted, me.records AS records, me.emptied AS emptied,
  1 AS mass
FROM mass AS ms
JOIN mass_event AS me ON me.a = ms.a AND me.form = ms.form AND me.day = ms.day
LEFT JOIN acted AS ac ON ac.eid = me.eid
JOIN account_dim AS ad ON ad.a = coalesce(ac.a, me.a)
WHERE me.time_us >= :from_us AND (me.records > 0 OR me.emptied = 1)

-- name: maintained
-- description: Those that a ticket for maintenance covers at their time. Where nobody is named behind an application's account
--   it may be the ticket of who likely made it.
SELECT DISTINCT u.eid AS eid
FROM (
  SELECT c.eid AS eid, c.time_us AS time_us, h.account AS account
  FROM changed AS c
  JOIN holder AS h ON h.a = c.a
  UNION ALL
  SELECT c.eid AS eid, c.time_us AS time_us, ad.account AS account
  FROM changed AS c
  JOIN claim AS cl ON cl.eid = c.eid
  JOIN (
    SELECT k.eid AS eid, max(k.confidence) AS confidence FROM claim AS k WHERE k.confidence >= :likely GROUP BY k.eid
  ) AS m ON m.eid = cl.eid AND m.confidence = cl.confidence
  JOIN account_dim AS ad ON ad.person = cl.person AND c.day <= ad.until_day
  WHERE c.mass = 1
) AS u
JOIN tickets AS x ON x.account = u.account AND x.kind = 'maintenance' AND x.start_us - :clock_minutes * 60000000 <= u.time_us
  AND coalesce(x.end_us, 9000000000000000) + :clock_minutes * 60000000 > u.time_us

-- name: direct
-- description: Those without such a ticket.
SELECT
  c.eid AS eid, c.a AS a, c.day AS day, c.time_us AS time_us, c.deleted AS deleted, c.records AS records, c.emptied AS emptied
FROM changed AS c
LEFT JOIN maintained AS mn ON mn.eid = c.eid
WHERE mn.eid IS NULL

-- name: find_direct_edit
-- description: Changes and deletions by a statement in a database, by an account that is no application's and has no ticket for
--   maintenance at that time; and by an application's account the deletion of very many rows, or a table dropped or emptied, as
--   on no day before.
SELECT x.a AS a, CAST(NULL AS INTEGER) AS p, min(x.time_us) AS first_us, max(x.time_us) AS last_us,
  x.day AS first_day, x.day AS last_day, x.day AS evidence_day, CAST(count(*) AS INTEGER) AS edits,
  CAST(sum(x.deleted) AS INTEGER) AS deletions,
  CASE WHEN sum(x.records) > 0 THEN CAST(sum(x.records) AS BIGINT) END AS mass_delete_rows,
  CASE WHEN sum(x.emptied) > 0 THEN CAST(sum(x.emptied) AS INTEGER) END AS emptied
FROM direct AS x
GROUP BY x.a, x.day
