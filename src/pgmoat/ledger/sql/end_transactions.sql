-- Ends the transactions that an agent had open when it was frozen: an open cursor would read on.
-- One statement, so that a pid that has been reused by another session meanwhile is not hit. OFFSET 0 keeps the
-- planner from asking pg_terminate_backend() before it has found out whose session it is.
-- Those that the caller may not end are left alone, see count_hidden_sessions.sql.
-- Parameters: agent. Columns: pid of each session ended.
SELECT f.pid
  FROM (SELECT s.pid
          FROM pg_catalog.pg_stat_activity AS s
          JOIN pgmoat.agent AS a ON a.role = s.usename
         WHERE a.name = %(agent)s
           AND (pg_catalog.pg_has_role(s.usesysid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
           AND s.datname = pg_catalog.current_database()
           AND (s.xact_start < a.frozen_at OR s.state = 'idle in transaction (aborted)') -- of which nobody tells when it began
        OFFSET 0) AS f
 WHERE pg_catalog.pg_terminate_backend(f.pid)
 ORDER BY f.pid;
