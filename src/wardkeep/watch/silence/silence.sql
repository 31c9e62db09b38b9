-- name: hour_load
-- description: How many events each system handed over in each hour of a local day.
SELECT e.system AS system, e.day AS day, CAST(floor((e.local_us - e.day * 86400000000) / 3600000000.0) AS INTEGER) AS hour,
  CAST(count(*) AS BIGINT) AS events, min(e.time_us) AS first_us, max(e.time_us) AS last_us
FROM all_events AS e
WHERE e.system <> 'wardkeep' AND e.local_us < :before_us
GROUP BY e.system, e.day, floor((e.local_us - e.day * 86400000000) / 3600000000.0)

-- name: system_span
-- description: From which hour to which each system is expected to hand over: from its first event to the last whole hour of
--   all. Hours are counted from 1970-01-01 in the hospital's zone.
SELECT h.system AS system, min(h.day * 24 + h.hour) AS first_hour, max(h.day * 24 + h.hour) AS last_hour,
  max(h.last_us) AS last_us
FROM hour_load AS h
GROUP BY h.system

-- name: hour_due
-- description: Every whole hour in which a system was expected, with what came, on every day of the calendar; weekends and
--   working days apart.
SELECT s.system AS system, d.day AS day, c.hour AS hour, d.day * 24 + c.hour AS at_hour,
  CASE WHEN (d.day + 3) % 7 >= 5 THEN 1 ELSE 0 END AS weekend, coalesce(h.events, 0) AS events
FROM system_span AS s
JOIN calendar AS d ON 1 = 1
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

-- name: day_level
-- description: Whole days without a silence, and how what came lies to the usual, as a logarithm.
SELECT w.system AS system, w.day AS day, w.events AS events, CAST(round(w.usual) AS BIGINT) AS usual,
  ln(greatest(w.events, 0.5) / w.usual) AS level
FROM (
  SELECT d.system AS system, d.day AS day, sum(d.events) AS events, sum(u.usual) AS usual
  FROM hour_due AS d
  JOIN hour_usual AS u ON u.system = d.system AND u.weekend = d.weekend AND u.hour = d.hour
  WHERE u.days >= :known_days
  GROUP BY d.system, d.day
  HAVING count(*) = 24 AND sum(u.usual) >= :day_events
) AS w
LEFT JOIN (SELECT DISTINCT t.system AS system, c.day AS day FROM silence_rhythm AS t
  JOIN calendar AS c ON c.day * 24 < t.to_hour AND c.day * 24 + 24 > t.from_hour) AS q ON q.system = w.system AND q.day = w.day
WHERE q.system IS NULL

-- name: level_usual
-- description: Where a system's days lie, and how far from there they usually are.
SELECT l.system AS system, m.centre AS centre, median(abs(l.level - m.centre)) AS spread
FROM day_level AS l
JOIN (SELECT k.system AS system, median(k.level) AS centre FROM day_level AS k GROUP BY k.system) AS m ON m.system = l.system
GROUP BY l.system, m.centre

-- name: level_of_all
-- description: How a day was for all systems together; nothing is known of it where there are fewer than three.
SELECT l.day AS day, CASE WHEN count(*) >= 3 THEN median(l.level - u.centre) ELSE 0.0 END AS shift
FROM day_level AS l
JOIN level_usual AS u ON u.system = l.system
GROUP BY l.day

-- name: level_judged
-- description: Days in their order, and whether much less (-1) or much more (1) came than usual; a day on which most systems
--   did the same, as on a holiday, is as usual.
SELECT l.system AS system, l.day AS day, l.events AS events, l.usual AS usual,
  CASE
    WHEN abs(l.level - u.centre) <= :spreads * u.spread THEN 0
    WHEN l.level - u.centre <= ln(:fall) AND l.level - u.centre - a.shift <= ln(:fall) THEN -1
    WHEN l.level - u.centre >= ln(:rise) AND l.level - u.centre - a.shift >= ln(:rise) THEN 1
    ELSE 0
  END AS changed,
  row_number() OVER (PARTITION BY l.system ORDER BY l.day) AS place
FROM day_level AS l
JOIN level_usual AS u ON u.system = l.system
JOIN level_of_all AS a ON a.day = l.day

