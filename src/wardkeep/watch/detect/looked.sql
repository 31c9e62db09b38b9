-- name: looked_barred
-- description: Findings all or some of whose events no reason may explain.
SELECT DISTINCT k.finding_no AS finding_no
FROM looked AS k
JOIN unexplained AS u ON u.a = k.a AND u.p = k.p AND u.time_us >= k.first_us AND u.time_us <= k.last_us
WHERE u.barred IS NOT NULL

-- name: looked_found
-- description: For these, the rows that would have been a reason of the whole day: found, and not enough.
SELECT b.finding_no AS finding_no, sp.reason AS reason, min(sp.source_table) AS source_table, min(sp.src) AS src
FROM (
  SELECT k.finding_no AS finding_no, v.a AS a, v.p AS p, v.day AS day, v.opens_us AS opens_us, v.closes_us AS closes_us
  FROM looked_barred AS lb
  JOIN looked AS k ON k.finding_no = lb.finding_no
  JOIN visit AS v ON v.a = k.a AND v.p = k.p AND v.last_us >= k.first_us AND v.first_us <= k.last_us
) AS b
JOIN account_dim AS ad ON ad.a = b.a
JOIN span AS sp ON sp.p = b.p AND sp.from_us < b.closes_us AND sp.to_us >= b.opens_us
LEFT JOIN department_dim AS dd ON sp.scope = 'D' AND dd.department = sp.key_text
LEFT JOIN membership AS m ON m.a = b.a AND m.d = dd.d AND b.day >= m.from_day AND b.day <= m.to_day
WHERE (sp.scope = 'D' AND m.a IS NOT NULL) OR (sp.scope = 'P' AND sp.key_text = ad.person)
  OR (sp.scope = 'R' AND ad.role = 'registrar')
GROUP BY b.finding_no, sp.reason

-- name: looked_plain
-- description: Accounts and patients of findings to whom an inferred reason could have applied.
SELECT DISTINCT k.a AS a, k.p AS p
FROM looked AS k
JOIN plain_pair AS pp ON pp.a = k.a AND pp.p = k.p
