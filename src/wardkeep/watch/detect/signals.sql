-- name: day_load
-- description: Per account and local day: patients opened, and those opened without reason.
SELECT
  v.a AS a, v.day AS day, CAST(count(*) AS INTEGER) AS patients, coalesce(max(o.open_patients), 0) AS open_patients
FROM visit AS v
JOIN (
  SELECT od.a AS a, od.day AS day, CAST(count(*) AS INTEGER) AS open_patients FROM open_day AS od GROUP BY od.a, od.day
) AS o ON o.a = v.a AND o.day = v.day
GROUP BY v.a, v.day

-- name: ward_load
-- description: Per account and local day: patients of one treating department opened without reason.
SELECT c.a AS a, c.day AS day, c.treating AS treating, CAST(count(DISTINCT c.p) AS INTEGER) AS patients
FROM care_of AS c
GROUP BY c.a, c.day, c.treating

-- name: duty
-- description: Open days of accounts that stand in the roster, with whether a shift covered the first or last event.
SELECT
  od.a AS a, od.p AS p, od.day AS day,
  max(CASE WHEN s.from_us <= od.last_us AND s.to_us > od.first_us THEN 1 ELSE 0 END) AS on_duty
FROM open_day AS od
JOIN (
  SELECT so.a AS a, so.from_us AS from_us, so.to_us AS to_us FROM shift_of AS so GROUP BY so.a, so.from_us, so.to_us
) AS s ON s.a = od.a
GROUP BY od.a, od.p, od.day

-- name: colleague
-- description: Other accounts of the reader's department that opened the same patient around an episode, with a reason and
--   without.
SELECT
  ep.a AS a, ep.p AS p, ep.k AS k, CAST(count(DISTINCT v.a) AS INTEGER) AS colleagues,
  CAST(count(DISTINCT od.a) AS INTEGER) AS open_colleagues
FROM episode AS ep
JOIN home_of AS h ON h.a = ep.a
JOIN visit AS v ON v.p = ep.p AND v.a <> ep.a AND v.day >= ep.first_day - 3 AND v.day <= ep.last_day + 2
JOIN home_of AS g ON g.a = v.a AND g.d = h.d
LEFT JOIN open_day AS od ON od.a = v.a AND od.p = v.p AND od.day = v.day
GROUP BY ep.a, ep.p, ep.k

-- name: known
-- description: Episodes whose account also opened the patient with a documented reason of the day, on other days up to two
--   after it.
SELECT ep.a AS a, ep.p AS p, ep.k AS k, CAST(count(*) AS INTEGER) AS reasoned_days
FROM episode AS ep
JOIN visit_reason AS vr ON vr.a = ep.a AND vr.p = ep.p AND vr.day <= ep.last_day + 2
GROUP BY ep.a, ep.p, ep.k

-- name: crowd_day
-- description: Per patient and local day: accounts and departments that open it without reason within `crowd_days`.
SELECT
  d.p AS p, d.day AS day, CAST(count(DISTINCT od.a) AS INTEGER) AS accounts,
  CAST(count(DISTINCT h.d) AS INTEGER) AS departments
FROM (SELECT DISTINCT x.p AS p, x.day AS day FROM open_day AS x) AS d
JOIN open_day AS od ON od.p = d.p AND od.day <= d.day AND od.day > d.day - :crowd_days
LEFT JOIN home_of AS h ON h.a = od.a
GROUP BY d.p, d.day

-- name: habit
-- description: Per account: days with events, and patients without reason a day.
SELECT
  v.a AS a, CAST(count(DISTINCT v.day) AS INTEGER) AS days, coalesce(max(o.n), 0) * 1.0 / count(DISTINCT v.day) AS open_a_day,
  coalesce(max(o.n), 0) * 1.0 / count(*) AS open_share
FROM visit AS v
LEFT JOIN (SELECT od.a AS a, count(*) AS n FROM open_day AS od GROUP BY od.a) AS o ON o.a = v.a
GROUP BY v.a

-- name: depth
-- description: Per open day: kinds of documents and systems that were looked into.
SELECT
  u.a AS a, u.p AS p, u.day AS day, CAST(count(DISTINCT e.resource) AS INTEGER) AS kinds,
  CAST(count(DISTINCT u.s) AS INTEGER) AS systems
FROM unexplained AS u
JOIN events AS e ON e.eid = u.eid
GROUP BY u.a, u.p, u.day

-- name: charted
-- description: Episodes under the emergency override after which the reader's department wrote in the record within
--   `breakglass_hours`.
SELECT ep.a AS a, ep.p AS p, ep.k AS k, CAST(count(*) AS INTEGER) AS visits
FROM episode AS ep
JOIN home_of AS h ON h.a = ep.a
JOIN visit AS v ON v.p = ep.p AND v.wrote > 0 AND v.last_us >= ep.first_us
  AND v.first_us < ep.first_us + :breakglass_hours * 3600000000
