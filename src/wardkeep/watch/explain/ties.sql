-- name: open_pair
-- description: Accounts and patients with an event that no documented reason explains.
SELECT
  r.a AS a, r.p AS p, count(*) AS n, min(r.time_us) AS first_us, max(r.time_us) AS last_us
FROM residue AS r
LEFT JOIN moment_reason AS mr ON mr.eid = r.eid
WHERE mr.eid IS NULL
GROUP BY r.a, r.p

-- name: person_facts
-- description: Patients and staff with their comparable facts: address, building (address without its last number and
--   what follows), telephone (last ten digits), surname (first character or compound for Chinese, else last word).
SELECT
  w.kind AS kind, w.id AS id, w.name AS name, w.address AS address,
  CASE
    WHEN w.shortened = w.address THEN ''
    WHEN length(w.shortened) >= 4 THEN w.shortened
    ELSE regexp_replace(w.address, '^[0-9]+', '')
  END AS building,
  CASE WHEN length(w.digits) >= 7 THEN substring(w.digits, greatest(1, length(w.digits) - 9), 10) ELSE '' END AS phone,
  CASE
    WHEN w.name = '' THEN ''
    WHEN substring(w.name, 1, 2) IN (
      '欧阳', '司马', '诸葛', '上官', '司徒', '夏侯', '皇甫', '尉迟', '公孙', '慕容', '令狐', '长孙', '宇文', '东方',
      '独孤', '南宫', '西门', '端木', '轩辕', '申屠', '百里', '呼延', '闻人', '太史', '澹台', '公冶', '濮阳', '淳于'
    ) AND length(w.name) > 2 THEN substring(w.name, 1, 2)
    WHEN substring(w.name, 1, 1) >= '㐀' AND substring(w.name, 1, 1) <= '鿿' THEN substring(w.name, 1, 1)
    WHEN w.name LIKE '%,%' THEN split_part(w.name, ',', 1)
    ELSE regexp_extract(w.name, '([^ ]+)$', 1)
  END AS surname,
  w.birth_day AS birth_day, w.contact AS contact,
  CASE WHEN length(w.contact_digits) >= 7 THEN w.contact_digits ELSE '' END AS contact_digits
FROM (
  SELECT
    x.kind AS kind, x.id AS id, x.name AS name, x.address AS address,
    regexp_replace(x.address, '[0-9]+[^0-9]*$', '') AS shortened,
    x.digits AS digits, x.birth_day AS birth_day, x.contact AS contact,
    regexp_replace(x.contact, '[^0-9]', '', 'g') AS contact_digits
  FROM (
    SELECT
      'patient' AS kind, y.patient_id AS id, lower(trim(coalesce(y.name, ''))) AS name,
      regexp_replace(lower(coalesce(y.address, '')), '[ ,.;#，。、；-]', '', 'g') AS address,
      regexp_replace(coalesce(y.phone, ''), '[^0-9]', '', 'g') AS digits,
      y.birth_date_day AS birth_day, lower(coalesce(y.emergency_contact, '')) AS contact
    FROM patients AS y
    UNION ALL
    SELECT
      'staff' AS kind, z.staff_id AS id, lower(trim(coalesce(z.name, ''))) AS name,
      regexp_replace(lower(coalesce(z.address, '')), '[ ,.;#，。、；-]', '', 'g') AS address,
      regexp_replace(coalesce(z.phone, ''), '[^0-9]', '', 'g') AS digits,
      CAST(NULL AS INTEGER) AS birth_day, '' AS contact
    FROM staff AS z
  ) AS x
) AS w

-- name: surname_share
-- description: How common each surname is among patients.
SELECT f.surname AS surname, count(*) * 1.0 / max(w.whole) AS share
FROM person_facts AS f
CROSS JOIN (SELECT count(*) AS whole FROM person_facts AS g WHERE g.kind = 'patient' AND g.surname <> '') AS w
WHERE f.kind = 'patient' AND f.surname <> ''
GROUP BY f.surname

-- name: building_size
-- description: Patients in each building.
SELECT f.building AS building, count(*) AS people
FROM person_facts AS f WHERE f.kind = 'patient' AND f.building <> '' GROUP BY f.building

-- name: address_size
-- description: Patients and staff at each address.
SELECT f.address AS address, count(*) AS people
FROM person_facts AS f WHERE f.address <> '' GROUP BY f.address

-- name: phone_size
-- description: Patients with each telephone number.
SELECT f.phone AS phone, count(*) AS people
FROM person_facts AS f WHERE f.kind = 'patient' AND f.phone <> '' GROUP BY f.phone

-- name: staff_patient
-- description: Staff who are patients here, by every number of theirs, with department and line.
SELECT ow.patient_id AS patient_id, min(s.staff_id) AS staff_id, min(s.department) AS department,
  min(s.manager_id) AS manager_id
FROM own_number AS ow
JOIN staff AS s ON s.staff_id = ow.staff_id
GROUP BY ow.patient_id

