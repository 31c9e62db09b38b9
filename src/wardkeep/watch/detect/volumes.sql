-- name: fresh
-- description: First openings of a patient on a local day, in buckets of ten minutes.
SELECT
  v.a AS a, v.p AS p, v.day AS day, v.first_us AS first_us, CAST(floor(v.first_us / 600000000.0) AS BIGINT) AS bucket
FROM visit AS v
JOIN account_dim AS ad ON ad.a = v.a AND ad.kind <> 'service'
WHERE v.last_us >= :from_us

-- name: busy
-- description: Buckets in which, with the one before, an account may have reached the limit of ten minutes.
SELECT b.a AS a, b.bucket AS bucket
FROM (SELECT f.a AS a, f.bucket AS bucket, count(*) AS n FROM fresh AS f GROUP BY f.a, f.bucket) AS b
LEFT JOIN (SELECT f.a AS a, f.bucket AS bucket, count(*) AS n FROM fresh AS f GROUP BY f.a, f.bucket) AS c
  ON c.a = b.a AND c.bucket = b.bucket - 1
WHERE b.n + coalesce(c.n, 0) >= :batch_10min

-- name: burst
-- description: For each first opening in a busy bucket: patients in the ten minutes up to it, and those without reason. The
--   ten minutes lie in its own bucket and the one before: two joins with equal keys, never one over a range.
WITH near AS (
  SELECT e.a AS a, e.day AS day, e.first_us AS at_us, w.p AS p, w.day AS opened_day, w.first_us AS first_us
  FROM busy AS b
  JOIN fresh AS e ON e.a = b.a AND e.bucket = b.bucket
  JOIN fresh AS w ON w.a = b.a AND w.bucket = b.bucket AND w.first_us <= e.first_us
    AND w.first_us > e.first_us - 600000000
  UNION ALL
  SELECT e.a AS a, e.day AS day, e.first_us AS at_us, w.p AS p, w.day AS opened_day, w.first_us AS first_us
  FROM busy AS b
  JOIN fresh AS e ON e.a = b.a AND e.bucket = b.bucket
  JOIN fresh AS w ON w.a = b.a AND w.bucket = b.bucket - 1 AND w.first_us > e.first_us - 600000000
)
SELECT
  n.a AS a, n.day AS day, n.at_us AS at_us, min(n.first_us) AS from_us, CAST(count(*) AS INTEGER) AS patients,
  CAST(count(od.p) AS INTEGER) AS open_patients
FROM near AS n
LEFT JOIN open_day AS od ON od.a = n.a AND od.p = n.p AND od.day = n.opened_day
GROUP BY n.a, n.day, n.at_us

-- name: crammed
-- description: Days on which an account opened `batch_day` patients or more without reason.
SELECT od.a AS a, ad.role AS role, od.day AS day, min(od.first_us) AS first_us, max(od.last_us) AS last_us,
  CAST(count(*) AS INTEGER) AS patients
FROM open_day AS od
JOIN account_dim AS ad ON ad.a = od.a
GROUP BY od.a, ad.role, od.day
HAVING count(*) >= :batch_day

-- name: peer_top
-- description: For each such account the usual top of its peers: the 99th percentile of patients without reason over the
--   account-days of all others of the role that have any.
SELECT x.a AS a, max(CASE WHEN x.place = x.cut THEN x.patients END) AS patients
FROM (
  SELECT
    c.a AS a, dl.open_patients AS patients,
    row_number() OVER (PARTITION BY c.a ORDER BY dl.open_patients DESC, dl.a, dl.day) AS place,
    1 + floor(0.01 * count(*) OVER (PARTITION BY c.a)) AS cut
  FROM (SELECT DISTINCT cr.a AS a, cr.role AS role FROM crammed AS cr) AS c
  JOIN account_dim AS ad ON ad.role = c.role AND ad.a <> c.a AND ad.kind <> 'service'
  JOIN day_load AS dl ON dl.a = ad.a
) AS x
GROUP BY x.a

-- name: find_batch
-- description: Days on which an account opened `batch_10min` patients without reason in ten minutes, or `batch_day` in the day
--   and `batch_peer_factor` times the usual top of its peers.
SELECT u.a AS a, CAST(NULL AS INTEGER) AS p, min(u.first_us) AS first_us, max(u.last_us) AS last_us,
  u.day AS first_day, u.day AS last_day, u.day AS evidence_day,
  max(u.batch_10min) AS batch_10min, max(u.batch_day) AS batch_day
FROM (
  SELECT bu.a AS a, bu.day AS day, bu.from_us AS first_us, bu.at_us AS last_us, bu.open_patients AS batch_10min, 0 AS batch_day
  FROM burst AS bu
  WHERE bu.open_patients >= :batch_10min
  UNION ALL
  SELECT cr.a AS a, cr.day AS day, cr.first_us AS first_us, cr.last_us AS last_us, 0 AS batch_10min, cr.patients AS batch_day
  FROM crammed AS cr
  LEFT JOIN peer_top AS pt ON pt.a = cr.a
  WHERE cr.patients >= :batch_peer_factor * coalesce(pt.patients, 0)
) AS u
GROUP BY u.a, u.day

