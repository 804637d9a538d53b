-- Incidents that a webhook has not been told of, in order, and how often the first was tried; none while another watchdog
-- leads. What is younger than a second may still be followed by a lower number.
-- Parameters: holder, webhook, most. Columns: attempts, those of pgmoat.incident.
SELECT w.attempts, i.id, i.at, i.agent, i.task_id, i.step, i.kind, i.action, i.subject, i.detail,
       i.recorded_by::pg_catalog.text AS recorded_by
  FROM pgmoat.webhook AS w
  JOIN pgmoat.incident AS i ON i.id > w.last_incident
 WHERE w.name = %(webhook)s
   AND i.at < pg_catalog.clock_timestamp() - interval '1 second'
   AND pgmoat.leads(%(holder)s)
 ORDER BY i.id
 LIMIT %(most)s;
