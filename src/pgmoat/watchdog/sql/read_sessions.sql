-- Sessions of agents' roles, in every database of the server. Parameters: most (characters of a query).
-- Columns: as in Session; state NULL: not visible to the reader.
SELECT s.pid, s.backend_start, s.xact_start, s.query_start, s.state, s.state_change,
       COALESCE(s.wait_event_type, '') AS wait_class, COALESCE(s.wait_event, '') AS wait_event,
       COALESCE(s.application_name, '') AS application_name, COALESCE(pg_catalog.left(s.query, %(most)s), '') AS query,
       COALESCE(s.datname::pg_catalog.text, '') AS database, a.name AS agent
  FROM pg_catalog.pg_stat_activity AS s
  JOIN pgmoat.agent AS a ON a.role = s.usename
 WHERE s.backend_type = 'client backend' OR s.backend_type IS NULL
 ORDER BY s.pid;
