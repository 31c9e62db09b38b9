-- name: shift_of
-- description: Shifts by numbered account and department, with margins for coming early and leaving late.
SELECT
  ad.a AS a, dd.d AS d, sh.start_us - :shift_early_minutes * 60000000 AS from_us,
  coalesce(sh.end_us, sh.start_us + 43200000000) + :shift_late_minutes * 60000000 AS to_us, min(sh.src) AS src
FROM shifts AS sh
JOIN account_dim AS ad ON ad.person = sh.staff_id
JOIN department_dim AS dd ON dd.department = sh.department
WHERE coalesce(sh.end_us, sh.start_us + 43200000000) >= :from_us - (:learned_days + 2) * 86400000000
  AND sh.start_us <= :to_us + 86400000000
GROUP BY ad.a, dd.d, sh.start_us, sh.end_us

-- name: shift_visit
-- description: Open visits during whose day the account had a shift in a department that had a reason: candidates of
--   `cover`. The last day of employment reaches into the morning after a night shift.
SELECT
  r.a AS a, r.p AS p, r.day AS day, sh.from_us AS from_us, sh.to_us AS to_us, sh.src AS shift_src,
  min(s.choice) AS choice
FROM (
  SELECT x.a AS a, x.p AS p, x.day AS day, min(x.time_us) AS first_us, max(x.time_us) AS last_us
  FROM residue AS x
  JOIN account_dim AS ad ON ad.a = x.a AND x.day <= ad.until_day + 1
  WHERE x.barred IS NULL OR x.barred = 'ended'
  GROUP BY x.a, x.p, x.day
) AS r
JOIN shift_of AS sh ON sh.a = r.a AND sh.from_us <= r.last_us AND sh.to_us > r.first_us
JOIN visit AS v ON v.a = r.a AND v.p = r.p AND v.day = r.day
JOIN span_department AS s ON s.d = sh.d AND s.p = r.p AND s.from_us < v.closes_us AND s.to_us >= v.opens_us
GROUP BY r.a, r.p, r.day, sh.from_us, sh.to_us, sh.src

-- name: by_cover
-- description: Events during a shift in a department that had a reason that day: the best reason, and the shift for it.
SELECT f.eid AS eid, f.choice % 100000000000 AS span_id, min(f.shift_src) AS shift_src
FROM (
  SELECT r.eid AS eid, sv.choice AS choice, sv.shift_src AS shift_src, min(sv.choice) OVER (PARTITION BY r.eid) AS best
  FROM residue AS r
  JOIN shift_visit AS sv ON sv.a = r.a AND sv.p = r.p AND sv.day = r.day
    AND sv.from_us <= r.time_us AND sv.to_us > r.time_us
) AS f
WHERE f.choice = f.best
GROUP BY f.eid, f.choice

-- name: by_consent
-- description: Events that the patient permitted to this account, person or home department. Consent to research counts
--   with its ticket alone (by_ticket).
SELECT r.eid AS eid, min(c.src) AS src
FROM residue AS r
JOIN account_dim AS ad ON ad.a = r.a AND r.day <= ad.until_day
JOIN patient_dim AS pd ON pd.p = r.p
JOIN consents AS c ON c.patient_id = pd.patient_id AND c.decision = 'permit' AND c.purpose <> 'research'
  AND c.start_us - :clock_minutes * 60000000 <= r.time_us
  AND coalesce(c.end_us, 9000000000000000) + :clock_minutes * 60000000 > r.time_us
WHERE r.barred IS NULL
  AND (c.recipient = ad.person OR c.recipient = ad.login OR c.recipient = ad.home)
GROUP BY r.eid

-- name: by_ticket
-- description: Events within a ticket of the account, the first by number. Research needs the patient's consent to this
--   ticket; a ticket for export or research never covers a patient who denied that purpose.
SELECT f.eid AS eid, f.ticket_id AS ticket_id, f.kind AS kind, min(f.consent_src) AS consent_src
FROM (
  SELECT
    r.eid AS eid, k.ticket_id AS ticket_id, coalesce(k.kind, 'unknown') AS kind, c.src AS consent_src,
    min(k.ticket_id) OVER (PARTITION BY r.eid) AS first_id
  FROM residue AS r
  JOIN account_dim AS ad ON ad.a = r.a AND r.day <= ad.until_day
  JOIN holder AS h ON h.a = ad.a
  JOIN tickets AS k ON k.account = h.account
    AND k.start_us - :clock_minutes * 60000000 <= r.time_us
    AND coalesce(k.end_us, 9000000000000000) + :clock_minutes * 60000000 > r.time_us
  JOIN patient_dim AS pd ON pd.p = r.p
  LEFT JOIN consents AS c ON c.patient_id = pd.patient_id AND c.recipient = k.ticket_id AND c.purpose = 'research'
    AND c.decision = 'permit' AND c.start_us - :clock_minutes * 60000000 <= r.time_us
    AND coalesce(c.end_us, 9000000000000000) + :clock_minutes * 60000000 > r.time_us
  LEFT JOIN consents AS deny ON deny.patient_id = pd.patient_id AND deny.decision = 'deny'
    AND deny.purpose = CASE WHEN k.kind = 'export' THEN 'sharing' ELSE 'research' END
    AND (
      deny.recipient IS NULL OR deny.recipient = k.ticket_id OR deny.recipient = ad.home OR deny.recipient = ad.login
      OR deny.recipient = ad.person
    )
    AND deny.start_us <= r.time_us AND coalesce(deny.end_us, 9000000000000000) > r.time_us
  WHERE r.barred IS NULL
    AND (coalesce(k.kind, 'unknown') <> 'research' OR c.src IS NOT NULL)
    AND (coalesce(k.kind, 'unknown') NOT IN ('export', 'research') OR deny.src IS NULL)
) AS f
WHERE f.ticket_id = f.first_id
GROUP BY f.eid, f.ticket_id, f.kind

