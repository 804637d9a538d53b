-- The last statements that did not finish. Parameters: since, agent (NULL: all), limit. Columns: as in UnfinishedEntry.
SELECT f.at, f.agent, f.task_id, f.step, f.how, f.source, f.code, f.statements, f.seconds, x.text
  FROM (SELECT u.* FROM pgmoat.unfinished AS u
         WHERE u.at >= %(since)s AND (%(agent)s::pg_catalog.text IS NULL OR u.agent = %(agent)s)
         ORDER BY u.at DESC LIMIT %(limit)s) AS f
  LEFT JOIN LATERAL (
        SELECT s.text FROM pgmoat.statement_text AS s
         WHERE s.fingerprint = f.fingerprint AND s.day >= (%(since)s::pg_catalog.timestamptz AT TIME ZONE 'UTC')::pg_catalog.date
         ORDER BY s.day DESC LIMIT 1) AS x ON true
 ORDER BY f.at DESC, f.agent, f.how;
