-- A hospital for the judgement benchmark: tables, visits, misuse, events. Words in braces are sizes, which
-- judgement_data.py puts in; r(i, k) is a number in [0, 1) that depends on i, k and the seed alone.
CREATE OR REPLACE TABLE departments AS
SELECT 'D' || lpad(CAST(i AS VARCHAR), 2, '0') AS department, 'Dept ' || i AS name,
  CASE WHEN i <= 40 THEN 'clinical' WHEN i <= 46 THEN 'diagnostic' ELSE 'administrative' END AS kind,
  CASE WHEN i % 5 = 0 THEN 'north' ELSE 'main' END AS site, NULL::VARCHAR AS parent,
  'D' || lpad(CAST(i AS VARCHAR), 2, '0') AS src
FROM range(1, 53) t(i);
CREATE OR REPLACE TABLE staff AS
SELECT 'S' || lpad(CAST(i AS VARCHAR), 6, '0') AS staff_id,
  chr(CAST(19968 + floor(300 * pow(r(i, 's1'), 3)) AS INTEGER)) || chr(CAST(20500 + floor(4000 * r(i,
    's2')) AS INTEGER))
    || chr(CAST(20500 + floor(4000 * r(i, 's9')) AS INTEGER)) AS name,
  CASE WHEN i % 100 < 28 THEN 'physician' WHEN i % 100 < 78 THEN 'nurse' WHEN i % 100 < 86 THEN 'technician'
    WHEN i % 100 < 91 THEN 'registrar' WHEN i % 100 < 95 THEN 'coder' WHEN i % 100 < 97 THEN 'it'
      ELSE 'pharmacist' END AS role,
  'D' || lpad(CAST(CAST(CASE WHEN i % 100 < 78 THEN 1 + floor(40 * pow(r(i, 's3'), 1.3)) WHEN i % 100 < 86
    THEN 41 + floor(5 * r(i, 's3'))
    WHEN i % 100 < 91 THEN 47 WHEN i % 100 < 95 THEN 48 WHEN i % 100 < 97 THEN 49
      ELSE 46 END AS INTEGER) AS VARCHAR), 2, '0') AS department,
  'S' || lpad(CAST(1 + floor({staff} * r(i, 's4')) AS VARCHAR), 6, '0') AS manager_id,
  NULL::INTEGER AS employed_from_day,
  CASE WHEN r(i, 's5') < 0.01 THEN {day0} + CAST(floor({days} * r(i, 's6')) AS INTEGER) END AS employed_to_day,
  'Long Road ' || CAST(floor(r(i, 's7') * {patients} / 60) AS INTEGER) || ' No ' || CAST(floor(r(i,
    's8') * 25) AS INTEGER) AS address,
  '138' || lpad(CAST(i AS VARCHAR), 8, '0') AS phone,
  CASE WHEN r(i, 's10') < 0.3 THEN 'P' || lpad(CAST(1 + i * 7 % {patients} AS VARCHAR), 8, '0') END AS patient_id,
  'S' || lpad(CAST(i AS VARCHAR), 6, '0') AS src
FROM range(1, {staff} + 1) t(i);
CREATE OR REPLACE TABLE accounts AS
SELECT 'u' || CAST(i AS VARCHAR) AS account, 'S' || lpad(CAST(i AS VARCHAR), 6, '0') AS staff_id, 'person' AS kind,
  NULL::INTEGER AS enabled_from_day, NULL::INTEGER AS enabled_to_day, NULL::VARCHAR AS department, 'u'
    || CAST(i AS VARCHAR) AS src
FROM range(1, {staff} + 1) t(i)
UNION ALL
SELECT 'ward' || CAST(i AS VARCHAR), NULL, 'shared', NULL, NULL, 'D' || lpad(CAST(i AS VARCHAR), 2, '0'), 'ward'
  || CAST(i AS VARCHAR) FROM range(1, 41) t(i)
UNION ALL
SELECT 'svc' || CAST(i AS VARCHAR), NULL, 'service', NULL, NULL, NULL, 'svc' || CAST(i AS VARCHAR) FROM range(1,
  6) t(i);
