-- Tasks with what they have used. What stops a task may stand in one above it.
-- Parameters: agent, task_id (NULL: any), only_open. Columns: as in pgmoat.ledger.tasks.TaskStatus.
SELECT k.agent,
       k.task_id,
       k.origin,
       p.agent || '/' || p.task_id AS parent,
       COALESCE(s.state, 'open') AS state,
       s.stopped_by,
       s.reason AS frozen_reason,
       k.scope,
       k.opened_at,
       k.deadline,
       COALESCE(l.rows_used, 0) AS rows_used,
       LEAST(a.writes_per_task, k.max_writes) AS max_rows,
       c.rows_left
  FROM pgmoat.task AS k
  JOIN pgmoat.agent AS a ON a.name = k.agent
  LEFT JOIN pgmoat.task AS p ON p.id = k.parent
  LEFT JOIN LATERAL (
       SELECT l.rows_used FROM pgmoat.ledger AS l WHERE l.task = k.id ORDER BY l.seq DESC LIMIT 1) AS l ON true
 CROSS JOIN LATERAL (
       SELECT min(LEAST(xa.writes_per_task, x.max_writes) - COALESCE(xl.rows_used, 0)) AS rows_left
         FROM pgmoat.task AS x
         JOIN pgmoat.agent AS xa ON xa.name = x.agent
         LEFT JOIN LATERAL (
              SELECT l.rows_used FROM pgmoat.ledger AS l WHERE l.task = x.id ORDER BY l.seq DESC LIMIT 1) AS xl ON true
        WHERE x.id = ANY (k.ancestors || k.id)) AS c
  LEFT JOIN LATERAL (
       SELECT t.state, t.reason, CASE WHEN t.id <> k.id THEN t.agent || '/' || t.task_id END AS stopped_by
         FROM (SELECT x.id, x.agent, x.task_id, COALESCE(xa.frozen_reason, x.frozen_reason) AS reason,
                      CASE WHEN xa.frozen_at IS NOT NULL THEN 'agent frozen'
                           WHEN x.closed_at IS NOT NULL THEN 'closed'
                           WHEN x.frozen_at IS NOT NULL THEN 'frozen'
                           WHEN x.deadline <= pg_catalog.clock_timestamp() THEN 'expired' END AS state
                 FROM pgmoat.task AS x JOIN pgmoat.agent AS xa ON xa.name = x.agent
                WHERE x.id = ANY (k.ancestors || k.id)) AS t
        WHERE t.state IS NOT NULL
        ORDER BY t.id = k.id DESC, t.id
        LIMIT 1) AS s ON true
 WHERE (%(agent)s::text IS NULL OR k.agent = %(agent)s)
   AND (%(task_id)s::text IS NULL OR k.task_id = %(task_id)s)
   AND (NOT %(only_open)s OR COALESCE(s.state, 'open') NOT IN ('closed', 'expired')
        AND k.closed_at IS NULL AND k.deadline > pg_catalog.clock_timestamp())
 ORDER BY k.opened_at DESC, k.agent, k.task_id
 LIMIT %(limit)s;
