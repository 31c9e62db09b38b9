-- name: station_use
-- description: Which account used which workstation on which day, the site that was logged with it, and the departments to
--   which the account belonged then.
SELECT u.workstation AS workstation, u.a AS a, u.day AS day, m.d AS d, min(u.site) AS site
FROM (
  SELECT e.workstation AS workstation, ad.a AS a, e.day AS day, min(e.site) AS site
  FROM events AS e
  JOIN account_dim AS ad ON ad.account = e.account AND ad.kind <> 'service'
  WHERE e.workstation IS NOT NULL AND e.outcome = 'success' AND e.time_us < :to_us
  GROUP BY e.workstation, ad.a, e.day
  UNION ALL
  SELECT e.workstation AS workstation, ac.a AS a, e.day AS day, min(e.site) AS site
  FROM acted AS ac
  JOIN events AS e ON e.eid = ac.eid
  WHERE e.workstation IS NOT NULL
  GROUP BY e.workstation, ac.a, e.day
) AS u
JOIN membership AS m ON m.a = u.a AND u.day >= m.from_day AND u.day <= m.to_day
GROUP BY u.workstation, u.a, u.day, m.d

-- name: station_guest
-- description: Workstations that an account used on a day on which it has plain visits: where it may have worked. An account
--   that was at two sites on one day may have been two people: nothing is said of it.
SELECT DISTINCT su.workstation AS workstation, su.a AS a, su.day AS day
FROM station_use AS su
JOIN (SELECT DISTINCT pv.a AS a, pv.day AS day FROM plain_visit AS pv) AS g ON g.a = su.a AND g.day = su.day
LEFT JOIN (
  SELECT x.a AS a, x.day AS day FROM station_use AS x WHERE x.site <> 'remote' GROUP BY x.a, x.day
  HAVING min(x.site) < max(x.site)
) AS two ON two.a = su.a AND two.day = su.day
WHERE two.a IS NULL

-- name: station_day
-- description: For each day on which a guest used a workstation: whose it was, by its use in the `learned_days` before:
--   account-days (`uses`) and distinct accounts of each department, and all its account-days. Each use counts from the
--   next day on; an account counts once, from its last use.
WITH used AS (
  SELECT su.workstation AS workstation, su.d AS d, su.a AS a, su.day AS day,
    lead(su.day) OVER (PARTITION BY su.workstation, su.d, su.a ORDER BY su.day) AS next_day
  FROM station_use AS su
  JOIN (SELECT DISTINCT sg.workstation AS workstation FROM station_guest AS sg) AS g ON g.workstation = su.workstation
),
step AS (
  SELECT s.workstation AS workstation, s.d AS d, s.day AS day, CAST(sum(s.uses) AS BIGINT) AS uses,
    CAST(sum(s.accounts) AS BIGINT) AS accounts, max(s.asked) AS asked
  FROM (
    SELECT u1.workstation AS workstation, u1.d AS d, u1.day + 1 AS day, 1 AS uses, 1 AS accounts, 0 AS asked
    FROM used AS u1
    UNION ALL
    SELECT u2.workstation AS workstation, u2.d AS d, u2.day + :learned_days + 1 AS day, -1 AS uses, 0 AS accounts,
      0 AS asked
    FROM used AS u2
    UNION ALL
    SELECT u3.workstation AS workstation, u3.d AS d,
      least(coalesce(u3.next_day, 9999999), u3.day + :learned_days) + 1 AS day, 0 AS uses, -1 AS accounts, 0 AS asked
    FROM used AS u3
    UNION ALL
    SELECT wd.workstation AS workstation, wd.d AS d, gd.day AS day, 0 AS uses, 0 AS accounts, 1 AS asked
    FROM (SELECT DISTINCT u4.workstation AS workstation, u4.d AS d FROM used AS u4) AS wd
    JOIN (SELECT DISTINCT sg.workstation AS workstation, sg.day AS day FROM station_guest AS sg) AS gd
      ON gd.workstation = wd.workstation
  ) AS s
  GROUP BY s.workstation, s.d, s.day
),
running AS (
  SELECT st.workstation AS workstation, st.d AS d, st.day AS day, st.asked AS asked,
    sum(st.uses) OVER (PARTITION BY st.workstation, st.d ORDER BY st.day ROWS UNBOUNDED PRECEDING) AS uses,
    sum(st.accounts) OVER (PARTITION BY st.workstation, st.d ORDER BY st.day ROWS UNBOUNDED PRECEDING) AS accounts
  FROM step AS st
)
SELECT r.workstation AS workstation, r.d AS d, r.day AS day, CAST(r.uses AS BIGINT) AS uses,
  CAST(r.accounts AS BIGINT) AS accounts,
  CAST(sum(r.uses) OVER (PARTITION BY r.workstation, r.day) AS BIGINT) AS whole
FROM running AS r
WHERE r.asked = 1

-- name: presence
-- description: Accounts that on a day worked for a department not their own. Either at a workstation of it: at least
--   `presence_accounts` of its accounts had used it before, and no less than `presence_share` of the use was theirs. Or by
--   own entries in the records of at least `presence_patients` patients under its care.
SELECT u.a AS a, u.day AS day, u.d AS d, min(u.workstation) AS workstation, max(u.accounts) AS accounts,
  max(u.entries) AS entries
FROM (
  SELECT sg.a AS a, sg.day AS day, sd.d AS d, sg.workstation AS workstation, sd.accounts AS accounts,
    CAST(NULL AS BIGINT) AS entries
  FROM station_guest AS sg
  JOIN station_day AS sd ON sd.workstation = sg.workstation AND sd.day = sg.day
  LEFT JOIN (SELECT DISTINCT m.a AS a, m.d AS d FROM membership AS m) AS own ON own.a = sg.a AND own.d = sd.d
  WHERE own.a IS NULL AND sd.accounts >= :presence_accounts AND sd.uses >= :presence_share * sd.whole
  UNION ALL
  SELECT cd.a AS a, cd.day AS day, cd.treating AS d, CAST(NULL AS VARCHAR) AS workstation,
    CAST(NULL AS BIGINT) AS accounts, count(*) AS entries
  FROM by_charting AS bc
  JOIN care_day AS cd ON cd.a = bc.a AND cd.p = bc.p AND cd.day = bc.day
  GROUP BY cd.a, cd.day, cd.treating
  HAVING count(*) >= :presence_patients
) AS u
GROUP BY u.a, u.day, u.d

-- name: by_presence
-- description: Plain visits to patients for whom the department had a reason for which the account worked that day;
--   `choice` is preference * 1e11 + span_id of that reason.
SELECT f.a AS a, f.p AS p, f.day AS day, f.choice AS choice, min(f.workstation) AS workstation,
  max(f.accounts) AS accounts, max(f.entries) AS entries
FROM (
  SELECT pv.a AS a, pv.p AS p, pv.day AS day, s.choice AS choice, pr.workstation AS workstation,
    pr.accounts AS accounts, pr.entries AS entries, min(s.choice) OVER (PARTITION BY pv.a, pv.p, pv.day) AS best
  FROM plain_visit AS pv
  JOIN presence AS pr ON pr.a = pv.a AND pr.day = pv.day
  JOIN span_department AS s ON s.d = pr.d AND s.p = pv.p AND s.from_us < pv.closes_us AND s.to_us >= pv.opens_us
) AS f
WHERE f.choice = f.best
GROUP BY f.a, f.p, f.day, f.choice
