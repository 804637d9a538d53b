-- One agent's time by step, of one task, from samples: the most first.
-- Parameters: agent, task_id (NULL: of sessions that named none), since, until, limit.
-- Columns: task_id, step (NULL: none named), seconds and samples of database time,
-- idle_seconds (in transaction), waits (JSON: seconds by wait class), agent_seconds and agent_samples: all of the agent's.
WITH used AS MATERIALIZED (
    SELECT u.task_id, u.step, u.wait_class, pg_catalog.sum(u.seconds::pg_catalog.float8) AS seconds, pg_catalog.sum(u.samples) AS samples
      FROM pgmoat.usage_detail AS u
     WHERE u.agent = %(agent)s AND u.minute >= pg_catalog.date_trunc('minute', %(since)s::pg_catalog.timestamptz, 'UTC')
       AND u.minute < %(until)s
       AND u.task_id IS NOT DISTINCT FROM %(task_id)s::pg_catalog.text
     GROUP BY u.task_id, u.step, u.wait_class
), whole AS (
    SELECT COALESCE(pg_catalog.sum(a.seconds), 0) AS seconds,
           COALESCE(pg_catalog.sum(a.samples), 0)::pg_catalog.int8 AS samples
      FROM pgmoat.usage AS a
     WHERE a.agent = %(agent)s AND a.minute >= pg_catalog.date_trunc('minute', %(since)s::pg_catalog.timestamptz, 'UTC')
       AND a.minute < %(until)s AND a.wait_class <> 'Idle in transaction'
), totals AS (
    SELECT w.task_id, w.step,
           COALESCE(pg_catalog.sum(w.seconds) FILTER (WHERE w.wait_class <> 'Idle in transaction'), 0) AS seconds,
           COALESCE(pg_catalog.sum(w.samples) FILTER (WHERE w.wait_class <> 'Idle in transaction'), 0)::pg_catalog.int8 AS samples,
           COALESCE(pg_catalog.sum(w.seconds) FILTER (WHERE w.wait_class = 'Idle in transaction'), 0) AS idle_seconds,
           COALESCE(pg_catalog.jsonb_object_agg(w.wait_class, w.seconds) FILTER (WHERE w.wait_class <> 'Idle in transaction'), '{}')
               AS waits
      FROM used AS w
     GROUP BY w.task_id, w.step
     ORDER BY seconds DESC, idle_seconds DESC, w.task_id, w.step
     LIMIT %(limit)s
)
SELECT t.task_id, t.step, t.seconds, t.samples, t.idle_seconds, t.waits,
       a.seconds AS agent_seconds, a.samples AS agent_samples
  FROM totals AS t
 CROSS JOIN whole AS a
 ORDER BY t.seconds DESC, t.idle_seconds DESC, t.task_id, t.step;
