-- name: learn_visit
-- description: What department pairs are learned from: plain visits by accounts of one department (reading) to patients
--   under care of another (treating). What is documented says nothing of what is usual without a document, and loud
--   accounts are left out.
SELECT m.d AS reading, cd.treating AS treating, pv.a AS a, pv.p AS p, pv.day AS day
FROM plain_visit AS pv
JOIN care_day AS cd ON cd.a = pv.a AND cd.p = pv.p AND cd.day = pv.day
JOIN membership AS m ON m.a = pv.a AND pv.day >= m.from_day AND pv.day <= m.to_day
WHERE pv.loud = 0 AND m.d <> cd.treating
GROUP BY m.d, cd.treating, pv.a, pv.p, pv.day

-- name: learn_ask
-- description: Open visits with the departments that may share the care: the account's on that day, and the treating ones.
SELECT cd.a AS a, cd.p AS p, cd.day AS day, cd.treating AS treating, cd.span_id AS span_id, m.d AS reading
FROM care_day AS cd
JOIN membership AS m ON m.a = cd.a AND cd.day >= m.from_day AND cd.day <= m.to_day
WHERE m.d <> cd.treating
GROUP BY cd.a, cd.p, cd.day, cd.treating, cd.span_id, m.d

-- name: learn_day
-- description: Visits, distinct patients and distinct accounts of each department pair in the `learned_days` before each
--   day that is asked for; `a` = 0 is the whole pair, another number that account's own part. A visit counts from the
--   next day on; a patient (an account) counts once, from the last visit. Days after a visit never count for it.
WITH seen AS (
  SELECT lv.reading AS reading, lv.treating AS treating, lv.a AS a, lv.day AS day, lv.day + :learned_days AS last_day,
    lead(lv.day) OVER (PARTITION BY lv.reading, lv.treating, lv.p ORDER BY lv.day, lv.a) AS next_patient,
    lead(lv.day) OVER (PARTITION BY lv.reading, lv.treating, lv.a ORDER BY lv.day, lv.p) AS next_account,
    lead(lv.day) OVER (PARTITION BY lv.reading, lv.treating, lv.a, lv.p ORDER BY lv.day) AS next_own
  FROM learn_visit AS lv
),
step AS (
  SELECT s.reading AS reading, s.treating AS treating, s.a AS a, s.day AS day, sum(s.visits) AS visits,
    sum(s.patients) AS patients, sum(s.accounts) AS accounts, max(s.asked) AS asked
  FROM (
    SELECT v1.reading AS reading, v1.treating AS treating, 0 AS a, v1.day + 1 AS day, 1 AS visits, 1 AS patients,
      1 AS accounts, 0 AS asked
    FROM seen AS v1
    UNION ALL
    SELECT v2.reading AS reading, v2.treating AS treating, 0 AS a, v2.last_day + 1 AS day, -1 AS visits, 0 AS patients,
      0 AS accounts, 0 AS asked
    FROM seen AS v2
    UNION ALL
    SELECT v3.reading AS reading, v3.treating AS treating, 0 AS a,
      least(coalesce(v3.next_patient, 9999999), v3.last_day) + 1 AS day, 0 AS visits, -1 AS patients, 0 AS accounts,
      0 AS asked
    FROM seen AS v3
    UNION ALL
    SELECT v4.reading AS reading, v4.treating AS treating, 0 AS a,
      least(coalesce(v4.next_account, 9999999), v4.last_day) + 1 AS day, 0 AS visits, 0 AS patients, -1 AS accounts,
      0 AS asked
    FROM seen AS v4
    UNION ALL
    SELECT v5.reading AS reading, v5.treating AS treating, v5.a AS a, v5.day + 1 AS day, 1 AS visits, 1 AS patients,
      0 AS accounts, 0 AS asked
    FROM seen AS v5
    UNION ALL
    SELECT v6.reading AS reading, v6.treating AS treating, v6.a AS a, v6.last_day + 1 AS day, -1 AS visits,
      0 AS patients, 0 AS accounts, 0 AS asked
    FROM seen AS v6
    UNION ALL
    SELECT v7.reading AS reading, v7.treating AS treating, v7.a AS a,
      least(coalesce(v7.next_own, 9999999), v7.last_day) + 1 AS day, 0 AS visits, -1 AS patients, 0 AS accounts,
      0 AS asked
    FROM seen AS v7
    UNION ALL
    SELECT pr.reading AS reading, pr.treating AS treating, 0 AS a, dy.day AS day, 0 AS visits, 0 AS patients,
      0 AS accounts, 1 AS asked
    FROM (SELECT DISTINCT v8.reading AS reading, v8.treating AS treating FROM seen AS v8) AS pr
    CROSS JOIN (SELECT DISTINCT la.day AS day FROM learn_ask AS la) AS dy
    UNION ALL
    SELECT q.reading AS reading, q.treating AS treating, q.a AS a, q.day AS day, 0 AS visits, 0 AS patients,
      0 AS accounts, 1 AS asked
    FROM learn_ask AS q
  ) AS s
  GROUP BY s.reading, s.treating, s.a, s.day
),
running AS (
  SELECT st.reading AS reading, st.treating AS treating, st.a AS a, st.day AS day, st.asked AS asked,
    sum(st.visits) OVER (
      PARTITION BY st.reading, st.treating, st.a ORDER BY st.day ROWS UNBOUNDED PRECEDING
    ) AS visits,
    sum(st.patients) OVER (
      PARTITION BY st.reading, st.treating, st.a ORDER BY st.day ROWS UNBOUNDED PRECEDING
    ) AS patients,
    sum(st.accounts) OVER (
      PARTITION BY st.reading, st.treating, st.a ORDER BY st.day ROWS UNBOUNDED PRECEDING
    ) AS accounts
  FROM step AS st
)
SELECT r.reading AS reading, r.treating AS treating, r.a AS a, r.day AS day, CAST(r.visits AS BIGINT) AS visits,
  CAST(r.patients AS BIGINT) AS patients, CAST(r.accounts AS BIGINT) AS accounts