-- name: tie
-- description: For each open pair of a person's account and a patient: what private tie the hospital's tables show. The
--   staff's own patient record counts too, under each of its numbers. Emergency contacts are matched by their digits
--   first, then by full name.
SELECT
  q.a AS a, q.p AS p,
  CASE WHEN q.own = 1 THEN 1 ELSE 0 END AS own,
  CASE WHEN q.own = 0 AND q.same_address = 1 THEN 1 ELSE 0 END AS address,
  CASE WHEN q.own = 0 AND q.same_phone = 1 THEN 1 ELSE 0 END AS phone,
  CASE WHEN q.own = 0 AND q.contact_phone = 1 THEN 1 ELSE 0 END AS contact,
  CASE WHEN q.own = 0 AND q.contact_name = 1 THEN 1 ELSE 0 END AS contact_name,
  CASE WHEN q.own = 0 AND q.same_surname = 1 AND q.share < :surname_common_share THEN 1 ELSE 0 END AS surname,
  CASE WHEN q.own = 0 AND q.same_surname = 1 THEN 1 ELSE 0 END AS any_surname,
  q.share AS surname_share,
  CASE
    WHEN q.own = 0 AND q.same_address = 0 AND q.same_building = 1 AND q.building_people <= :building_patients THEN 1
    ELSE 0
  END AS building,
  q.building_people AS building_people,
  CASE WHEN q.own = 0 AND q.colleague IS NOT NULL THEN 1 ELSE 0 END AS coworker,
  CASE WHEN q.own = 0 AND q.colleague IS NOT NULL AND q.same_department = 1 THEN 1 ELSE 0 END AS same_department,
  CASE WHEN q.own = 0 AND q.line = 1 THEN 1 ELSE 0 END AS manager
FROM (
  SELECT
    z.a AS a, z.p AS p,
    max(z.own) AS own, max(z.same_address) AS same_address, max(z.same_phone) AS same_phone,
    max(z.contact_phone) AS contact_phone, max(z.contact_name) AS contact_name,
    max(z.same_surname) AS same_surname, max(z.share) AS share, max(z.same_building) AS same_building,
    max(z.building_people) AS building_people, max(z.colleague) AS colleague,
    max(z.same_department) AS same_department, max(z.line) AS line
  FROM (
    SELECT
      op.a AS a, op.p AS p,
      CASE WHEN mn.patient_id = pd.patient_id THEN 1 ELSE 0 END AS own,
      CASE
        WHEN pf.address <> '' AND pf.address IN (sf.address, mine.address) AND asz.people <= :household_size THEN 1 ELSE 0
      END AS same_address,
      CASE
        WHEN pf.phone <> '' AND pf.phone IN (sf.phone, mine.phone) AND coalesce(psz.people, 1) <= :phone_patients THEN 1
        ELSE 0
      END AS same_phone,
      CASE
        WHEN sf.phone <> '' AND pf.contact_digits LIKE concat('%', sf.phone, '%') THEN 1
        WHEN mine.phone <> '' AND pf.contact_digits LIKE concat('%', mine.phone, '%') THEN 1
        WHEN pf.phone <> '' AND mine.contact_digits LIKE concat('%', pf.phone, '%') THEN 1
        ELSE 0
      END AS contact_phone,
      CASE
        WHEN length(sf.name) >= 2 AND pf.contact LIKE concat('%', sf.name, '%') THEN 1
        WHEN length(pf.name) >= 2 AND mine.contact LIKE concat('%', pf.name, '%') THEN 1
        ELSE 0
      END AS contact_name,
      CASE WHEN sf.surname <> '' AND sf.surname = pf.surname THEN 1 ELSE 0 END AS same_surname,
      coalesce(ss.share, 1.0) AS share,
      CASE WHEN pf.building <> '' AND pf.building IN (sf.building, mine.building) THEN 1 ELSE 0 END AS same_building,
      coalesce(bs.people, 0) AS building_people,
      sp.staff_id AS colleague,
      CASE WHEN sp.department = ad.home THEN 1 ELSE 0 END AS same_department,
      CASE WHEN sp.staff_id = ad.manager OR sp.manager_id = ad.person THEN 1 ELSE 0 END AS line
    FROM open_pair AS op
    JOIN account_dim AS ad ON ad.a = op.a AND ad.person IS NOT NULL
    JOIN patient_dim AS pd ON pd.p = op.p
    LEFT JOIN person_facts AS pf ON pf.id = pd.patient_id AND pf.kind = 'patient'
    LEFT JOIN person_facts AS sf ON sf.id = ad.person AND sf.kind = 'staff'
    LEFT JOIN own_number AS mn ON mn.staff_id = ad.person
    LEFT JOIN person_facts AS mine ON mine.id = mn.patient_id AND mine.kind = 'patient'
    LEFT JOIN surname_share AS ss ON ss.surname = pf.surname
    LEFT JOIN building_size AS bs ON bs.building = pf.building
    LEFT JOIN address_size AS asz ON asz.address = pf.address
    LEFT JOIN phone_size AS psz ON psz.phone = pf.phone
    LEFT JOIN staff_patient AS sp ON sp.patient_id = pd.patient_id
  ) AS z
  GROUP BY z.a, z.p
) AS q
