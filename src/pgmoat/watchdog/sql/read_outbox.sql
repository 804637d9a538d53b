-- Incidents that a webhook has not been told of, in order, and how often the first was tried; none while another watchdog
-- leads. What is younger than a second may still be followed by a lower number. A detail above 64 kB, from before there was
-- a bound, comes as its main parts.
-- Parameters: holder, webhook, most. Columns: attempts, those of pgmoat.incident.
SELECT w.attempts, i.id, i.at, i.agent, i.task_id, i.step, i.kind, i.action, pg_catalog.left(i.subject, 1000) AS subject,
       CASE WHEN pg_catalog.octet_length(i.detail::pg_catalog.text) <= 65536 THEN i.detail
            ELSE pg_catalog.jsonb_build_object('truncated', true, 'limit', pg_catalog.left(i.detail ->> 'limit', 200),
                                               'found', pg_catalog.left(i.detail ->> 'found', 200),
                                               'setting', pg_catalog.left(i.detail ->> 'setting', 200),
                                               'why', pg_catalog.left(i.detail ->> 'why', 200),
                                               'query', pg_catalog.left(i.detail ->> 'query', 1000)) END AS detail,
       i.recorded_by::pg_catalog.text AS recorded_by
  FROM pgmoat.webhook AS w
  JOIN pgmoat.incident AS i ON i.id > w.last_incident
 WHERE w.name = %(webhook)s
   AND i.at < pg_catalog.clock_timestamp() - interval '1 second'
   AND pgmoat.leads(%(holder)s)
 ORDER BY i.id
 LIMIT %(most)s;
