-- Tasks with what they have used.
-- Parameters: agent, task_id (NULL: any), only_open. Columns: as in pgmoat.ledger.tasks.TaskStatus.
SELECT k.agent,
       k.task_id,
       CASE WHEN a.frozen_at IS NOT NULL THEN 'agent frozen'
            WHEN k.closed_at IS NOT NULL THEN 'closed'
            WHEN k.frozen_at IS NOT NULL THEN 'frozen'
            WHEN k.deadline <= pg_catalog.clock_timestamp() THEN 'expired'
            ELSE 'open' END AS state,
       COALESCE(a.frozen_reason, k.frozen_reason) AS frozen_reason,
       k.scope,
       k.opened_at,
       k.deadline,
       COALESCE(l.rows_used, 0) AS rows_used,
       LEAST(a.writes_per_task, k.max_writes) AS max_rows
  FROM pgmoat.task AS k
  JOIN pgmoat.agent AS a ON a.name = k.agent
  LEFT JOIN LATERAL (
       SELECT l.rows_used FROM pgmoat.ledger AS l WHERE l.task = k.id ORDER BY l.seq DESC LIMIT 1) AS l ON true
 WHERE (%(agent)s::text IS NULL OR k.agent = %(agent)s)
   AND (%(task_id)s::text IS NULL OR k.task_id = %(task_id)s)
   AND (NOT %(only_open)s OR (k.closed_at IS NULL AND k.deadline > pg_catalog.clock_timestamp()))
 ORDER BY k.opened_at DESC, k.agent, k.task_id
 LIMIT %(limit)s;
