-- What samples say: seconds and samples by agent and wait class.
-- Parameters: since, until, counted_from, counted_to (NULL: pg_stat_statements was not read).
-- Columns: agent, wait_class, seconds, samples, outside_seconds (of minutes that were not counted), edge_seconds (of the newest
-- counted minute and later).
SELECT u.agent, u.wait_class, pg_catalog.sum(u.seconds) AS seconds, pg_catalog.sum(u.samples)::pg_catalog.int8 AS samples,
       COALESCE(pg_catalog.sum(u.seconds) FILTER (WHERE u.minute < %(counted_from)s::pg_catalog.timestamptz
                                                     OR u.minute > %(counted_to)s::pg_catalog.timestamptz), 0) AS outside_seconds,
       COALESCE(pg_catalog.sum(u.seconds) FILTER (WHERE u.minute >= %(counted_to)s::pg_catalog.timestamptz), 0) AS edge_seconds
  FROM pgmoat.usage AS u
 WHERE u.minute >= %(since)s AND u.minute < %(until)s
 GROUP BY u.agent, u.wait_class
 ORDER BY u.agent, u.wait_class;