CREATE OR REPLACE TABLE patients AS
SELECT 'P' || lpad(CAST(i AS VARCHAR), 8, '0') AS patient_id,
  chr(CAST(19968 + floor(300 * pow(r(i, 'p1'), 3)) AS INTEGER)) || chr(CAST(20500 + floor(4000 * r(i,
    'p2')) AS INTEGER))
    || chr(CAST(20500 + floor(4000 * r(i, 'p9')) AS INTEGER)) AS name,
  'F' AS sex, CAST(-25000 + floor(40000 * r(i, 'p3')) AS INTEGER) AS birth_date_day,
  'Long Road ' || CAST(floor(r(i, 'p4') * {patients} / 60) AS INTEGER) || ' No ' || CAST(floor(r(i,
    'p5') * 25) AS INTEGER) AS address,
  '139' || lpad(CAST(i AS VARCHAR), 8, '0') AS phone,
  '137' || lpad(CAST(floor(r(i, 'p6') * 99999999) AS VARCHAR), 8, '0') AS emergency_contact,
  CASE WHEN r(i, 'p7') < 0.01 THEN {day0} - 200 + CAST(floor(200 * r(i, 'p8')) AS INTEGER) END AS died_on_day,
  CASE WHEN i % 500 = 0 THEN ';vip;' WHEN i % 37 = 0 THEN ';psychiatric;' ELSE '' END AS sensitivity,
  i % 5000 = 1 AS honey, 'P' || lpad(CAST(i AS VARCHAR), 8, '0') AS src
FROM range(1, {patients} + 1) t(i);
CREATE OR REPLACE TABLE encounters AS
SELECT 'E' || CAST(i AS VARCHAR) AS encounter_id,
  'P' || lpad(CAST(2 + CAST(floor(({patients} - 2) * 0.7 * pow(r(i, 'e1'), 1.4)) AS BIGINT) AS VARCHAR), 8,
    '0') AS patient_id,
  CASE WHEN r(i, 'e2') < 0.6 THEN 'outpatient' WHEN r(i, 'e2') < 0.9 THEN 'inpatient' ELSE 'emergency' END AS kind,
  'D' || lpad(CAST(1 + CAST(floor(40 * pow(r(i, 'e3'), 1.3)) AS INTEGER) AS VARCHAR), 2, '0') AS department,
  {t0} + CAST(floor((r(i, 'e4') * ({days} + 5) - 5) * {DAY}) AS BIGINT) AS start_us,
  {t0} + CAST(floor((r(i, 'e4') * ({days} + 5) - 5) * {DAY}) AS BIGINT)
    + CASE WHEN r(i, 'e2') < 0.6 OR r(i, 'e2') >= 0.9 THEN 7200000000 ELSE CAST(floor((1 + 9 * r(i,
      'e5')) * {DAY}) AS BIGINT) END AS end_us,
  'S' || lpad(CAST(1 + CAST(floor({staff} * r(i, 'e6')) AS BIGINT) AS VARCHAR), 6, '0') AS attending_id,
    NULL::BIGINT AS recorded_at_us,
  'E' || CAST(i AS VARCHAR) AS src, i AS i
FROM range(1, {encounters} + 1) t(i);
CREATE OR REPLACE TABLE appointments AS
SELECT 'A' || CAST(e.i AS VARCHAR) AS appointment_id, e.patient_id AS patient_id, e.department AS department,
  NULL::VARCHAR AS staff_id,
  e.start_us AS time_us, 'A' || CAST(e.i AS VARCHAR) AS src
