-- Sessions of an agent of which the caller sees only that they are there.
-- Parameters: agent. Columns: count.
SELECT pg_catalog.count(*)
  FROM pg_catalog.pg_stat_activity AS s
  JOIN pgmoat.agent AS a ON a.role = s.usename
 WHERE a.name = %(agent)s
   AND s.datname = pg_catalog.current_database()
   AND s.backend_start IS NULL;
