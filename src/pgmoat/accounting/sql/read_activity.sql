-- What is counted: by agent. Parameters: since, until. Columns: agent, connections (at most), statements, rows (NULL where
-- pg_stat_statements was not read), execution_seconds (planning included), rows_written.
SELECT a.agent, pg_catalog.max(a.connections) AS connections,
       pg_catalog.sum(a.statements)::pg_catalog.int8 AS statements, pg_catalog.sum(a.rows)::pg_catalog.int8 AS rows,
       COALESCE(pg_catalog.sum(a.execution_seconds + COALESCE(a.planning_seconds, 0)), 0) AS execution_seconds,
       pg_catalog.sum(a.rows_written)::pg_catalog.int8 AS rows_written
  FROM pgmoat.activity AS a
 WHERE a.minute >= %(since)s AND a.minute < %(until)s
 GROUP BY a.agent
 ORDER BY a.agent;