-- name: statement
-- description: Queries, exports and prints that name no patient, with the ticket that covers them, the first by number.
SELECT
  f.eid AS eid, f.a AS a, f.day AS day, f.time_us AS time_us, f.action AS action, f.records AS records,
  f.ticket_id AS ticket_id, f.kind AS kind
FROM (
  SELECT
    e.eid AS eid, ad.a AS a, e.day AS day, e.time_us AS time_us, e.action AS action, e.count AS records,
    k.ticket_id AS ticket_id, k.kind AS kind, row_number() OVER (PARTITION BY e.eid ORDER BY k.ticket_id) AS place
  FROM events AS e
  JOIN account_dim AS b ON b.account = e.account
  LEFT JOIN acted AS ac ON ac.eid = e.eid
  JOIN account_dim AS ad ON ad.a = coalesce(ac.a, b.a)
  LEFT JOIN (
    SELECT h.a AS a, x.ticket_id AS ticket_id, x.kind AS kind, x.start_us AS start_us, x.end_us AS end_us
    FROM holder AS h
    JOIN tickets AS x ON x.account = h.account
  ) AS k ON k.a = ad.a AND e.day <= ad.until_day
    AND k.start_us - :clock_minutes * 60000000 <= e.time_us
    AND coalesce(k.end_us, 9000000000000000) + :clock_minutes * 60000000 > e.time_us
  WHERE e.patient_id IS NULL AND e.action IN ('query', 'export', 'print') AND e.outcome = 'success'
    AND e.time_us < :to_us
) AS f
WHERE f.place = 1

-- name: by_reviewer
-- description: Accesses of our own reviewers: a case in hand with this patient (preference 20), or a mandate to audit (21).
--   Also where a patient denied care; a decoy only by its case; never their own record.
SELECT f.eid AS eid, f.choice AS choice, min(f.src) AS src
FROM (
  SELECT r.eid AS eid, u.choice AS choice, u.src AS src, min(u.choice) OVER (PARTITION BY r.eid) AS best
  FROM residue AS r
  JOIN holder AS h ON h.a = r.a
  JOIN patient_dim AS pd ON pd.p = r.p
  JOIN (
    SELECT
      x.account AS account, x.patient_id AS patient_id, x.start_us AS start_us, x.end_us AS end_us, 20 AS choice,
      x.src AS src
    FROM assignments AS x
    UNION ALL
    SELECT
      y.account AS account, CAST(NULL AS VARCHAR) AS patient_id, y.start_us AS start_us, y.end_us AS end_us,
      21 AS choice, y.src AS src
    FROM mandates AS y
  ) AS u ON u.account = h.account AND u.start_us <= r.time_us AND coalesce(u.end_us, 9000000000000000) > r.time_us
  WHERE (
      (u.choice = 20 AND u.patient_id = pd.patient_id AND coalesce(r.barred, '') IN ('', 'denied', 'honey'))
      OR (u.choice = 21 AND coalesce(r.barred, '') IN ('', 'denied'))
    )
) AS f
WHERE f.choice = f.best
GROUP BY f.eid, f.choice

-- name: service_event
-- description: Reads by service accounts with local hour and host.
SELECT
  r.eid AS eid, r.a AS a, r.day AS day,
  CAST(floor((r.time_us + r.offset_us - r.day * 86400000000) / 3600000000) AS INTEGER) AS hour,
  coalesce(e.workstation, e.ip, '') AS host
FROM residue AS r
JOIN account_dim AS ad ON ad.a = r.a AND ad.kind = 'service' AND ad.a = ad.base AND r.day <= ad.until_day
JOIN events AS e ON e.eid = r.eid
WHERE r.took = 0

-- name: by_service
-- description: Reads by a service account in an hour in which it also read from that host on other days (as many as
--   `service_days`, or all the days there are). Days are counted without the event's own.
WITH slot AS (
  SELECT s.a AS a, s.host AS host, s.hour AS hour, count(DISTINCT s.day) AS days
  FROM service_event AS s GROUP BY s.a, s.host, s.hour
),
whole AS (
  SELECT s.a AS a, count(DISTINCT s.day) AS days FROM service_event AS s GROUP BY s.a
)
SELECT s.eid AS eid, sl.days - 1 AS days
FROM service_event AS s
JOIN slot AS sl ON sl.a = s.a AND sl.host = s.host AND sl.hour = s.hour
JOIN whole AS w ON w.a = s.a
WHERE sl.days - 1 >= greatest(1, least(:service_days, w.days - 1))
