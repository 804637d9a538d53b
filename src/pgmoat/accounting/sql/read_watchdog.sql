-- Whether a watchdog leads, and when it last completed a round. Parameters: none.
-- Columns: is_leading, is_good (its heartbeat counts), age_seconds (NULL: it never beat).
SELECT COALESCE(l.leased_until > c.now, false) AS is_leading, COALESCE(h.good_until > c.now, false) AS is_good,
       CASE WHEN h.at > '-infinity' THEN extract(epoch FROM c.now - h.at)::pg_catalog.float8 END AS age_seconds
  FROM (SELECT pg_catalog.clock_timestamp() AS now) AS c
  LEFT JOIN pgmoat.lease AS l ON l.name = 'watch'
  LEFT JOIN pgmoat.heartbeat AS h ON h.name = 'watch';
