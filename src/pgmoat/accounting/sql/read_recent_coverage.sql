-- For which part of the last five whole minutes somebody looked, and how many sessions were hidden from it at most.
-- Parameters: none. Columns: ratio, hidden.
SELECT LEAST(COALESCE(pg_catalog.sum(s.seconds), 0) / 300, 1) AS ratio,
       COALESCE(pg_catalog.max(s.hidden), 0) AS hidden
  FROM pgmoat.sampling AS s
 WHERE s.minute >= pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp(), 'UTC') - interval '5 minutes'
   AND s.minute < pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp(), 'UTC');
