-- Cancels what a session runs, or ends the session, if it still is what was judged, and records it.
-- One statement: behind a pooler a pid is another client's the next moment. A statement is known by query_start, for a
-- DO block that commits in a loop changes xact_start all the time; a transaction by xact_start; one that is idle in it also
-- by state_change; a session above its role's limit by as many older ones as may be. Who lost the lease since it looked does nothing. OFFSET 0 and the CASE keep the planner from
-- signalling before it has found out whose session it is.
-- Parameters: pid, backend_start, guard (statement, transaction, idle, session), query_start, xact_start, state_change, role,
-- terminates, most (sessions), holder, and those of record_incident. Columns: incident.
WITH ended AS MATERIALIZED (
    SELECT f.pid
      FROM (SELECT s.pid
              FROM pg_catalog.pg_stat_activity AS s
             WHERE s.pid = %(pid)s
               AND s.backend_start = %(backend_start)s
               AND s.usename = %(role)s
               AND (s.state <> 'idle' OR %(guard)s = 'session')
               AND CASE %(guard)s
                   WHEN 'session' THEN (SELECT pg_catalog.count(*)
                                          FROM pg_catalog.pg_stat_activity AS o
                                         WHERE o.usesysid = s.usesysid AND o.backend_type = 'client backend'
                                           AND (o.backend_start, o.pid) < (s.backend_start, s.pid)) >= %(most)s
                   WHEN 'statement' THEN s.state NOT LIKE 'idle%%' AND s.query_start = %(query_start)s
                   WHEN 'idle' THEN s.state LIKE 'idle%%' AND s.xact_start = %(xact_start)s AND s.state_change = %(state_change)s
                   ELSE s.xact_start = %(xact_start)s END
               AND pgmoat.leads(%(holder)s)
            OFFSET 0) AS f
     WHERE CASE WHEN %(terminates)s THEN pg_catalog.pg_terminate_backend(f.pid) ELSE pg_catalog.pg_cancel_backend(f.pid) END
)
SELECT pgmoat.record_incident(%(agent)s, %(task_id)s, %(step)s, %(kind)s, %(action)s, %(subject)s, %(detail)s::pg_catalog.jsonb)
       AS incident
  FROM ended;
