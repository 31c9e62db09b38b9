-- name: open_day
-- description: Per person's or shared account, patient and local day: the events without any reason.
SELECT
  u.a AS a, u.p AS p, u.day AS day, CAST(count(*) AS INTEGER) AS n, min(u.time_us) AS first_us,
  max(u.time_us) AS last_us, CAST(sum(u.wrote) AS INTEGER) AS wrote, CAST(sum(u.took) AS INTEGER) AS took,
  CAST(sum(u.broke) AS INTEGER) AS broke, max(u.barred) AS barred,
  min(u.day) * 86400000000 - min(u.offset_us) AS opens_us, (min(u.day) + 1) * 86400000000 - min(u.offset_us) AS closes_us
FROM unexplained AS u
JOIN account_dim AS ad ON ad.a = u.a AND ad.kind <> 'service'
GROUP BY u.a, u.p, u.day

-- name: open_step
-- description: Open days with a mark where more than `case_gap_days` lie between them and the one before.
SELECT
  od.a AS a, od.p AS p, od.day AS day,
  CASE
    WHEN od.day - lag(od.day) OVER (PARTITION BY od.a, od.p ORDER BY od.day) <= :case_gap_days THEN 0 ELSE 1
  END AS begins
FROM open_day AS od

-- name: open_part
-- description: Each open day with the number of the run of days that it belongs to.
SELECT
  os.a AS a, os.p AS p, os.day AS day,
  CAST(sum(os.begins) OVER (
    PARTITION BY os.a, os.p ORDER BY os.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS INTEGER) AS k
FROM open_step AS os

-- name: episode
-- description: Runs of open days of one account and patient: what detections about a patient are decided on.
SELECT
  od.a AS a, od.p AS p, op.k AS k, min(od.day) AS first_day, max(od.day) AS last_day,
  CAST(count(*) AS INTEGER) AS days, CAST(sum(od.n) AS INTEGER) AS accesses, min(od.first_us) AS first_us,
  max(od.last_us) AS last_us, CAST(sum(od.wrote) AS INTEGER) AS wrote, CAST(sum(od.took) AS INTEGER) AS took,
  CAST(sum(od.broke) AS INTEGER) AS broke, max(od.barred) AS barred, min(od.opens_us) AS opens_us,
  max(od.closes_us) AS closes_us
FROM open_day AS od
JOIN open_part AS op ON op.a = od.a AND op.p = od.p AND op.day = od.day
GROUP BY od.a, od.p, op.k

-- name: contact
-- description: When open patients were in touch with the hospital at all, from any table about care.
SELECT c.p AS p, c.from_us AS from_us, c.to_us AS to_us
FROM (
  SELECT pd.p AS p, e.start_us AS from_us, coalesce(e.end_us, 9000000000000000) AS to_us
  FROM encounters AS e JOIN patient_dim AS pd ON pd.patient_id = e.patient_id
  UNION ALL
  SELECT pd.p AS p, ap.time_us AS from_us, ap.time_us AS to_us
  FROM appointments AS ap JOIN patient_dim AS pd ON pd.patient_id = ap.patient_id
  UNION ALL
  SELECT pd.p AS p, o.time_us AS from_us, o.time_us AS to_us
  FROM orders AS o JOIN patient_dim AS pd ON pd.patient_id = o.patient_id
  UNION ALL
  SELECT pd.p AS p, w.start_us AS from_us, coalesce(w.end_us, w.start_us) AS to_us
  FROM work_items AS w JOIN patient_dim AS pd ON pd.patient_id = w.patient_id
) AS c
JOIN (SELECT DISTINCT ep.p AS p FROM episode AS ep) AS o ON o.p = c.p

-- name: quiet
-- description: Days from an episode to the nearest contact of the patient with the hospital, on either side (0: during one).
SELECT
  ep.a AS a, ep.p AS p, ep.k AS k,
  min(greatest(ep.first_us - c.to_us, c.from_us - ep.last_us, 0)) / 86400000000.0 AS quiet_days
FROM episode AS ep
JOIN contact AS c ON c.p = ep.p
GROUP BY ep.a, ep.p, ep.k

-- name: home_of
-- description: The department of each account for comparisons: its latest.
SELECT m.a AS a, max(m.d) AS d
FROM membership AS m
JOIN (
  SELECT x.a AS a, max(x.to_day) AS to_day FROM membership AS x WHERE x.source_table <> 'staff_history' GROUP BY x.a
) AS l ON l.a = m.a AND l.to_day = m.to_day
WHERE m.source_table <> 'staff_history'
GROUP BY m.a

-- name: care_of
-- description: The departments that had the patient of an open day under care on that day.
SELECT od.a AS a, od.p AS p, od.day AS day, dd.d AS treating
FROM open_day AS od
JOIN span AS sp ON sp.p = od.p AND sp.scope = 'D' AND sp.reason IN ('encounter', 'ward')
  AND sp.from_us < od.closes_us AND sp.to_us >= od.opens_us
JOIN department_dim AS dd ON dd.department = sp.key_text
GROUP BY od.a, od.p, od.day, dd.d

-- name: open_count
-- description: Openings without reason by the reader's department and the treating one, in patients and accounts.
SELECT
  h.d AS reading, c.treating AS treating, count(DISTINCT c.p) AS patients, count(DISTINCT c.a) AS accounts
FROM care_of AS c
JOIN home_of AS h ON h.a = c.a
GROUP BY h.d, c.treating

-- name: open_pair_lift
-- description: How many patients without reason a department pair has, over what the sizes of both would give.
SELECT
  o.reading AS reading, o.treating AS treating, o.patients AS patients, o.accounts AS accounts,
  o.patients * w.patients * 1.0 / (r.patients * t.patients) AS lift
FROM open_count AS o
JOIN (SELECT x.reading AS reading, sum(x.patients) AS patients FROM open_count AS x GROUP BY x.reading) AS r
  ON r.reading = o.reading
JOIN (SELECT y.treating AS treating, sum(y.patients) AS patients FROM open_count AS y GROUP BY y.treating) AS t
  ON t.treating = o.treating
CROSS JOIN (SELECT sum(z.patients) AS patients FROM open_count AS z) AS w
