-- What the watchdog did, newest first.
-- Parameters: agent (NULL: any), since (NULL: from the beginning), limit. Columns: as in IncidentEntry.
SELECT i.id, i.at, i.agent, i.task_id, i.step, i.kind, i.action, i.subject, i.detail,
       i.recorded_by::pg_catalog.text AS recorded_by
  FROM pgmoat.incident AS i
 WHERE (%(agent)s::pg_catalog.text IS NULL OR i.agent = %(agent)s)
   AND (%(since)s::pg_catalog.timestamptz IS NULL OR i.at >= %(since)s)
 ORDER BY i.at DESC, i.id DESC
 LIMIT %(limit)s;