FROM encounters e WHERE e.kind = 'outpatient';
CREATE OR REPLACE TABLE orders AS
SELECT 'O' || CAST(e.i * 8 + k AS VARCHAR) AS order_id, e.patient_id AS patient_id, e.encounter_id AS encounter_id,
  CASE WHEN r(e.i * 8 + k, 'o1') < 0.4 THEN 'laboratory' WHEN r(e.i * 8 + k, 'o1') < 0.6 THEN 'imaging'
    WHEN r(e.i * 8 + k, 'o1') < 0.9 THEN 'medication' ELSE 'consult' END AS kind,
  e.attending_id AS ordered_by,
  CASE WHEN r(e.i * 8 + k, 'o1') < 0.9 THEN 'D' || CAST(41 + CAST(floor(6 * r(e.i * 8 + k,
    'o1')) AS INTEGER) AS VARCHAR)
    ELSE 'D' || lpad(CAST(1 + (e.i % 40 + CAST(floor(pow(r(e.i * 8 + k, 'o2'),
      3) * 12) AS INTEGER)) % 40 AS VARCHAR), 2, '0') END AS performing_department,
  e.start_us + CAST(floor((e.end_us - e.start_us) * r(e.i * 8 + k, 'o3')) AS BIGINT) AS time_us,
    NULL::BIGINT AS recorded_at_us,
  'O' || CAST(e.i * 8 + k AS VARCHAR) AS src
FROM encounters e, range(0, 4) t(k);
CREATE OR REPLACE TABLE transfers AS
SELECT e.patient_id AS patient_id, e.department AS from_department,
  'D' || lpad(CAST(1 + CAST(floor(40 * r(e.i, 't1')) AS INTEGER) AS VARCHAR), 2, '0') AS to_department,
  e.start_us + CAST(floor((e.end_us - e.start_us) * r(e.i, 't2')) AS BIGINT) AS time_us,
    NULL::BIGINT AS recorded_at_us,
  'transfers.csv:' || CAST(e.i AS VARCHAR) AS src
FROM encounters e WHERE e.kind = 'inpatient' AND r(e.i, 't3') < 0.3;
CREATE OR REPLACE TABLE work_items AS
SELECT e.patient_id AS patient_id, 'D48' AS department, 'coding' AS kind, NULL::VARCHAR AS staff_id,
  e.end_us AS start_us,
  e.end_us + 3 * {DAY} AS end_us, NULL::BIGINT AS recorded_at_us, 'work_items.csv:' || CAST(e.i AS VARCHAR) AS src
FROM encounters e;
CREATE OR REPLACE TABLE shifts AS
SELECT s.staff_id AS staff_id,
  CASE WHEN r(s.i * 100 + d, 'h1') < 0.8 THEN s.department ELSE 'D' || lpad(CAST(1 + CAST(floor(40 * r(s.i * 100 + d,
    'h2')) AS INTEGER) AS VARCHAR), 2, '0') END AS department,
  {t0} + d * {DAY} + CASE WHEN r(s.i * 100 + d, 'h3') < 0.7 THEN 28800000000 ELSE 72000000000 END AS start_us,
  {t0} + d * {DAY} + CASE WHEN r(s.i * 100 + d, 'h3') < 0.7 THEN 64800000000 ELSE 115200000000 END AS end_us,
  'shifts.csv:' || CAST(s.i * 100 + d AS VARCHAR) AS src
FROM (SELECT x.staff_id, x.department, CAST(substr(x.staff_id, 2) AS BIGINT) AS i FROM staff x) s, range(0,
  {days}) t(d)
