-- Tasks that may still write, the newest first. Parameters: agent (NULL: all), limit. Columns: as in TaskBudget.
SELECT b.agent, b.task_id, b.state, b.rows_used, b.rows_used + b.rows_left AS max_rows, b.bytes_used,
       b.bytes_used + b.bytes_left AS max_bytes, b.opened_at, b.deadline,
       EXISTS (SELECT FROM pgmoat.task AS k
                WHERE k.agent = b.agent AND k.task_id = b.task_id AND k.frozen_at IS NOT NULL
                  AND k.closed_at IS NULL) AS is_frozen_itself
  FROM pgmoat.task_budgets AS b
 WHERE b.state IN ('open', 'frozen') AND b.deadline > pg_catalog.clock_timestamp()
   AND (%(agent)s::pg_catalog.text IS NULL OR b.agent = %(agent)s)
 ORDER BY b.opened_at DESC, b.agent, b.task_id
 LIMIT %(limit)s;