JOIN home_of AS g ON g.a = v.a AND g.d = h.d
WHERE ep.broke > 0
GROUP BY ep.a, ep.p, ep.k

-- name: strewn
-- description: Per account and local day: patients in the house opened without reason of whose wards it opened nobody else.
SELECT x.a AS a, x.day AS day, CAST(count(*) AS INTEGER) AS patients
FROM (
  SELECT c.a AS a, c.day AS day, c.p AS p
  FROM care_of AS c
  JOIN ward_load AS wl ON wl.a = c.a AND wl.day = c.day AND wl.treating = c.treating
  GROUP BY c.a, c.day, c.p
  HAVING max(wl.patients) = 1
) AS x
GROUP BY x.a, x.day

-- name: strewn_usual
-- description: The mean of that number over the account-days of a role that have any.
SELECT ad.role AS role, avg(st.patients) AS patients
FROM strewn AS st JOIN account_dim AS ad ON ad.a = st.a
GROUP BY ad.role

-- name: place
-- description: Per episode what its days say: the most usual department pair, how many of the same ward and in all were
--   opened without reason on one day, off duty or not, how deep the look went. `first_` columns are of the first day alone.
SELECT
  od.a AS a, od.p AS p, op.k AS k, max(lf.lift) AS lift, max(lf.patients) AS pair_patients,
  max(lf.accounts) AS pair_accounts, max(CASE WHEN c.treating IS NULL THEN 0 ELSE 1 END) AS in_house,
  max(coalesce(wl.patients, 1)) AS ward_patients, max(dl.open_patients) AS day_open, max(dl.patients) AS day_patients,
  max(CASE WHEN du.on_duty = 0 THEN 1 ELSE 0 END) AS off_duty,
  max(CASE WHEN du.on_duty = 0 AND od.day = ep.first_day THEN 1 ELSE 0 END) AS first_off_duty,
  max(CASE WHEN du.a IS NULL THEN 0 ELSE 1 END) AS rostered,
  max(dp.kinds) AS kinds, max(CASE WHEN od.day = ep.first_day THEN dp.kinds ELSE 0 END) AS first_kinds,
  max(dp.systems) AS systems, max(CASE WHEN od.day = ep.first_day THEN dp.systems ELSE 0 END) AS first_systems,
  max(coalesce(sw.patients / su.patients, 0.0)) AS strewn,
  max(CASE WHEN od.day = ep.first_day THEN coalesce(sw.patients / su.patients, 0.0) ELSE 0.0 END) AS first_strewn,
  max(cd.accounts) AS crowd_accounts, max(cd.departments) AS crowd_departments
FROM open_day AS od
JOIN open_part AS op ON op.a = od.a AND op.p = od.p AND op.day = od.day
JOIN episode AS ep ON ep.a = od.a AND ep.p = od.p AND ep.k = op.k
JOIN account_dim AS ad ON ad.a = od.a
JOIN depth AS dp ON dp.a = od.a AND dp.p = od.p AND dp.day = od.day
JOIN day_load AS dl ON dl.a = od.a AND dl.day = od.day
JOIN crowd_day AS cd ON cd.p = od.p AND cd.day = od.day
LEFT JOIN home_of AS h ON h.a = od.a
LEFT JOIN care_of AS c ON c.a = od.a AND c.p = od.p AND c.day = od.day
LEFT JOIN ward_load AS wl ON wl.a = od.a AND wl.day = od.day AND wl.treating = c.treating
LEFT JOIN open_pair_lift AS lf ON lf.reading = h.d AND lf.treating = c.treating
LEFT JOIN duty AS du ON du.a = od.a AND du.p = od.p AND du.day = od.day
LEFT JOIN strewn AS sw ON sw.a = od.a AND sw.day = od.day AND c.treating IS NOT NULL
LEFT JOIN strewn_usual AS su ON su.role = ad.role
GROUP BY od.a, od.p, op.k

