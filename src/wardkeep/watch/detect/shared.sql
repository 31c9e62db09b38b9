-- name: shared_login
-- description: Departments' accounts in use, gathered to one row a department and week: how many accounts, on how many
--   account-days (`before`: what each would be by itself), how many accesses, for how many of them a person is named, and
--   how many people those are.
SELECT
  b.home AS department, v.day - (v.day + 3) % 7 AS monday, CAST(count(DISTINCT b.a) AS INTEGER) AS accounts,
  CAST(count(DISTINCT b.a * 100000 + v.day) AS INTEGER) AS before, CAST(sum(v.judged) AS BIGINT) AS accesses,
  CAST(sum(CASE WHEN ad.person IS NULL THEN 0 ELSE v.judged END) AS BIGINT) AS named,
  CAST(count(DISTINCT ad.person) AS INTEGER) AS people
FROM visit AS v
JOIN account_dim AS ad ON ad.a = v.a
JOIN account_dim AS b ON b.a = ad.base AND b.kind = 'shared'
WHERE v.judged > 0
GROUP BY b.home, v.day - (v.day + 3) % 7
