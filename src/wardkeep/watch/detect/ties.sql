-- name: find_household
-- description: Reader and patient share an address, a telephone number or an emergency contact.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses,
  s.address = 1 AS same_address, s.phone = 1 AS same_phone, s.contact + s.contact_name > 0 AS emergency_contact
FROM signal AS s
WHERE s.address + s.phone + s.contact + s.contact_name > 0

-- name: find_surname
-- description: Reader and patient share a surname that fewer than `surname_common_share` of all patients have.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, round(s.surname_share, 4) AS surname_common_share
FROM signal AS s
WHERE s.surname = 1 AND s.lone = 1

-- name: find_coworker
-- description: The patient works in the reader's department.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses, s.days AS days
FROM signal AS s
WHERE s.same_department = 1

-- name: find_manager
-- description: The patient is the reader's manager, or the other way round.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses, s.days AS days
FROM signal AS s
WHERE s.manager = 1

-- name: find_self_access
-- description: The reader's own record, under whichever of its numbers.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.accesses AS accesses, s.days AS days,
  CASE WHEN ad.own_patient <> pd.patient_id THEN TRUE END AS other_number
FROM signal AS s
JOIN account_dim AS ad ON ad.a = s.a
JOIN patient_dim AS pd ON pd.p = s.p
WHERE s.own = 1

-- name: find_neighbour
-- description: Reader and patient live in one building of few patients, and nobody of the department works with the patient.
SELECT s.a AS a, s.p AS p, s.first_us AS first_us, s.last_us AS last_us, s.first_day AS first_day,
  s.last_day AS last_day, s.first_day AS evidence_day, s.building_people AS building_patients
FROM signal AS s
WHERE s.building = 1 AND s.lone = 1