FROM running AS r
WHERE r.asked = 1

-- name: pair_day
-- description: Department pairs as known on each day, with the lift: visits of the pair over what the two departments'
--   totals would give by chance.
SELECT f.reading AS reading, f.treating AS treating, f.day AS day, f.visits AS visits, f.patients AS patients,
  f.accounts AS accounts, f.visits * 1.0 * f.n / (f.by_reading * f.by_treating) AS lift, f.n AS n,
  f.by_reading AS by_reading, f.by_treating AS by_treating
FROM (
  SELECT
    ld.reading AS reading, ld.treating AS treating, ld.day AS day, ld.visits AS visits, ld.patients AS patients,
    ld.accounts AS accounts, sum(ld.visits) OVER (PARTITION BY ld.day) AS n,
    sum(ld.visits) OVER (PARTITION BY ld.day, ld.reading) AS by_reading,
    sum(ld.visits) OVER (PARTITION BY ld.day, ld.treating) AS by_treating
  FROM learn_day AS ld
  WHERE ld.a = 0
) AS f
WHERE f.visits > 0

-- name: treating_size
-- description: Patients whom each department had under care in the judged time.
SELECT uc.d AS treating, count(DISTINCT uc.p) AS patients
FROM under_care AS uc GROUP BY uc.d

-- name: shared_care
-- description: Department pairs over the whole time: patients of `treating` opened by `reading` in plain visits, the share
--   of its patients that is, and the lift over chance.
SELECT
  f.reading AS reading, f.treating AS treating, f.patients AS patients, ts.patients AS whole,
  f.patients * 1.0 / ts.patients AS coverage, f.visits * 1.0 * f.n / (f.by_reading * f.by_treating) AS lift
FROM (
  SELECT
    g.reading AS reading, g.treating AS treating, g.patients AS patients, g.visits AS visits,
    sum(g.visits) OVER (PARTITION BY g.whole) AS n, sum(g.visits) OVER (PARTITION BY g.reading) AS by_reading,
    sum(g.visits) OVER (PARTITION BY g.treating) AS by_treating
  FROM (
    SELECT lv.reading AS reading, lv.treating AS treating, 1 AS whole, count(DISTINCT lv.p) AS patients,
      count(*) AS visits
    FROM learn_visit AS lv GROUP BY lv.reading, lv.treating
  ) AS g
) AS f
JOIN treating_size AS ts ON ts.treating = f.treating

-- name: visit_pair
-- description: For each open visit and treating department the pair as it was known on the days before, without this
--   account's own visits. Nothing known: no numbers.
WITH known AS (
  SELECT
    la.a AS a, la.p AS p, la.day AS day, la.treating AS treating, la.span_id AS span_id, la.reading AS reading,
    pd.patients - coalesce(own.patients, 0) AS patients,
    pd.accounts - CASE WHEN own.visits > 0 THEN 1 ELSE 0 END AS accounts,
    CASE
      WHEN pd.visits > coalesce(own.visits, 0) THEN
        (pd.visits - coalesce(own.visits, 0)) * 1.0 * (pd.n - coalesce(own.visits, 0))
        / ((pd.by_reading - coalesce(own.visits, 0)) * (pd.by_treating - coalesce(own.visits, 0)))
      WHEN pd.visits > 0 THEN 0.0
    END AS lift
  FROM learn_ask AS la
  LEFT JOIN pair_day AS pd ON pd.reading = la.reading AND pd.treating = la.treating AND pd.day = la.day
  LEFT JOIN learn_day AS own ON own.reading = la.reading AND own.treating = la.treating AND own.day = la.day
    AND own.a = la.a
)
SELECT
  w.a AS a, w.p AS p, w.day AS day, w.treating AS treating, w.span_id AS span_id, w.reading AS reading,
  w.patients AS patients, w.patients * 1.0 / ts.patients AS coverage, w.lift AS lift, w.accounts AS accounts
FROM (
  SELECT
    k.a AS a, k.p AS p, k.day AS day, k.treating AS treating, k.span_id AS span_id, k.reading AS reading,
    k.patients AS patients, k.accounts AS accounts, k.lift AS lift,
    row_number() OVER (PARTITION BY k.a, k.p, k.day, k.treating ORDER BY coalesce(k.lift, 0) DESC, k.reading) AS place
  FROM known AS k
) AS w
LEFT JOIN treating_size AS ts ON ts.treating = w.treating
WHERE w.place = 1

-- name: by_learning
-- description: Plain visits whose department often shares the care of such patients, as learned on the days before from
--   other accounts. The pair with the most patients is named.
SELECT f.a AS a, f.p AS p, f.day AS day, f.span_id AS span_id, f.patients AS patients, f.accounts AS accounts,
  f.lift AS lift, f.coverage AS coverage
FROM (
  SELECT
    vp.a AS a, vp.p AS p, vp.day AS day, vp.span_id AS span_id, vp.patients AS patients, vp.accounts AS accounts,
    vp.lift AS lift, vp.coverage AS coverage,
    row_number() OVER (PARTITION BY vp.a, vp.p, vp.day ORDER BY vp.patients DESC, vp.span_id) AS place
  FROM visit_pair AS vp
  JOIN plain_visit AS pv ON pv.a = vp.a AND pv.p = vp.p AND pv.day = vp.day
  WHERE vp.patients >= :learned_patients AND vp.accounts >= :learned_accounts AND vp.lift >= :learned_lift
) AS f
WHERE f.place = 1