WHERE r(s.i * 100 + d, 'h4') < 0.7;
CREATE OR REPLACE TEMP TABLE bench_visit AS
WITH roster AS (
  SELECT s.department AS department, 'u' || CAST(CAST(substr(s.staff_id, 2) AS BIGINT) AS VARCHAR) AS account,
    row_number() OVER (PARTITION BY s.department ORDER BY s.staff_id) - 1 AS place,
      count(*) OVER (PARTITION BY s.department) AS size
  FROM staff s
),
size AS (SELECT department, max(size) AS size FROM roster GROUP BY department),
drawn AS (
  SELECT i, 1 + CAST(floor({encounters} * r(i, 'v1')) AS BIGINT) AS enc, r(i, 'v2') AS u, r(i, 'v3') AS w
    FROM range(0, {visits}) t(i)
),
placed AS (
  SELECT d.i AS i, e.patient_id AS patient_id, e.start_us AS start_us, e.end_us AS end_us, d.u AS u, d.w AS w,
    CASE WHEN d.u < 0.66 THEN e.department WHEN d.u < 0.86 THEN o.performing_department WHEN d.u < 0.92 THEN 'D48'
      WHEN d.u < 0.95 THEN 'D47' ELSE 'D' || lpad(CAST(1 + (e.i % 40 + CAST(floor(pow(r(d.i, 'v4'),
        3) * 12) AS INTEGER)) % 40 AS VARCHAR), 2, '0') END AS department,
    CASE WHEN d.u >= 0.66 AND d.u < 0.86 THEN o.time_us + CAST(floor(pow(r(d.i, 'v5'), 2) * 3 * {DAY}) AS BIGINT)
      WHEN d.u >= 0.86 AND d.u < 0.92 THEN e.end_us + CAST(floor(d.w * 3 * {DAY}) AS BIGINT)
      WHEN d.u < 0.66 AND d.w > 0.9 THEN e.end_us + CAST(floor((d.w - 0.9) * 30 * {DAY}) AS BIGINT)
      ELSE e.start_us + CAST(floor((e.end_us - e.start_us) * d.w) AS BIGINT) END AS time_us
  FROM drawn d JOIN encounters e ON e.i = d.enc JOIN orders o ON o.order_id = 'O'
    || CAST(d.enc * 8 + d.i % 4 AS VARCHAR)
)
SELECT pl.i AS i, CASE WHEN pl.u < 0.2 AND ro.department <= 'D40' THEN 'ward' || CAST(CAST(substr(ro.department,
  2) AS INTEGER) AS VARCHAR) ELSE ro.account END AS account,
  pl.patient_id AS patient_id, pl.time_us AS time_us, '' AS label
FROM placed pl JOIN size si ON si.department = pl.department
JOIN roster ro ON ro.department = pl.department AND ro.place = CAST(floor(si.size * pow(r(pl.i, 'v6'),
  1.5)) AS BIGINT)
WHERE pl.time_us >= {t0} AND pl.time_us < {t0} + {days} * {DAY};
INSERT INTO bench_visit
SELECT {visits} + k, x.account, x.patient_id, {t0} + CAST(floor(r(k, 'm1') * {days} * {DAY}) AS BIGINT), x.label
  FROM (
  SELECT row_number() OVER (ORDER BY s.staff_id, q.patient_id) AS k, 'u' || CAST(CAST(substr(s.staff_id,
    2) AS BIGINT) AS VARCHAR) AS account, q.patient_id, 'household' AS label
  FROM staff s JOIN patients q ON q.address = s.address WHERE r(CAST(substr(s.staff_id, 2) AS BIGINT), 'm2') < 0.03
  UNION ALL
  SELECT 1000000 + k, 'u' || CAST(1 + CAST(floor({staff} * r(k, 'm3')) AS BIGINT) AS VARCHAR), 'P'
    || lpad(CAST(500 * (1 + CAST(floor(r(k, 'm4') * {patients} / 500 ) AS BIGINT)) AS VARCHAR), 8, '0'), 'vip'
    FROM range(0, 20) t(k)
  UNION ALL
  SELECT 2000000 + k, 'u' || CAST(1 + CAST(floor({staff} * r(k, 'm5')) AS BIGINT) AS VARCHAR), e.patient_id,
    'curiosity' FROM range(0, 30) t(k) JOIN encounters e ON e.i = 1 + CAST(floor({encounters} * r(k, 'm6')) AS BIGINT)
  UNION ALL
  SELECT 3000000 + k, 'u' || CAST(1 + CAST(floor({staff} * r(k, 'm7')) AS BIGINT) AS VARCHAR), s.patient_id,
    'coworker' FROM range(0, 20) t(k)
    JOIN (SELECT patient_id, row_number() OVER (ORDER BY staff_id) AS n, count(*) OVER () AS whole
      FROM staff WHERE patient_id IS NOT NULL) s ON s.n = 1 + CAST(floor(s.whole * r(k, 'm8')) AS BIGINT)
  UNION ALL
  SELECT 4000000 + CAST(substr(s.staff_id, 2) AS BIGINT), 'u' || CAST(CAST(substr(s.staff_id,
    2) AS BIGINT) AS VARCHAR), s.patient_id, 'self' FROM staff s WHERE s.patient_id IS NOT NULL
    AND r(CAST(substr(s.staff_id, 2) AS BIGINT), 'm9') < 0.05
) x;
INSERT INTO bench_visit
SELECT {visits} + 9000000 + b * 1000 + k, 'u' || CAST(b * 37 + 5 AS VARCHAR), 'P'
  || lpad(CAST(1 + CAST(floor(r(b * 1000 + k, 'm10') * {patients}) AS BIGINT) AS VARCHAR), 8, '0'),
  {t0} + (b * 5 + 3) * {DAY} + 50000000000 + k * 2500000, 'batch' FROM range(0, 5) t(b), range(0, 200) u(k);
