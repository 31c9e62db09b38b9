-- name: find_no_reason
-- description: No documented reason holds, and nothing bars one (a decoy, the own record, employment that ended).
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses, s.days AS days
FROM signal AS s
WHERE s.barred = '' OR s.barred = 'denied'

-- name: find_unusual_pair
-- description: Patients of a department whose records the reader's department seldom opens without a reason.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, round(s.lift, 2) AS unusual_pair_lift
FROM signal AS s
WHERE s.lift < :unusual_pair_lift

-- name: find_not_under_care
-- description: Patients without any contact with the hospital for `inactive_days` on either side, who are not dead,
--   no decoys and not the reader.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses,
  CASE WHEN s.quiet_days < 9999 THEN round(s.quiet_days, 1) END AS inactive_days
FROM signal AS s
WHERE s.quiet_days >= :inactive_days AND s.died_days < 0 AND s.honey = 0 AND s.own = 0

-- name: find_deceased
-- description: Patients who died `deceased_days` or more before.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.died_days AS deceased_days
FROM signal AS s
WHERE s.died_days >= :deceased_days

-- name: find_honey
-- description: Decoy records, opened by any person.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses
FROM signal AS s
WHERE s.honey = 1

-- name: find_vip
-- description: Persons of public interest.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses
FROM signal AS s
WHERE s.vip = 1 AND s.own = 0

-- name: find_sensitive
-- description: Psychiatric, infectious, reproductive and genetic records that nobody of the department works with.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses
FROM signal AS s
WHERE s.sensitive = 1 AND s.lone = 1 AND s.own = 0

-- name: find_crowd
-- description: Records that many accounts of several departments open alone and without reason within `crowd_days`.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.last_day AS evidence_day, s.crowd_accounts AS crowd_accounts,
  s.crowd_departments AS crowd_departments
FROM signal AS s
WHERE s.crowd_accounts >= :crowd_accounts AND s.crowd_departments >= :crowd_departments AND s.lone = 1

-- name: find_breakglass
-- description: The emergency override without a reason, and nothing written in the record by the reader or the reader's
--   department within `breakglass_hours`.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, CAST(s.first_day + ceil(:breakglass_hours / 24.0) AS INTEGER) AS evidence_day,
  s.broke AS accesses
FROM signal AS s
WHERE s.uncharted = 1

-- name: find_off_roster
-- description: Openings without reason outside every shift of an account holder who stands in the roster.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses
FROM signal AS s
WHERE s.off_duty = 1 AND s.lone = 1