-- name: find_bulk_export
-- description: Exports, prints and queries of many records at once that no ticket covers and that name no patient.
SELECT st.a AS a, CAST(NULL AS INTEGER) AS p, min(st.time_us) AS first_us, max(st.time_us) AS last_us,
  st.day AS first_day, st.day AS last_day, st.day AS evidence_day, max(st.records) AS bulk_records
FROM statement AS st
WHERE st.ticket_id IS NULL AND st.action IN ('export', 'print') AND st.records >= :bulk_records
  AND st.time_us >= :from_us
GROUP BY st.a, st.day

-- name: stray_day
-- description: Per account and day of use: patients opened without reason with whom nobody of the department works, of
--   wards whose records the department does not usually open.
SELECT d.a AS a, d.day AS day, coalesce(o.patients, 0) AS patients
FROM (SELECT v.a AS a, v.day AS day FROM visit AS v GROUP BY v.a, v.day) AS d
LEFT JOIN (
  SELECT od.a AS a, od.day AS day, count(*) AS patients
  FROM open_day AS od
  JOIN open_part AS op ON op.a = od.a AND op.p = od.p AND op.day = od.day
  JOIN signal AS s ON s.a = od.a AND s.p = od.p AND s.k = op.k AND s.stray = 1
  GROUP BY od.a, od.day
) AS o ON o.a = d.a AND o.day = d.day

-- name: peer_mean
-- description: Mean of stray patients a day over the accounts of a role.
SELECT ad.role AS role, sum(l.patients) * 1.0 / count(*) AS patients
FROM stray_day AS l JOIN account_dim AS ad ON ad.a = l.a
GROUP BY ad.role

-- name: cusum
-- description: For each account and day: how far stray patients have risen above the peers' mean and slack since the lowest
--   point, and on how many days there were any.
SELECT
  c.a AS a, c.day AS day, c.patients AS patients,
  c.total - least(0.0, min(c.total) OVER (
    PARTITION BY c.a ORDER BY c.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )) AS level
