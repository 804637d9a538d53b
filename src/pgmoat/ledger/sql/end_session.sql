-- Cancels what a session of an agent's runs, or ends the session, if it still is what a person was shown, and records it.
-- One statement: behind a pooler a pid is another client's the next moment. A statement is known by its start: query_start, but
-- for a fastpath call state_change, as it leaves the other alone. A session is ended by its transaction, too, whose statement may
-- be another one by now. An idle session is nobody's. OFFSET 0 and the CASE keep the planner from signalling before it has found
-- out whose session it is.
-- Parameters: pid, backend_start, query_start, xact_start (NULL: not known), terminates, task_id and step (claims), kind,
-- query and database (see read_session.sql), fingerprint, action, reason, by. Columns: incident.
WITH ended AS MATERIALIZED (
    SELECT f.*
      FROM (SELECT a.name AS agent, s.pid, s.backend_start, s.state,
                   CASE s.state WHEN 'fastpath function call' THEN s.state_change ELSE s.query_start END AS query_start,
                   s.wait_event_type, s.wait_event, s.application_name
              FROM pg_catalog.pg_stat_activity AS s
              JOIN pgmoat.agent AS a ON a.role = s.usename
             WHERE s.pid = %(pid)s
               AND s.backend_start = %(backend_start)s
               AND s.state <> 'idle'
               AND ((s.state NOT LIKE 'idle%%'
                     AND CASE s.state WHEN 'fastpath function call' THEN s.state_change ELSE s.query_start END
                         = %(query_start)s)
                    OR (%(terminates)s AND s.xact_start = %(xact_start)s)
                    OR (%(terminates)s AND s.state = 'idle in transaction (aborted)' AND s.query_start = %(query_start)s))
            OFFSET 0) AS f
     WHERE CASE WHEN %(terminates)s THEN pg_catalog.pg_terminate_backend(f.pid) ELSE pg_catalog.pg_cancel_backend(f.pid) END
)
SELECT pgmoat.record_incident(
           e.agent, %(task_id)s, %(step)s, %(kind)s, %(action)s,
           pg_catalog.format('by-hand:%%s:%%s:%%s', e.pid, extract(epoch FROM e.backend_start), extract(epoch FROM e.query_start)),
           pg_catalog.jsonb_build_object(
               'pid', e.pid, 'state', e.state, 'wait', pg_catalog.concat_ws(':', e.wait_event_type, e.wait_event),
               'database', %(database)s::pg_catalog.text, 'application_name', e.application_name, 'query', %(query)s::pg_catalog.text,
               'reason', %(reason)s::pg_catalog.text, 'by', COALESCE(%(by)s, session_user::pg_catalog.text))
           || CASE WHEN e.state LIKE 'idle%%' THEN '{}' ELSE pg_catalog.jsonb_build_object(
               'statement_ms', extract(epoch FROM pg_catalog.clock_timestamp() - e.query_start) * 1000,
               'fingerprint', %(fingerprint)s::pg_catalog.int8) END) AS incident
  FROM ended AS e;