INSERT INTO bench_visit
SELECT {visits} + 9900000 + d * 10 + k + b * 1000, 'u' || CAST(b * 41 + 11 AS VARCHAR), 'P'
  || lpad(CAST(1 + CAST(floor(r(d * 10 + k + b * 1000, 'm11') * {patients}) AS BIGINT) AS VARCHAR), 8, '0'),
  {t0} + d * {DAY} + CAST(floor((0.3 + 0.4 * r(d * 10 + k + b * 1000, 'm12')) * {DAY}) AS BIGINT), 'slow'
    FROM range(0, 3) t(b), range(5, 25) u(d), range(0, 6) v(k);
INSERT INTO bench_visit
SELECT {visits} + 8000000 + d * 1000 + s * 100 + k, 'svc' || CAST(s AS VARCHAR), 'P'
  || lpad(CAST(1 + CAST(floor(r(d * 1000 + s * 100 + k, 'm13') * {patients}) AS BIGINT) AS VARCHAR), 8, '0'),
  {t0} + d * {DAY} + 7200000000 * s + k * 1000000, '' FROM range(1, 6) t(s), range(0, {days}) u(d), range(0, 50) v(k);
CREATE OR REPLACE TABLE events AS
SELECT row_number() OVER (ORDER BY x.time_us, x.i, x.k) AS eid, 'ev' || CAST(x.i * 16 + x.k AS VARCHAR) AS event_id,
  'ev' || CAST(x.i * 16 + x.k AS VARCHAR) AS name,
  CASE WHEN x.i % 3 = 0 THEN 'pacs' ELSE 'emr' END AS system, x.time_us AS time_us, x.time_us + {OFFSET} AS local_us,
  CAST(floor((x.time_us + {OFFSET}) / {DAY}.0) AS INTEGER) AS day, x.account AS account, x.patient_id AS patient_id,
  CASE WHEN x.k = 3 AND x.label = '' THEN 'update' ELSE 'read' END AS action, 'Encounter' AS resource,
    1::BIGINT AS count, NULL::VARCHAR AS purpose, FALSE AS breakglass,
  'success' AS outcome, 'ws' || CAST(hash(x.account) % 2000 AS VARCHAR) AS workstation, NULL::VARCHAR AS ip,
    'main' AS site, NULL::VARCHAR AS session_id, NULL::VARCHAR AS query,
  NULL::BIGINT AS duration_ms, '2026' AS log, 0::BIGINT AS n, 'access' AS kind, 'offset' AS time_quality,
    'hospital' AS format, 'events.csv' AS source, '' AS position, x.label AS label
FROM (
  SELECT v.i AS i, k AS k, v.account AS account, v.patient_id AS patient_id,
    v.time_us + k * 40000000 * (1 + v.i % 5) AS time_us, v.label AS label
  FROM bench_visit v, range(0, 9) t(k) WHERE k < 1 + CASE WHEN v.label = 'batch' THEN 0 ELSE floor(9 * pow(r(v.i,
    'x1'), 1.1)) END
) x;
