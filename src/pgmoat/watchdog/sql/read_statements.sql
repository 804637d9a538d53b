-- What pg_stat_statements says by agent. Columns: as in Reading; an error (55000) where it is not installed.
SELECT COALESCE(t.agent, '') AS agent, pg_catalog.clock_timestamp() AS at, t.since, t.calls, t.rows, t.execution_seconds,
       t.planning_seconds
  FROM pgmoat.read_database_time() AS t
 ORDER BY 1;
