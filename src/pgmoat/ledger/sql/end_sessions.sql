-- Ends every session of an agent's role, in whatever state. OFFSET 0: see end_transactions.sql.
-- Those that the caller may not end are left alone, see count_hidden_sessions.sql.
-- Parameters: agent. Columns: pid of each session ended.
SELECT f.pid
  FROM (SELECT s.pid
          FROM pg_catalog.pg_stat_activity AS s
          JOIN pgmoat.agent AS a ON a.role = s.usename
         WHERE a.name = %(agent)s
           AND (pg_catalog.pg_has_role(s.usesysid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
        OFFSET 0) AS f
 WHERE pg_catalog.pg_terminate_backend(f.pid)
 ORDER BY f.pid;