-- name: silence_level
-- description: Days that follow one another on which much less, or much more, came.
SELECT m.system AS system, min(m.day) AS from_day, max(m.day) + 1 AS to_day, CAST(sum(m.usual) AS BIGINT) AS expected,
  CAST(sum(m.events) AS BIGINT) AS got
FROM (
  SELECT j.system AS system, j.day AS day, j.usual AS usual, j.events AS events, j.changed AS changed,
    j.place - row_number() OVER (PARTITION BY j.system, j.changed ORDER BY j.day) AS island
  FROM level_judged AS j
  WHERE j.changed <> 0
) AS m
GROUP BY m.system, m.changed, m.island
HAVING count(*) >= :level_days

-- name: numbered
-- description: Events whose number ends in digits: the text before them names the series.
SELECT e.system AS system, regexp_extract(e.event_id, '^(.*?)([0-9]{1,18})$', 1) AS series,
  CAST(regexp_extract(e.event_id, '^(.*?)([0-9]{1,18})$', 2) AS BIGINT) AS number,
  length(regexp_extract(e.event_id, '^(.*?)([0-9]{1,18})$', 2)) AS width, e.local_us AS local_us
FROM all_events AS e
WHERE e.system <> 'wardkeep' AND e.local_us < :before_us AND regexp_matches(e.event_id, '^(.*?)([0-9]{1,18})$')

-- name: stepped
-- description: Each number of a series once, and how many are missing before it.
SELECT x.system AS system, x.series AS series, x.width AS width, x.number AS number, x.local_us AS local_us,
  x.before_number AS before_number, x.before_us AS before_us, coalesce(x.number - x.before_number - 1, 0) AS missing
FROM (
  SELECT n.system AS system, n.series AS series, n.width AS width, n.number AS number, n.local_us AS local_us,
    lag(n.number) OVER (PARTITION BY n.system, n.series ORDER BY n.number) AS before_number,
    lag(n.local_us) OVER (PARTITION BY n.system, n.series ORDER BY n.number) AS before_us
  FROM (
    SELECT a.system AS system, a.series AS series, a.number AS number, min(a.width) AS width, min(a.local_us) AS local_us
    FROM numbered AS a
    GROUP BY a.system, a.series, a.number
  ) AS n
) AS x

-- name: hole
-- description: What is missing in one piece, the largest first. More than a share of the whole series is a new beginning of its
--   counting, and no hole.
SELECT s.system AS system, s.series AS series, s.number AS number, s.missing AS missing,
  row_number() OVER (PARTITION BY s.system, s.series ORDER BY s.missing DESC, s.number) AS place
FROM stepped AS s
JOIN (SELECT t.system AS system, t.series AS series, count(*) AS numbers FROM stepped AS t GROUP BY t.system, t.series) AS c
  ON c.system = s.system AND c.series = s.series
WHERE s.missing > 0 AND s.missing <= :hole_share * c.numbers

-- name: dense
-- description: Series that are numbered without gaps, but for few: nearly every number is followed by the next, and beside the
--   largest holes nearly nothing is missing. However much was taken out in a few pieces, it stays dense.
SELECT s.system AS system, s.series AS series, count(*) AS numbers, min(s.width) AS width
FROM stepped AS s
LEFT JOIN (SELECT h.system AS system, h.series AS series, sum(h.missing) AS missing FROM hole AS h WHERE h.place > :holes
  GROUP BY h.system, h.series) AS r ON r.system = s.system AND r.series = s.series
GROUP BY s.system, s.series, r.missing
HAVING count(*) >= :series_events AND sum(CASE WHEN s.missing = 0 THEN 1 ELSE 0 END) >= :series_share * count(*)
  AND coalesce(r.missing, 0) <= (1 - :series_share) * count(*)

-- name: silence_sequence
-- description: Numbers that such a series skips.
SELECT s.system AS system, s.series AS series, d.width AS width, s.before_number + 1 AS from_number, s.number - 1 AS to_number,
  s.before_us AS from_us, s.local_us AS to_us, s.missing AS skipped
FROM hole AS h
JOIN dense AS d ON d.system = h.system AND d.series = h.series
JOIN stepped AS s ON s.system = h.system AND s.series = h.series AND s.number = h.number
