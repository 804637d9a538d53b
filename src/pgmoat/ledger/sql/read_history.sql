-- What agents wrote, newest first.
-- Parameters: agent, task_id, entity, operation (each NULL: any), since (NULL: from the beginning),
-- before_at and before_change (NULL: from the newest; else what follows that entry), limit.
-- Columns: as in pgmoat.ledger.history.HistoryEntry.
SELECT h.at, h.agent, h.task_id, h.step, h.entity, h.operation, h.key, h.before, h.after, h.reason, h.called, h.change_id
  FROM pgmoat.history AS h
 WHERE (%(agent)s::text IS NULL OR h.agent = %(agent)s)
   AND (%(task_id)s::text IS NULL OR h.task_id = %(task_id)s)
   AND (%(entity)s::text IS NULL OR h.entity = %(entity)s)
   AND (%(operation)s::text IS NULL OR h.operation = %(operation)s)
   AND (%(since)s::timestamptz IS NULL OR h.at >= %(since)s)
   AND (%(before_at)s::timestamptz IS NULL OR (h.at, h.change_id) < (%(before_at)s, %(before_change)s::bigint))
 ORDER BY h.at DESC, h.change_id DESC
 LIMIT %(limit)s;
