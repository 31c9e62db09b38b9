-- name: rostered
-- description: For asked events of a department's account of which nobody left a trace: everybody who had a shift there.
SELECT x.eid AS eid, x.person AS person, CAST(x.odds / (1 + sum(x.odds) OVER (PARTITION BY x.eid)) AS DOUBLE) AS confidence
FROM (
  SELECT k.eid AS eid, sh.staff_id AS person, :attribute_shift / (1 - :attribute_shift) AS odds
  FROM asked_eid AS k
  JOIN events AS e ON e.eid = k.eid
  JOIN unnamed_account AS ua ON ua.account = e.account AND ua.kind = 'shared'
  JOIN shifts AS sh ON sh.department = ua.department
    AND sh.start_us - :shift_early_minutes * 60000000 <= e.time_us
    AND coalesce(sh.end_us, sh.start_us + 43200000000) + :shift_late_minutes * 60000000 > e.time_us
  LEFT JOIN (SELECT DISTINCT c.eid AS eid FROM claim AS c) AS t ON t.eid = k.eid
  WHERE t.eid IS NULL
  GROUP BY k.eid, sh.staff_id
) AS x
