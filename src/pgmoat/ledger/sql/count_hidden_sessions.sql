-- Sessions of an agent that the caller could not end: it sees only that they are there, or may not signal them.
-- Parameters: agent. Columns: count.
SELECT pg_catalog.count(*)
  FROM pg_catalog.pg_stat_activity AS s
  JOIN pgmoat.agent AS a ON a.role = s.usename
 WHERE a.name = %(agent)s
   AND s.datname = pg_catalog.current_database()
   AND (s.backend_start IS NULL
        OR (s.xact_start < a.frozen_at
            AND NOT pg_catalog.pg_has_role(s.usesysid, 'USAGE')
            AND NOT pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')));
