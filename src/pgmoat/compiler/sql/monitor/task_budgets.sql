-- What each task has used of its limits.
CREATE VIEW pgmoat.task_budgets AS
SELECT k.agent, k.task_id,
       CASE WHEN k.closed_at IS NOT NULL THEN 'closed'
            WHEN a.retired_at IS NOT NULL THEN 'retired'
            WHEN k.frozen_at IS NOT NULL OR a.frozen_at IS NOT NULL THEN 'frozen'
            WHEN k.deadline <= clock_timestamp() THEN 'past deadline'
            ELSE 'open' END AS state,
       COALESCE(l.rows_used, 0) AS rows_used,
       GREATEST(LEAST(a.writes_per_task, k.max_writes) - COALESCE(l.rows_used, 0), 0) AS rows_left,
       COALESCE(l.bytes_used, 0) AS bytes_used,
       GREATEST(a.bytes_per_task - COALESCE(l.bytes_used, 0), 0) AS bytes_left,
       k.opened_at, k.deadline
  FROM pgmoat.task AS k
  JOIN pgmoat.agent AS a ON a.name = k.agent
  LEFT JOIN LATERAL (SELECT x.rows_used, x.bytes_used FROM pgmoat.ledger AS x
                      WHERE x.task = k.id ORDER BY x.seq DESC LIMIT 1) AS l ON true;