FROM (
  SELECT
    l.a AS a, l.day AS day, l.patients AS patients,
    sum(l.patients - pm.patients - :slow_slack) OVER (
      PARTITION BY l.a ORDER BY l.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS total
  FROM stray_day AS l
  JOIN account_dim AS ad ON ad.a = l.a
  JOIN peer_mean AS pm ON pm.role = ad.role
) AS c

-- name: slow_begin
-- description: Per account the first days on which the level reached `slow_level` and twice as much, both after patients on
--   `slow_days` days.
SELECT c.a AS a, min(c.day) AS day, min(CASE WHEN c.level >= 2 * :slow_level THEN c.day END) AS twice_day
FROM (
  SELECT
    x.a AS a, x.day AS day, x.level AS level,
    sum(CASE WHEN x.patients > 0 THEN 1 ELSE 0 END) OVER (
      PARTITION BY x.a ORDER BY x.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS days
  FROM cusum AS x
) AS c
JOIN account_dim AS ad ON ad.a = c.a AND ad.kind <> 'service'
WHERE c.level >= :slow_level AND c.days >= :slow_days
GROUP BY c.a

-- name: find_low_and_slow
-- description: Accounts whose stray patients rose above the peers' mean to `slow_level` on `slow_days` or more days.
SELECT
  od.a AS a, CAST(NULL AS INTEGER) AS p, min(od.first_us) AS first_us, max(od.last_us) AS last_us,
  min(od.day) AS first_day, max(od.day) AS last_day, max(sb.day) AS evidence_day, max(sb.twice_day) AS twice_day,
  round(max(c.level), 1) AS slow_level, CAST(count(DISTINCT od.day) AS INTEGER) AS slow_days,
  CAST(count(DISTINCT od.p) AS INTEGER) AS patients
FROM slow_begin AS sb
JOIN open_day AS od ON od.a = sb.a
JOIN open_part AS op ON op.a = od.a AND op.p = od.p AND op.day = od.day
JOIN signal AS s ON s.a = od.a AND s.p = od.p AND s.k = op.k AND s.stray = 1
JOIN cusum AS c ON c.a = od.a AND c.day = od.day AND c.level > 0
GROUP BY od.a

-- name: search_hour
-- description: Searches of an account in a clock hour.
SELECT
  ad.a AS a, e.day AS day, CAST(floor(e.local_us / 3600000000.0) AS BIGINT) AS hour, min(e.time_us) AS first_us,
  max(e.time_us) AS last_us, CAST(count(*) AS INTEGER) AS searches
FROM events AS e
JOIN account_dim AS ad ON ad.account = e.account AND ad.kind <> 'service'
JOIN seen_day AS sd ON sd.a = ad.a AND sd.day = e.day AND sd.searches >= :searches_hour
WHERE e.action = 'search' AND e.time_us < :to_us AND e.time_us >= :from_us
GROUP BY ad.a, e.day, CAST(floor(e.local_us / 3600000000.0) AS BIGINT)

-- name: attempt
-- description: Per account, patient and local day the first try to open the record without reason, denied ones too, on days
--   with enough of them.
SELECT x.a AS a, x.p AS p, x.day AS day, min(x.first_us) AS first_us
FROM (
  SELECT od.a AS a, od.p AS p, od.day AS day, od.first_us AS first_us
  FROM open_day AS od
  UNION ALL
  SELECT sd.a AS a, pd.p AS p, e.day AS day, e.time_us AS first_us
  FROM seen_day AS sd
  JOIN account_dim AS ad ON ad.a = sd.a AND ad.kind <> 'service'
  JOIN events AS e ON e.account = ad.account AND e.day = sd.day AND e.outcome <> 'success'
    AND e.action NOT IN ('login', 'logout') AND e.time_us >= :from_us AND e.time_us < :to_us
  JOIN patient_dim AS pd ON pd.patient_id = e.patient_id
  WHERE sd.denied > 0
) AS x
JOIN seen_day AS sd ON sd.a = x.a AND sd.day = x.day
LEFT JOIN day_load AS dl ON dl.a = x.a AND dl.day = x.day
WHERE coalesce(dl.open_patients, 0) + sd.denied >= :sequence_run
GROUP BY x.a, x.p, x.day

-- name: numbered
-- description: These tries with the number in the record's name, how far it is from the one before, and after what pause.
SELECT
  n.a AS a, n.day AS day, n.first_us AS first_us, n.number AS number,
  n.number - lag(n.number) OVER (PARTITION BY n.a, n.day ORDER BY n.first_us, n.p) AS step,
  n.first_us - lag(n.first_us) OVER (PARTITION BY n.a, n.day ORDER BY n.first_us, n.p) AS pause_us
FROM (
  SELECT
    t.a AS a, t.p AS p, t.day AS day, t.first_us AS first_us,
    TRY_CAST(right(regexp_replace(pd.patient_id, '[^0-9]', '', 'g'), 15) AS BIGINT) AS number
  FROM attempt AS t
  JOIN patient_dim AS pd ON pd.p = t.p
) AS n
WHERE n.number IS NOT NULL

-- name: sequence
-- description: Runs of tries whose numbers rise by at most five each (numbers that were never given out leave gaps), with
--   pauses of at most an hour.
SELECT u.a AS a, u.day AS day, min(u.first_us - u.pause_us) AS first_us, max(u.first_us) AS last_us,
  CAST(count(*) AS INTEGER) + 1 AS run
FROM (
  SELECT
    n.a AS a, n.day AS day, n.first_us AS first_us, n.step AS step, n.pause_us AS pause_us,
    sum(CASE WHEN n.step >= 1 AND n.step <= 5 AND n.pause_us <= 3600000000 THEN 0 ELSE 1 END) OVER (
      PARTITION BY n.a, n.day ORDER BY n.first_us, n.number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS k
  FROM numbered AS n
) AS u
WHERE u.step >= 1 AND u.step <= 5 AND u.pause_us <= 3600000000
GROUP BY u.a, u.day, u.k

-- name: find_enumeration
-- description: Very many searches in an hour, denied openings in a day, or records opened in sequence.
SELECT u.a AS a, CAST(NULL AS INTEGER) AS p, min(u.first_us) AS first_us, max(u.last_us) AS last_us,
  u.day AS first_day, u.day AS last_day, u.day AS evidence_day, max(u.searches) AS searches_hour,
  max(u.denied) AS denied_day, max(u.run) AS sequence_run
FROM (
  SELECT sh.a AS a, sh.day AS day, sh.first_us AS first_us, sh.last_us AS last_us, sh.searches AS searches, 0 AS denied, 0 AS run
  FROM search_hour AS sh WHERE sh.searches >= :searches_hour
  UNION ALL
  SELECT sd.a AS a, sd.day AS day, sd.first_us AS first_us, sd.last_us AS last_us, 0 AS searches, sd.denied AS denied, 0 AS run
  FROM seen_day AS sd
  JOIN account_dim AS ad ON ad.a = sd.a AND ad.kind <> 'service'
  WHERE sd.denied >= :denied_day AND sd.last_us >= :from_us
  UNION ALL
  SELECT sq.a AS a, sq.day AS day, sq.first_us AS first_us, sq.last_us AS last_us, 0 AS searches, 0 AS denied, sq.run AS run
  FROM sequence AS sq WHERE sq.run >= :sequence_run AND sq.last_us >= :from_us
) AS u
GROUP BY u.a, u.day
