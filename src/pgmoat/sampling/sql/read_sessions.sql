-- Sessions of clients in every database of the server: the agents', and of everybody else's those that are not idle, without
-- what they run. query and database are bytes: other databases have other encodings. Parameters: most (bytes of a query).
-- Columns: as in Session; agent NULL: somebody else; state NULL: not visible to the reader.
SELECT s.pid, s.backend_start, s.xact_start, s.query_start, s.state, s.state_change,
       COALESCE(s.wait_event_type, '') AS wait_class, COALESCE(s.wait_event, '') AS wait_event,
       COALESCE(s.application_name, '') AS application_name,
       CASE WHEN a.name IS NULL THEN '' ELSE COALESCE(pg_catalog.substr(pg_catalog.textsend(s.query), 1, %(most)s), '') END AS query,
       COALESCE(pg_catalog.textsend(s.datname::pg_catalog.text), '') AS database, a.name AS agent
  FROM pg_catalog.pg_stat_activity AS s
  LEFT JOIN pgmoat.agent AS a ON a.role = s.usename
 WHERE (s.backend_type = 'client backend' OR s.backend_type IS NULL AND s.usename IS NOT NULL)
   AND s.pid <> pg_catalog.pg_backend_pid()
   AND (a.name IS NOT NULL OR s.state IS DISTINCT FROM 'idle')
 ORDER BY s.pid;
