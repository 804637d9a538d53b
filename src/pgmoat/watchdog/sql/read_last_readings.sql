-- What pg_stat_statements said last. Columns: as in Reading.
SELECT r.agent, r.at, r.since, r.calls, r.rows, r.execution_seconds, r.planning_seconds
  FROM pgmoat.reading AS r
 ORDER BY r.agent;
