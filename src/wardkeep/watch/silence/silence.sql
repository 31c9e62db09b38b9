-- name: hour_load
-- description: How many events each system handed over in each hour of a local day.
SELECT e.system AS system, e.day AS day, CAST(floor((e.local_us - e.day * 86400000000) / 3600000000.0) AS INTEGER) AS hour,
  CAST(count(*) AS BIGINT) AS events, min(e.time_us) AS first_us, max(e.time_us) AS last_us
FROM all_events AS e
WHERE e.system <> 'wardkeep'
GROUP BY e.system, e.day, floor((e.local_us - e.day * 86400000000) / 3600000000.0)

-- name: system_span
-- description: From which hour to which each system is expected to hand over: from its first event to the last whole hour of
--   all. Hours are counted from 1970-01-01 in the hospital's zone.
SELECT h.system AS system, min(h.day * 24 + h.hour) AS first_hour, max(h.day * 24 + h.hour) AS last_hour,
  max(h.last_us) AS last_us
FROM hour_load AS h
GROUP BY h.system

-- name: hour_due
-- description: Every whole hour in which a system was expected, with what came; weekends and working days apart.
SELECT s.system AS system, d.day AS day, c.hour AS hour, d.day * 24 + c.hour AS at_hour,
  CASE WHEN (d.day + 3) % 7 >= 5 THEN 1 ELSE 0 END AS weekend, coalesce(h.events, 0) AS events
FROM system_span AS s
JOIN (SELECT DISTINCT l.day AS day FROM hour_load AS l) AS d ON 1 = 1
JOIN hour_of_day AS c ON 1 = 1
LEFT JOIN hour_load AS h ON h.system = s.system AND h.day = d.day AND h.hour = c.hour
WHERE d.day * 24 + c.hour >= s.first_hour
  AND d.day * 24 + c.hour < (SELECT max(a.last_hour) AS last_hour FROM system_span AS a)

-- name: hour_usual
-- description: What a system usually hands over in an hour of the day: the median over the days of the same kind.
SELECT d.system AS system, d.weekend AS weekend, d.hour AS hour, median(d.events) AS usual, count(*) AS days
FROM hour_due AS d
GROUP BY d.system, d.weekend, d.hour

-- name: hour_judged
-- description: Hours in which enough usually comes to miss it, in their order, and whether nearly nothing came. Quiet hours are
--   left out: a silence goes on over a night in which little would have come.
SELECT d.system AS system, d.at_hour AS at_hour, CAST(round(u.usual) AS BIGINT) AS usual, d.events AS events,
  CASE WHEN d.events <= u.usual * :left_share THEN 1 ELSE 0 END AS missed,
  row_number() OVER (PARTITION BY d.system ORDER BY d.at_hour) AS place
FROM hour_due AS d
JOIN hour_usual AS u ON u.system = d.system AND u.weekend = d.weekend AND u.hour = d.hour
WHERE u.days >= :known_days AND u.usual >= :hour_events

-- name: silence_rhythm
-- description: Missed hours that follow one another, as one silence; `open` where it goes on to the last hour that was judged.
SELECT m.system AS system, min(m.at_hour) AS from_hour, max(m.at_hour) + 1 AS to_hour, CAST(sum(m.usual) AS BIGINT) AS expected,
  CAST(sum(m.events) AS BIGINT) AS got, CASE WHEN max(m.place) = max(t.places) THEN 1 ELSE 0 END AS open
FROM (
  SELECT h.system AS system, h.at_hour AS at_hour, h.usual AS usual, h.events AS events, h.place AS place,
    h.place - row_number() OVER (PARTITION BY h.system ORDER BY h.at_hour) AS island
  FROM hour_judged AS h
  WHERE h.missed = 1
) AS m
JOIN (SELECT j.system AS system, max(j.place) AS places FROM hour_judged AS j GROUP BY j.system) AS t ON t.system = m.system
GROUP BY m.system, m.island
HAVING count(*) >= :hours

-- name: numbered
-- description: Events whose number ends in digits: the text before them names the series.
SELECT e.system AS system, regexp_extract(e.event_id, '^(.*?)([0-9]{1,18})$', 1) AS series,
  CAST(regexp_extract(e.event_id, '^(.*?)([0-9]{1,18})$', 2) AS BIGINT) AS number,
  length(regexp_extract(e.event_id, '^(.*?)([0-9]{1,18})$', 2)) AS width, e.local_us AS local_us
FROM all_events AS e
WHERE e.system <> 'wardkeep' AND regexp_matches(e.event_id, '^(.*?)([0-9]{1,18})$')

-- name: dense
-- description: Series that are numbered without gaps, but for few.
SELECT n.system AS system, n.series AS series, min(n.number) AS first_number, max(n.number) AS last_number,
  count(DISTINCT n.number) AS numbers, min(n.width) AS width
FROM numbered AS n
GROUP BY n.system, n.series
HAVING count(DISTINCT n.number) >= :series_events
  AND count(DISTINCT n.number) >= :series_share * (max(n.number) - min(n.number) + 1)

-- name: silence_sequence
-- description: Numbers that such a series skips.
SELECT x.system AS system, x.series AS series, x.width AS width, x.before_number + 1 AS from_number, x.number - 1 AS to_number,
  x.before_us AS from_us, x.local_us AS to_us, x.number - x.before_number - 1 AS skipped
FROM (
  SELECT n.system AS system, n.series AS series, n.width AS width, n.number AS number, n.local_us AS local_us,
    lag(n.number) OVER (PARTITION BY n.system, n.series ORDER BY n.number) AS before_number,
    lag(n.local_us) OVER (PARTITION BY n.system, n.series ORDER BY n.number) AS before_us
  FROM (
    SELECT a.system AS system, a.series AS series, d.width AS width, a.number AS number, min(a.local_us) AS local_us
    FROM numbered AS a
    JOIN dense AS d ON d.system = a.system AND d.series = a.series
    GROUP BY a.system, a.series, d.width, a.number
  ) AS n
) AS x
WHERE x.number - x.before_number > 1
