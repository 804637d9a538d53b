-- Tasks that are frozen and not over yet, the newest first. Parameters: limit. Columns: as in FrozenTask.
SELECT k.agent, k.task_id, k.frozen_at, k.frozen_by::pg_catalog.text AS frozen_by, k.frozen_reason
  FROM pgmoat.task AS k
 WHERE k.frozen_at IS NOT NULL AND k.closed_at IS NULL AND k.deadline > pg_catalog.clock_timestamp()
 ORDER BY k.frozen_at DESC, k.id DESC
 LIMIT %(limit)s;
