-- The server's clock and the watchdog's heartbeat. Columns: now, beat_at (NULL: never), is_good.
SELECT pg_catalog.clock_timestamp() AS now, NULLIF(h.at, '-infinity') AS beat_at,
       h.good_until > pg_catalog.clock_timestamp() AS is_good
  FROM pgmoat.heartbeat AS h
 WHERE h.name = 'watch';