-- name: signal
-- description: Everything that detections and ranking ask of an episode, one row each.
SELECT
  ep.a AS a, ep.p AS p, ep.k AS k, ep.first_day AS first_day, ep.last_day AS last_day, ep.days AS days,
  ep.accesses AS accesses, ep.first_us AS first_us, ep.last_us AS last_us, ep.wrote AS wrote, ep.took AS took,
  ep.broke AS broke, sd.second_day AS second_day, coalesce(ep.barred, '') AS barred, ad.kind AS kind, ad.role AS role,
  coalesce(q.quiet_days, 9999.0) AS quiet_days,
  coalesce(ti.own, 0) AS own, coalesce(ti.address, 0) AS address, coalesce(ti.phone, 0) AS phone,
  coalesce(ti.contact, 0) AS contact, coalesce(ti.contact_name, 0) AS contact_name, coalesce(ti.surname, 0) AS surname,
  coalesce(ti.surname_share, 1.0) AS surname_share, coalesce(ti.building, 0) AS building,
  coalesce(ti.building_people, 0) AS building_people, coalesce(ti.coworker, 0) AS coworker,
  coalesce(ti.same_department, 0) AS same_department, coalesce(ti.manager, 0) AS manager,
  CASE WHEN pd.sensitivity LIKE '%;vip;%' THEN 1 ELSE 0 END AS vip,
  CASE WHEN pd.sensitivity LIKE '%;minor;%' THEN 1 ELSE 0 END AS minor,
  CASE
    WHEN pd.sensitivity LIKE '%;psychiatric;%' OR pd.sensitivity LIKE '%;infectious;%'
      OR pd.sensitivity LIKE '%;reproductive;%' OR pd.sensitivity LIKE '%;genetic;%' THEN 1
    ELSE 0
  END AS sensitive,
  CASE WHEN pd.honey THEN 1 ELSE 0 END AS honey,
  CASE WHEN pd.known THEN 0 ELSE 1 END AS unknown_patient,
  coalesce(ep.last_day - pd.died_day, -9999) AS died_days,
  pl.lift AS lift, coalesce(pl.pair_patients, 0) AS pair_patients, coalesce(pl.pair_accounts, 0) AS pair_accounts,
  pl.in_house AS in_house, pl.ward_patients AS ward_patients, pl.day_open AS day_open, pl.day_patients AS day_patients,
  pl.off_duty AS off_duty, pl.first_off_duty AS first_off_duty, pl.rostered AS rostered, pl.kinds AS kinds,
  pl.first_kinds AS first_kinds, pl.systems AS systems, pl.first_systems AS first_systems, pl.strewn AS strewn,
  pl.first_strewn AS first_strewn, pl.crowd_accounts AS crowd_accounts,
  pl.crowd_departments AS crowd_departments,
  coalesce(co.colleagues, 0) AS colleagues, coalesce(co.open_colleagues, 0) AS open_colleagues,
  CASE
    WHEN coalesce(co.colleagues, 0) = 0 AND pl.ward_patients <= 2 AND coalesce(kn.reasoned_days, 0) = 0 THEN 1 ELSE 0
  END AS lone,
  CASE
    WHEN coalesce(co.colleagues, 0) = 0 AND pl.ward_patients <= 2 AND coalesce(kn.reasoned_days, 0) = 0
      AND (pl.lift IS NULL OR pl.lift < 1 OR pl.pair_accounts <= :learned_accounts) THEN 1
    ELSE 0
  END AS stray,
  CASE WHEN ep.broke > 0 AND ep.wrote = 0 AND ch.a IS NULL THEN 1 ELSE 0 END AS uncharted,
  coalesce(kn.reasoned_days, 0) AS reasoned_days, hb.open_a_day AS open_a_day, hb.open_share AS open_share
FROM episode AS ep
JOIN account_dim AS ad ON ad.a = ep.a
JOIN patient_dim AS pd ON pd.p = ep.p
JOIN place AS pl ON pl.a = ep.a AND pl.p = ep.p AND pl.k = ep.k
JOIN habit AS hb ON hb.a = ep.a
LEFT JOIN (
  SELECT od.a AS a, od.p AS p, op.k AS k, min(od.day) AS second_day
  FROM open_day AS od
  JOIN open_part AS op ON op.a = od.a AND op.p = od.p AND op.day = od.day
  JOIN episode AS e2 ON e2.a = od.a AND e2.p = od.p AND e2.k = op.k AND od.day > e2.first_day
  GROUP BY od.a, od.p, op.k
) AS sd ON sd.a = ep.a AND sd.p = ep.p AND sd.k = ep.k
LEFT JOIN quiet AS q ON q.a = ep.a AND q.p = ep.p AND q.k = ep.k
LEFT JOIN tie AS ti ON ti.a = ep.a AND ti.p = ep.p
LEFT JOIN colleague AS co ON co.a = ep.a AND co.p = ep.p AND co.k = ep.k
LEFT JOIN known AS kn ON kn.a = ep.a AND kn.p = ep.p AND kn.k = ep.k
LEFT JOIN charted AS ch ON ch.a = ep.a AND ch.p = ep.p AND ch.k = ep.k
